"""The built book refers to no other host for anything it shows."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

HTML = Path(__file__).parent.parent / "_build" / "html"

#: Loads only when a reader clicks "live code", which no page offers.
THEBE = "https://unpkg.com/thebe@"

LOADS = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "src",
    "video": "src",
}


class Loads(HTMLParser):
    """Collects what a page loads by itself."""

    def __init__(self):
        super().__init__()
        self.addresses = []
        self.images_without_alt = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        address = attributes.get(LOADS.get(tag))
        if address:
            self.addresses.append(address)
        if tag == "img" and not attributes.get("alt"):
            self.images_without_alt.append(address)


@pytest.fixture(scope="module")
def built():
    if not HTML.exists():
        pytest.skip("the book is not built: make book")
    found = {}
    for path in HTML.rglob("*.html"):
        page = Loads()
        page.feed(path.read_text())
        found[path.relative_to(HTML).as_posix()] = page
    return found


def test_every_page_is_built(built):
    assert {
        "index.html",
        "book/index.html",
        "book/several-inputs.html",
        "book/feeding.html",
        "book/outputs.html",
        "book/merging.html",
        "book/attending.html",
        "book/conditional-generator.html",
        "book/augmented-rows.html",
        "book/exercises/practice-merging/practice-merging.html",
        "book/troubleshooting.html",
        "book/troubleshooting-data.html",
        "book/troubleshooting-silent.html",
    } <= set(built)


def test_pages_load_nothing_from_other_hosts(built):
    outside = {
        (name, address)
        for name, page in built.items()
        for address in page.addresses
        if re.match(r"(https?:)?//", address)
        and not address.startswith(THEBE)
    }

    assert outside == set()


def test_no_page_names_a_repository_that_is_not_ours(built):
    """Jupyter Book fills in its own where a book has none."""
    for name in built:
        text = (HTML / name).read_text()
        assert "executablebooks/jupyter-book" not in text


def test_stylesheets_load_nothing_from_other_hosts(built):
    for path in HTML.rglob("*.css"):
        found = re.findall(
            r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]*)",
            path.read_text(errors="replace"),
        )
        assert not found, path


def test_every_image_has_a_text(built):
    without = {n: p.images_without_alt for n, p in built.items()}

    assert not {name: images for name, images in without.items() if images}
