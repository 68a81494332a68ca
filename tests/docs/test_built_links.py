"""Links inside the project lead somewhere, and every picture has words for those who do not see it."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from built_pages import PATHS, Page, name_of, needs_built_pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", [path.name for path in sorted(ROOT.glob("*.md"))])
def test_files_that_a_page_of_the_repository_links_to_exist(name):
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:|#", target)]
    assert [target for target in targets if not (ROOT / urldefrag(target)[0]).exists()] == []


@pytest.fixture(scope="module")
def pages():
    return {path: Page(path.read_text("utf-8")) for path in PATHS}


@needs_built_pages
def test_links_between_built_pages_lead_to_a_place_that_exists(pages):
    broken = {}
    for path, page in pages.items():
        for link in set(page.links):
            target, fragment = urldefrag(unquote(link))
            if re.match(r"\w+:", target):
                continue
            there = (path.parent / target).resolve() if target else path
            if not there.exists() or (fragment and there in pages and fragment not in pages[there].ids):
                broken.setdefault(name_of(path), []).append(link)
    assert broken == {}


@needs_built_pages
def test_pictures_are_there_and_described(pages):
    images = [(path, source, alt) for path, page in pages.items() for source, alt in page.images]
    assert len(images) > 10
    assert [
        (name_of(path), source) for path, source, _ in images if not (path.parent / unquote(source)).exists()
    ] == []
    assert [(name_of(path), source) for path, source, alt in images if len(alt.split()) < 3] == []
