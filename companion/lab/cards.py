"""Small pictures of what goes into a model and what comes out.

``python -m companion.lab.cards`` writes one for each card of the first
page of the book. They are drawn with lines alone, in colours that can be
seen on white and on black.
"""

from __future__ import annotations

import sys
from pathlib import Path

#: Colours of what goes in, of the model and of what comes out.
_IN, _MODEL, _OUT = "#5b8dd9", "#8a8f98", "#e07b39"
_WIDTH, _HEIGHT, _ICON = 240, 112, 36

#: Each picture, 36 pixels wide and high, as the path of a pen.
ICONS = {
    "image": "M1 4h34v28H1zM5 28l9-12 7 8 5-5 6 9M25 13a3 3 0 1 0 .1 0",
    "text": "M2 8h32M2 16h26M2 24h32M2 32h14",
    "table": "M2 4h32v28H2zM2 13h32M2 22h32M13 4v28M24 4v28",
    "gaps": "M2 4h22v9h10v19H13v-10H2zM2 13h22M13 4v18h21M24 13v19",
    "wave": "M1 18l4-9 4-4 4 6 4 14 4 6 4-7 4-13 4-3",
    "slow": "M2 24l10-12 11 10 11-14M2 23v2M12 11v2M23 21v2M34 7v2",
    "label": "M3 6h18l12 12-12 12H3zM9 15a3 3 0 1 0 .1 0",
    "noise": "M4 8h2M15 4h2M28 7h2M9 17h2M20 14h2M31 20h2M3 27h2M14 25h2"
    "M24 28h2M11 32h2M32 31h2M19 20h2",
    "files": "M10 2h16l6 6v20H10zM26 2v6h6M10 8H4v26h20v-6",
    "number": "M7 10l6-5v26M7 31h12M24 31l6-26M22 12h12M20 23h12",
    "user": "M18 16a6 6 0 1 0-.1 0M5 34c2-20 24-20 26 0",
    "product": "M4 12l14-8 14 8v16l-14 8-14-8zM4 12l14 8 14-8M18 20v16",
    "classes": "M3 32h30M6 32V22h5v10M15.500 32V6h5v26M25 32V16h5v16",
    "answers": "M4 6h12v24H4zM20 6h12v10H20zM20 20h12v10H20z",
    "future": "M1 18h9l8-6 8 8 9-6M10 18l25-15M10 18l25 16",
    "rows": "M2 6h32v6H2zM2 15h32v6H2zM2 24h32v6H2z",
    "question": "M11 12c0-10 15-9 14 0-1 6-8 6-8 13M17 31v1",
    "speed": "M3 28a15 15 0 1 1 30 0M18 28l8-12",
}

#: Page, or page and what it stands for: what goes in, what comes out.
CARDS: dict[str, tuple[list[str], str]] = {
    "several-inputs": (["image", "number"], "classes"),
    "feeding": (["files", "table"], "rows"),
    "preparing": (["table", "text"], "number"),
    "stop-and-speed": (["rows"], "speed"),
    "outputs": (["table"], "number"),
    "several-outputs": (["image", "number"], "answers"),
    "merging": (["image", "table"], "question"),
    "attending": (["table", "rows"], "number"),
    "image-text": (["image", "text"], "classes"),
    "captions": (["image"], "text"),
    "mixed-table": (["table", "label"], "number"),
    "recommender": (["user", "product"], "number"),
    "masks": (["text", "wave"], "number"),
    "masked-inputs": (["table", "gaps"], "number"),
    "missing-patterns": (["gaps", "gaps"], "number"),
    "sensor-fusion": (["wave", "slow"], "classes"),
    "sensor-filter": (["wave", "slow"], "number"),
    "sensor-forecast": (["wave", "slow"], "future"),
    "file-generators": (["files", "files"], "rows"),
    "bigger-than-one-machine": (["files", "rows"], "speed"),
    "conditional-generator": (["label", "noise"], "image"),
    "augmented-rows": (["label", "noise"], "rows"),
    "image-text-to-image": (["image", "text"], "image"),
    "your-own-data": (["files", "table"], "question"),
    "after-the-first-model": (["image", "label"], "speed"),
    "troubleshooting": (["question"], "text"),
    "classroom": (["user", "user"], "number"),
}


def card(inputs: list[str], output: str) -> str:
    """A picture as SVG: inputs to the left, what comes out to the right.

    Args:
        inputs: One or two names of `ICONS`.
        output: Another.

    Example:
        >>> card(["image", "text"], "classes").count("<path")
        7
    """
    middle = _HEIGHT / 2
    places = [middle] if len(inputs) == 1 else [middle - 25, middle + 25]
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" fill="none" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}">'
    ]
    for name, y in zip(inputs, places):
        lines.append(_icon(name, 18, y, _IN))
        way = f"M62 {y:g}C80 {y:g} 80 {middle:g} 96 {middle:g}"
        lines.append(_path(way, _MODEL))
    top = middle - 22
    lines.append(_path(f"M98 {top:g}h44v44h-44z", _MODEL))
    head = f"M144 {middle:g}h34m-7-6l7 6-7 6"
    lines.append(_path(head, _MODEL))
    lines.append(_icon(output, 188, middle, _OUT))
    return "\n".join([*lines, "</svg>", ""])


def _icon(name: str, left: float, middle: float, colour: str) -> str:
    top = middle - _ICON / 2
    return (
        f'<g transform="translate({left:g} {top:g})">'
        f"{_path(ICONS[name], colour)}</g>"
    )


def _path(way: str, colour: str) -> str:
    return f'<path stroke="{colour}" d="{way}"/>'


def write_cards(folder: Path) -> None:
    """Writes every picture.

    Args:
        folder: Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for page, (inputs, output) in CARDS.items():
        text = card(inputs, output)
        (folder / f"{page}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_cards(Path(sys.argv[1]))
