"""The pages of the documentation: their examples run, their equations are checked, what the code links to exists."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PATHS = [path for path in sorted(DOCS.rglob("*")) if path.suffix in (".md", ".rst")]
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in PATHS}
EXAMPLES = [name for name, text in PAGES.items() if ">>>" in text]
DERIVATIONS = [name for name in PAGES if name.startswith("derivations")]
MODULES = ["datasets", "functional", "initializers", "schedules", "viz"]
EXTRAS = {"howto/predict_at_scale.md": "distributed"}
NO_ENTRY = [*MODULES, "__version__"]
SOURCE = "".join(path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("*.py")))


def equations(text):
    return re.findall(r"^\$\$ \((.+)\)$", text, re.MULTILINE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_a_page_run(name, root, monkeypatch):
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    monkeypatch.chdir(root)  # where a reader starts, beside examples/
    text = re.sub("^```.*$", "", PAGES[name], flags=re.MULTILINE)  # doctest would take a fence for output
    report = []
    test = doctest.DocTestParser().get_doctest(text, {}, name, str(DOCS / name), 0)
    result = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert result.failed == 0, "".join(report)


@pytest.mark.parametrize("name", DERIVATIONS)
def test_each_numbered_equation_of_a_page_is_checked_there(name):
    checked = re.findall(r"^>>> # ([a-z-]+)\n>>> .*\n(?!>>>)", PAGES[name], re.MULTILINE)
    assert sorted(equations(PAGES[name])) == sorted(checked)


def test_there_are_numbered_equations_with_names_of_their_own():
    labels = [label for name in DERIVATIONS for label in equations(PAGES[name])]
    assert len(labels) > 40
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("target", sorted(set(re.findall(r":doc:`/([^`]+)`", SOURCE))))
def test_pages_that_docstrings_link_to_exist(target):
    assert f"{target}.md" in PAGES


@pytest.mark.parametrize("module", ["tinynet", *(f"tinynet.{name}" for name in MODULES)])
def test_each_public_name_has_an_entry(module):
    """Of the form `.. autofunction:: dense`, alone or behind its module's name."""
    entries = set()
    for name, text in PAGES.items():
        if name.startswith("api"):
            current = re.findall(r"currentmodule:: (\S+)", text)
            for entry in re.findall(r"auto(?:class|function|exception):: (\S+)", text):
                entries.add(entry if entry.startswith("tinynet") else f"{current[0]}.{entry}")
    public = {f"{module}.{name}" for name in importlib.import_module(module).__all__ if name not in NO_ENTRY}
    assert public - entries == set()
