"""The way from a formula to its code and back: docstrings name a page, and the page names what it derives."""

import importlib
import re

import pytest
from test_pages import PAGES

MODULES = ["tinynet", "tinynet.functional", "tinynet.initializers", "tinynet.schedules"]
NO_FORMULAS = {"steps", "zeros"}
PUBLIC = [
    (module, name, getattr(importlib.import_module(module), name))
    for module in MODULES
    for name in importlib.import_module(module).__all__
]
LINKS = [
    (f"{module}.{name}", page)
    for module, name, value in PUBLIC
    if callable(value)
    for page in re.findall(r":doc:`/(derivations/\w+)`", value.__doc__)
]


@pytest.mark.parametrize("module", MODULES[1:])
def test_each_formula_of_the_code_names_the_page_that_derives_it(module):
    names = {f"{module}.{name}" for owner, name, _ in PUBLIC if owner == module and name not in NO_FORMULAS}
    assert names - {name for name, _ in LINKS} == set()


@pytest.mark.parametrize(("name", "page"), LINKS)
def test_the_page_that_derives_a_formula_names_its_code(name, page):
    text = PAGES[f"{page}.md"].partition("## Check")[0]
    assert re.search(rf"{{py:(func|class)}}`{re.escape(name)}`", text)
