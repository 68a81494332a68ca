"""The built pages in a browser without a network: equations are there, code is copied, no other host is asked.

`TINYNET_DOCS` names the folder of built pages; those with equations take a minute or two:

    python -m sphinx -n -W --keep-going -b html docs BUILT
    TINYNET_DOCS=BUILT python -m pytest tests/docs
"""

import ast
import doctest
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import CHROMIUM, render
from built_pages import BUILT, PATHS, Page, count_equations, css_loads, is_elsewhere, name_of, needs_built_pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
# Presses every button that copies, and writes onto the page what came of it.
PRESS = """<script>
addEventListener("load", () => setTimeout(() => {
    let text
    document.execCommand = () => { text = document.activeElement.value; return true }
    const pressed = [...document.querySelectorAll("button.copybtn")].map(button => {
        const {left, right} = button.getBoundingClientRect()
        const seen = getComputedStyle(button).opacity == 1 && left >= 0 && right <= innerWidth
        text = ""
        button.click()
        return {text, seen, block: button.closest("[class*=highlight-]").className}
    })
    const result = document.createElement("i")
    result.id = "pressed"
    result.textContent = encodeURIComponent(JSON.stringify(pressed))
    document.body.append(result)
}, 1000))
</script>"""
pytestmark = [needs_built_pages, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")]


@pytest.fixture(scope="module")
def pages():
    """Return {name: (the page as the browser has it, what it asked of other hosts)} of what has scripts of its own.

    These are the pages with equations, the search and, for all others, the first page.
    """
    written = {path: Page(path.read_text("utf-8")).math for path in PATHS}
    paths = [path for path in PATHS if written[path] or name_of(path) in ("index", "search")]
    with ThreadPoolExecutor(os.cpu_count()) as browsers:
        results = browsers.map(render, paths)
        return {name_of(path): (Page(html), requests) for path, (html, requests) in zip(paths, results)}


def test_every_equation_of_the_sources_is_on_its_page():
    wrong = {}
    for path in PATHS:
        sources = [
            source for source in (DOCS / f"{name_of(path)}{end}" for end in (".md", ".rst")) if source.exists()
        ]
        expected, found = sum(map(count_equations, sources)), Page(path.read_text("utf-8")).math
        if expected != found:
            wrong[name_of(path)] = {"in the source": expected, "on the page": found}
    assert wrong == {}


def test_every_equation_is_rendered(pages):
    counts = {name: (page.math, page.rendered) for name, (page, _) in pages.items()}
    assert {name: count for name, count in counts.items() if count[0] != count[1]} == {}


def test_there_are_equations_in_both_languages(pages):
    count = {name: page.rendered for name, (page, _) in pages.items()}
    assert sum(count[name] for name in count if name.startswith("derivations/")) > 500
    assert sum(count[name] for name in count if name.startswith("de/")) > 500


def test_no_equation_is_an_error(pages):
    assert {name: page.errors for name, (page, _) in pages.items() if page.errors} == {}


def test_no_page_asks_another_host(pages):
    assert {name: requests for name, (_, requests) in pages.items() if requests} == {}


def test_nothing_that_a_page_or_a_style_sheet_loads_is_elsewhere():
    loads = {path: Page(path.read_text("utf-8")).loads for path in PATHS}
    loads.update({path: css_loads(path.read_text("utf-8")) for path in BUILT.rglob("*.css")})
    assert any(path.suffix == ".css" and urls for path, urls in loads.items())
    elsewhere = {name_of(path): list(filter(is_elsewhere, urls)) for path, urls in loads.items()}
    assert {name: urls for name, urls in elsewhere.items() if urls} == {}


@pytest.mark.parametrize("name", ["quickstart.md", "tour.rst", "howto/inspect_a_file.md", "howto/own_layer.md"])
def test_buttons_copy_the_code_of_a_page_without_prompts_and_output(name, tmp_path):
    built, source = (BUILT / name).with_suffix(".html"), (DOCS / name).read_text("utf-8")
    page = tmp_path / "page.html"
    page.write_text(f'<base href="{built.as_uri()}">{built.read_text("utf-8")}{PRESS}', "utf-8")
    pressed = json.loads(unquote(re.search(r'id="pressed">(.+?)<', render(page)[0])[1]))
    assert all(button["seen"] for button in pressed)
    shell = [button["text"] for button in pressed if "highlight-bash" in button["block"]]
    assert shell == [text.rstrip() for text in re.findall(r"^```bash\n(.*?)^```$", source, re.MULTILINE | re.DOTALL)]
    code = "\n".join(button["text"] for button in pressed if "highlight-bash" not in button["block"])
    examples = doctest.DocTestParser().get_examples(re.sub("^```.*$", "", source, flags=re.MULTILINE))
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse("".join(example.source for example in examples)))


def test_a_page_with_such_faults_would_be_noticed(tmp_path):
    (mathjax,) = (BUILT / "_static").glob("tex-svg*.js")
    bad = tmp_path / "bad.html"
    bad.write_text(
        rf"""<article><span class="math">\(x\)</span> <span class="math">\(\unknownmacro\)</span>
        <div class="math">\[\frac{{1}}\]</div> <div class="math">\[\frac{{1}}{{\]</div></article>
        <script src="{mathjax.as_uri()}"></script> <script>fetch("https://example.org/a.json")</script>
        <link rel="stylesheet" href="//example.org/b.css">
        <img alt="" srcset="c.png 1x, https://example.org/d.png 2x">
        <style>@import "https://example.org/e.css"; p {{ background: url(https://example.org/f.png) }}</style>
        <p style="background: url('http://example.org/g.png')">Far <a href="https://example.org/h">away</a></p>""",
        "utf-8",
    )
    page, (html, requests) = Page(bad.read_text("utf-8")), render(bad)
    assert [url[-5:] for url in page.loads if is_elsewhere(url)] == ["b.css", "d.png", "e.css", "f.png", "g.png"]
    assert "https://example.org/a.json" in requests
    rendered = Page(html)
    assert (rendered.math, rendered.rendered) == (4, 3)
    assert len(set(rendered.errors)) > 1
