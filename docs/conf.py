"""How Sphinx builds these pages: offline, without a warning, and without writing into this folder.

python -m sphinx -n -W --keep-going -b html docs OUT
"""

from __future__ import annotations

import re
from importlib.metadata import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.sphinxext.plot_directive import PlotDirective

import tinynet

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

project = "tinynet"
author = "the tinynet authors"
project_copyright = author
version = release = tinynet.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_copybutton",
    "matplotlib.sphinxext.plot_directive",
]
exclude_patterns = ["_build", "figures", "images"]

# Pages: Markdown with equations. Those of a numbered page are numbered (page.equation).
myst_enable_extensions = ["dollarmath", "amsmath"]
numfig = True
numfig_secnum_depth = 1

# MathJax as one file from a wheel: Sphinx's default comes from another host, and other bundles load fonts.
bundles = [file for file in files("sphinx-mathjax-offline") or [] if file.name == "tex-svg-full.js"]
if not bundles:
    raise FileNotFoundError("sphinx-mathjax-offline has no tex-svg-full.js: install the extra docs, with its version")
mathjax_path = bundles[0].name

# What the button on a block copies is the code behind the prompts, if there are prompts, else all of it.
copybutton_prompt_text = r">>> |\.\.\. ?"
copybutton_prompt_is_regexp = True
copybutton_selector = ":not(.highlight-text) > div.highlight pre"  # text is what programs print

# The API: what the docstrings say, which give types and shapes in words.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
autosummary_generate = False  # its tables link to entries on the same page: no stub files
numpydoc_show_class_members = False
default_role = "py:obj"

# The pictures of the API are drawn by the build, from the root of the project, where the examples are.
plot_working_directory = str(Path(__file__).resolve().parents[1])
plot_formats = [("png", 144)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = True
# matplotlib 3.9 hands on an alternative text of several lines without their indentation.
PlotDirective.option_spec["alt"] = lambda text: " ".join((text or "").split())

html_theme = "pydata_sphinx_theme"
html_title = f"tinynet {version}"
html_static_path = ["_static", str(bundles[0].locate())]
html_css_files = ["tinynet.css"]
html_copy_source = False
html_show_sourcelink = False
html_domain_indices = False  # the pages of the API list the modules
# Beside a page stand those of its section. The pages of this folder are alone, but for one of the how-tos.
html_sidebars = {
    path.stem: []
    for path in Path(__file__).parent.iterdir()
    if path.suffix in (".md", ".rst") and path.stem != "training"
}
html_theme_options = {
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}


def show_as_code(app: Sphinx, env: Any, node: Any, content: nodes.TextElement) -> nodes.TextElement | None:
    """Show a name between single backticks as code where it has no entry, as the name of a parameter has none.

    Explicit roles (``:class:`` and the like) stay checked.
    """
    return content if node.get("reftype") == "obj" else None


def name_defaults(app: Sphinx, *about: Any) -> tuple[str | None, Any]:
    """Show a class or function that is a default by its name, `ReLU`, and not as Python prints it."""
    signature, returned = about[-2:]
    return signature and re.sub(r"<(?:class '[\w.]*?|function )(\w+)'?>", r"\1", signature), returned


def name_language(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Say in the HTML that the pages below `de` are German: browsers hyphenate and read them aloud accordingly."""
    if page.startswith("de/"):
        context["language"] = "de"


def restart_numbers(app: Sphinx, env: Any) -> list[str]:
    """Count the equations of a German page from 1, where Sphinx goes on after those of the English one."""
    for page, kinds in env.toc_fignumbers.items():
        if page.startswith("de/"):
            for numbers in kinds.values():
                numbers.update({label: (*numbers[label][:-1], i) for i, label in enumerate(numbers, start=1)})
    return []


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("autodoc-process-signature", name_defaults)
    app.connect("missing-reference", show_as_code)
    app.connect("html-page-context", name_language)
    app.connect("env-get-updated", restart_numbers, priority=900)  # after Sphinx has given numbers to all pages
