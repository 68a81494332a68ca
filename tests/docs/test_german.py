"""The derivations in German: page by page the counterparts of the English ones, with the same equations.

The equations are checked on the English pages alone. That holds for the German ones because their equations are the
same, which is tested here. The examples of the German pages run with those of all pages.
"""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
ENGLISH, GERMAN = DOCS / "derivations", DOCS / "de" / "herleitung"


def read(folder, name):
    return (folder / f"{name}.md").read_text("utf-8")


def toctree(folder):
    """Return the names of the numbered pages, in the order that gives the equations their numbers."""
    return re.search(r"^:numbered: 1\n\n((?:\w+\n)+)```$", read(folder, "index"), re.MULTILINE)[1].split()


def equations(text):
    r"""Return [(label, TeX)], the TeX without what may differ: spaces, words in `\text{}`, a point at the end.

    A displayed equation without a number has the label "".
    """
    found = re.findall(r"^\$\$\n((?:(?!\$\$).*\n)+)\$\$(?: \((.+)\))?$", text, re.MULTILINE)
    wordless = [(label, re.sub(r"\\text\{[^}]*\}", r"\\text{}", tex)) for tex, label in found]
    return [(label, "".join(tex.split()).rstrip(".,:")) for label, tex in wordless]


def sections(text):
    """Return {heading: text} of the sections; what stands before the first one has the heading ""."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], parts[::2]))


def links(text):
    """Return the targets of all `{doc}`, with or without words of their own."""
    return re.findall(r"\{doc\}`(?:[^`<]*<)?([^`<>]+)>?`", text)


def counterpart(german):
    """Return the name of the English page on which the equations of a German page are checked."""
    (target,) = links(sections(read(GERMAN, german))["Prüfung"])
    return target.replace("/derivations/", "")


NAMES = [(counterpart(name), name) for name in toctree(GERMAN)]
each_pair = pytest.mark.parametrize(("english", "german"), NAMES)


@pytest.mark.parametrize("folder", [ENGLISH, GERMAN], ids=["derivations", "herleitung"])
def test_index_lists_all_pages_in_order(folder):
    pages = toctree(folder)
    assert sorted(path.stem for path in folder.glob("*.md")) == sorted([*pages, "index"])
    assert re.findall(r"^\| \{doc\}`(\w+)` \|", read(folder, "index"), re.MULTILINE) == pages


def test_each_page_has_a_counterpart_under_the_same_number():
    assert [english for english, _ in NAMES] == toctree(ENGLISH)


@each_pair
def test_equations_are_the_same_and_in_the_same_order(english, german):
    expected = [(label and f"de-{label}", tex) for label, tex in equations(read(ENGLISH, english))]
    assert equations(read(GERMAN, german)) == expected


@each_pair
def test_each_displayed_equation_is_compared(english, german):
    """One that is written in another way would not be found."""
    for text in (read(ENGLISH, english), read(GERMAN, german)):
        assert 2 * len(equations(text)) == len(re.findall(r"\$\$|\{math\}", text))


@each_pair
def test_sections_correspond(english, german):
    names = {"Check": "Prüfung", "Sources": "Quellen"}
    expected, found = sections(read(ENGLISH, english)), sections(read(GERMAN, german))
    assert [name if name in names.values() else None for name in found] == [names.get(name) for name in expected]


@each_pair
def test_tables_and_diagrams_correspond(english, german):
    """A table by the number of its rows, a diagram by its name, which may end in `_de` for German words."""
    pages = read(ENGLISH, english), re.sub(r"_de$", "", read(GERMAN, german), flags=re.MULTILINE)
    expected, found = (re.findall(r"^\||^\.\. plot:: .*", text, re.MULTILINE) for text in pages)
    assert found == expected


@pytest.mark.parametrize(("english", "german"), [("index", "index"), *NAMES])
def test_the_same_code_is_named(english, german):
    """All links to the API, in whatever order the sentences need."""
    pages = read(ENGLISH, english), read(GERMAN, german)
    expected, found = (sorted(re.findall(r"\{py:\w+\}`[^`]+`", text)) for text in pages)
    assert found == expected


@pytest.mark.parametrize("name", ["index", *(german for _, german in NAMES)])
def test_links_stay_in_german_where_they_can(name):
    text = read(GERMAN, name)
    assert [label for label in re.findall(r"\{eq\}`([^`]+)`", text) if not label.startswith("de-")] == []
    translated = {f"/derivations/{english}" for english, _ in NAMES}
    left = {target for heading, part in sections(text).items() if heading != "Prüfung" for target in links(part)}
    assert left & translated == set()
