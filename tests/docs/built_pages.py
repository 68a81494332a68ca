"""What is in a built page: its equations, its links, and what a browser loads for it without being asked."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

BUILT = Path(os.environ.get("TINYNET_DOCS") or "no folder").resolve()
needs_built_pages = pytest.mark.skipif(
    not (BUILT / "index.html").exists(), reason="TINYNET_DOCS names no folder of built pages"
)
PATHS = [path for path in sorted(BUILT.rglob("*.html")) if "_static" not in path.parts]

# What each element loads by itself; a link that is followed by hand is none of these.
LOADING = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
NOT_LOADED = {"author", "canonical", "copyright", "index", "license", "next", "prev", "search"}  # rel= of <link>


class Page(HTMLParser):
    """Counts what tests ask for, in the text of a page where its navigation repeats some of it."""

    def __init__(self, html):
        super().__init__()
        self.math = self.rendered = 0
        self.errors, self.loads, self.links, self.ids, self.images = [], [], [], set(), []
        self.text_starts = 0 if "<article" in html else 1
        self.in_style = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        classes = values.get("class", "").split()
        self.text_starts += tag == "article"
        if self.text_starts > 0:
            self.math += "math" in classes and tag in ("div", "span")
            self.rendered += tag == "mjx-container"
        # MathJax writes what it cannot read into an error, and a macro that it does not know in red.
        if "merror" in (tag, values.get("data-mml-node")) or tag == "mjx-merror" or values.get("mathcolor") == "red":
            self.errors.append(values.get("title") or values.get("data-mjx-error") or tag)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img":
            self.images.append((values.get("src", ""), values.get("alt", "")))
        self.ids.update({values.get("id"), values.get("name") if tag == "a" else None} - {None})
        if tag != "link" or not set(values.get("rel", "").split()) <= NOT_LOADED:
            for name in LOADING.get(tag, ()):
                parts = values.get(name, "").split(",") if name == "srcset" else [values.get(name, "")]
                self.loads += [part.split()[0] for part in parts if part.split()]
        self.loads += css_loads(values.get("style", ""))
        self.in_style = tag == "style"

    def handle_endtag(self, tag):
        self.text_starts -= tag == "article"
        self.in_style = False

    def handle_data(self, data):
        if self.in_style:
            self.loads += css_loads(data)


def name_of(path):
    """Return the name of a built page as the sources have it."""
    return path.relative_to(BUILT).with_suffix("").as_posix()


def css_loads(css):
    """Return what a style sheet loads."""
    found = re.findall(r"""url\(\s*["']?([^"')\s]+)|@import\s+["']([^"']+)""", css, re.IGNORECASE)
    return [url or imported for url, imported in found]


def is_elsewhere(url):
    """Tell whether a URL leads to another host."""
    return re.match(r"(\w+:)?//", url) is not None and not url.startswith("file:")


def count_equations(source):
    """Return how many equations the source of a page has: in Markdown between $$ or $, else by role or directive."""
    if source.suffix == ".rst":
        return len(re.findall(r":math:`|^ *\.\. math::", source.read_text("utf-8"), re.MULTILINE))
    text = re.sub(r"^```.*?^```$", "", source.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+)(?:(?!`).)+?\1", "", text)
    displayed = r"^\$\$.+?^\$\$"
    count = len(re.findall(displayed, text, re.MULTILINE | re.DOTALL))
    text = re.sub(displayed, "", text, flags=re.MULTILINE | re.DOTALL)
    return count + len(re.findall(r"(?<![\\$])\$(?!\s)[^$]+?(?<!\s)\$", text))
