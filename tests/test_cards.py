"""The pictures of the first page are those that the code draws."""

import re
from pathlib import Path
from xml.etree import ElementTree

import yaml

from companion.lab.cards import CARDS, ICONS, card, write_cards

ROOT = Path(__file__).parent.parent
STORED = ROOT / "book" / "_static" / "cards"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
CHAPTERS = {
    Path(chapter["file"]).name
    for part in TOC["parts"]
    for chapter in part["chapters"]
    if part["caption"] != "Reference"
}


def test_the_stored_pictures_are_those_that_are_drawn(tmp_path):
    write_cards(tmp_path)

    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    stored = {path.name: path.read_text() for path in STORED.iterdir()}
    assert drawn == stored


def test_every_chapter_has_a_card_and_every_card_a_chapter():
    index = (ROOT / "book" / "index.md").read_text()

    linked = re.findall(r"^:link: (.*)$", index, re.M)
    shown = re.findall(r"^:img-top: _static/cards/(.*)\.svg$", index, re.M)

    assert linked == shown and len(linked) == len(set(linked))
    assert set(linked) == CHAPTERS == set(CARDS)
    assert index.count(":img-alt: ") == len(linked)


def test_a_picture_is_svg_with_an_icon_for_each_end():
    root = ElementTree.fromstring(card(["image", "wave"], "future"))

    paths = [path.get("d") for path in root.iter() if path.get("d")]
    assert {ICONS[n] for n in ("image", "wave", "future")} <= set(paths)
    assert all(re.fullmatch(r"[-0-9. a-zA-Z]+", path) for path in paths)
