"""Where the boxes of a model stand, and the ways of its arrows.

Branches are columns, from top to bottom; across, places are counted in
lanes, one for each branch, and then in the pixels of a phone.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from companion.lab.outline import Box, Step, from_top

#: Pixels that a phone has across, and what lies between boxes.
WIDTH, GAP, MARGIN = 358, 30, 6
_PAD, _LANE, _WIDEST, _LINE = 6, 9, 172, 15


@dataclass
class Line:
    """A line of a box: what it says, then its small print."""

    text: str
    note: str
    size: float
    weight: str
    y: float = 0.0
    stands_out: bool = False

    @property
    def parts(self) -> list[tuple[str, float, str]]:
        """Text, size and weight of what there is."""
        small = (self.note, self.size - 1.5, "normal")
        return [
            p for p in [(self.text, self.size, self.weight), small] if p[0]
        ]


@dataclass
class Place:
    """Where a box stands: x in lanes first, and then in pixels."""

    box: Box
    x: float = 0.0  # of the middle
    span: float = 0.0  # between the outermost branches that meet in it
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    lines: list[Line] = field(default_factory=list)
    doors: list[float] = field(default_factory=list)  # y of each step

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height

    def covers(self, x: float) -> bool:
        """Whether what goes straight down a lane would run into it."""
        return abs(self.x - x) < (self.span + 0.9) / 2


@dataclass
class Route:
    """The way of an arrow from a box to another, or to a step in it."""

    source: Place
    target: Place
    step: int | None = None  # None: from above
    side: int = 0  # -1: past the left of all boxes, 1: past the right
    lane: int = 0  # there, counted from the boxes
    edge: float = 0.0  # and in pixels

    @property
    def rows(self) -> range:
        """The rows that it passes."""
        last = self.target.box.row + (self.step is not None)
        return range(self.source.box.row + 1, last)

    @property
    def points(self) -> list[tuple[float, float]]:
        """Its corners."""
        source, target = self.source, self.target
        if self.step is None:
            return self._down()
        door = target.doors[self.step]
        side = self.side or (1 if source.x > target.x else -1)
        end = (target.x + side * target.width / 2, door)
        if not self.side:
            return [(source.x, source.bottom), (source.x, door), end]
        out = source.x + side * source.width / 2
        level = source.bottom - _PAD
        return [(out, level), (self.edge, level), (self.edge, door), end]

    def _down(self) -> list[tuple[float, float]]:
        """Straight if the boxes lie above each other."""
        source, target = self.source, self.target
        start, end = source.x, target.x
        if abs(start - end) < target.width / 2 - _PAD:
            end = start
        elif abs(start - end) < source.width / 2 - _PAD:
            start = end
        bend = target.y - GAP / 3
        corners = [(start, bend), (end, bend)] if start != end else []
        return [(start, source.bottom), *corners, (end, target.y)]


def lay_out(boxes: Sequence[Box]) -> tuple[list[Place], list[Route], float]:
    """Finds the places of boxes.

    Args:
        boxes: What `companion.lab.outline.outline_of` gives.

    Returns:
        A place for each box, a route for each arrow, and the height of it
        all, in pixels from the top left.
    """
    places = [Place(box) for box in boxes]
    _set_lanes(places)
    routes = _routes(places)
    return places, routes, _set_pixels(places, routes)


def _set_lanes(places: list[Place]) -> None:
    """A lane for each input, more where a branch forks."""
    below: list[list[int]] = [[] for _ in places]
    for number, place in enumerate(places):
        if len(place.box.mains) == 1:
            below[place.box.mains[0]].append(number)
    order = from_top([place.box for place in places])
    wide = [1] * len(places)
    for number in reversed(order):
        wide[number] = max(1, sum(wide[child] for child in below[number]))
    free, end = [0.0] * len(places), 0.0  # the next lane below each box
    for _, row in itertools.groupby(order, lambda n: places[n].box.row):
        across = list(row)
        for number in across:
            place, mains = places[number], places[number].box.mains
            if len(mains) > 1:
                left = _span(place, [places[main].x for main in mains])
                left -= wide[number] / 2
            elif mains:
                left = free[mains[0]]
                free[mains[0]] += wide[number]
            else:
                left, end = end, end + wide[number]
            place.x = left + wide[number] / 2
        _push_apart([places[number] for number in across])
        for number in across:
            free[number] = places[number].x - wide[number] / 2


def _span(place: Place, mains: list[float]) -> float:
    """Makes a box as wide as what meets in it. Returns its middle."""
    place.span = max(mains) - min(mains)
    return (max(mains) + min(mains)) / 2


def _push_apart(row: list[Place]) -> None:
    row.sort(key=lambda place: place.x)
    for one, other in itertools.pairwise(row):
        least = one.x + 1 + (one.span + other.span) / 2
        other.x = max(other.x, least)


def _rows(places: list[Place]) -> Iterator[list[Place]]:
    for row in range(1 + max(place.box.row for place in places)):
        yield [place for place in places if place.box.row == row]


def _routes(places: list[Place]) -> list[Route]:
    """The ways of all arrows; what stands in the way sends some around."""
    routes = []
    middle = sum(place.x for place in places) / len(places)
    for place in places:
        from_above = [(main, None) for main in place.box.mains]
        for number, step in [*from_above, *place.box.sides]:
            route = Route(places[number], place, step)
            x = route.source.x
            passed = [p for p in places if p.box.row in route.rows]
            if any(other.covers(x) for other in passed):
                route.side = 1 if x > middle else -1
                route.step = step or 0
            routes.append(route)
    for side in (-1, 1):
        _set_side_lanes([route for route in routes if route.side == side])
    return routes


def _set_side_lanes(routes: list[Route]) -> None:
    """The shorter way is the one nearer to the boxes."""
    routes.sort(key=lambda route: len(route.rows))
    for number, route in enumerate(routes):
        beside = [r for r in routes[:number] if {*r.rows} & {*route.rows}]
        taken = {other.lane for other in beside}
        route.lane = min({*range(number + 1)} - taken)


def _set_pixels(places: list[Place], routes: list[Route]) -> float:
    """From lanes to pixels. Returns the height of it all."""
    beside = {-1: MARGIN, 1: MARGIN}
    for route in routes:
        needed = MARGIN + _LANE * (route.lane + 1)
        if route.side:
            beside[route.side] = max(beside[route.side], needed)
    first = min(place.x - place.span / 2 for place in places) - 0.5
    last = max(place.x + place.span / 2 for place in places) + 0.5
    lane = (WIDTH - beside[-1] - beside[1]) / (last - first)
    y = float(MARGIN)
    for row in _rows(places):
        for place in row:
            place.x = beside[-1] + (place.x - first) * lane
            place.width = min(_WIDEST, lane - 2 * MARGIN)
            place.width += place.span * lane
            place.y = y
            _set_lines(place)
        y = max(place.bottom for place in row) + GAP
    for route in routes:
        away = beside.get(route.side, 0) - _LANE * route.lane
        route.edge = away if route.side < 0 else WIDTH - away
    return y - GAP + MARGIN


def _set_lines(place: Place) -> None:
    """What a box says, line by line, and its height."""
    y = place.y + _PAD
    sides = {step for _, step in place.box.sides}
    for number, step in enumerate(place.box.steps):
        place.doors.append(y + _LINE / 2)
        for line in _lines(step, place):
            line.y = y + _LINE / 2
            line.stands_out = number in sides
            y += _LINE
            place.lines.append(line)
    place.height = y + _PAD - place.y


def _lines(step: Step, place: Place) -> list[Line]:
    """Title and small print of a step, on one line if both fit."""
    room = place.width - 2 * _PAD
    is_end = place.box.kind in ("input", "output")
    weight = "bold" if is_end else "normal"
    notes = [step.shape] * is_end + step.notes + ["shared"] * step.shared
    note = ", ".join(notes)
    size = 11.5 if place.width > 80 else 10.0
    while size > 7 and any(
        width_of(piece, size, weight) > room
        for word in step.title.split()
        for piece in _pieces(word)
    ):
        size -= 0.5
    lines = [
        Line(part, "", size, weight)
        for part in _wrapped(step.title, room, size, weight)
    ]
    beside = width_of(lines[-1].text, size, weight) + 5
    if note and not is_end and beside + width_of(note, size - 1.5) <= room:
        lines[-1].note = note
        return lines
    small = _wrapped(note, room, size - 1.5)
    return lines + [Line("", part, size, weight) for part in small]


def _pieces(word: str) -> list[str]:
    """Where a word may break: before a capital, after an underscore."""
    return re.split(r"(?<=[a-z0-9])(?=[A-Z])|(?<=_)", word)


def _wrapped(
    text: str, room: float, size: float, weight: str = "normal"
) -> list[str]:
    """Text in lines that fit."""
    lines = [""]
    for word in text.split():
        fits = width_of(word, size, weight) <= room
        for number, piece in enumerate([word] if fits else _pieces(word)):
            gap = " " if number == 0 and lines[-1] else ""
            longer = lines[-1] + gap + piece
            if lines[-1] and width_of(longer, size, weight) > room:
                lines.append(piece)
            else:
                lines[-1] = longer
    return list(filter(None, lines))


@functools.cache
def width_of(text: str, size: float, weight: str = "normal") -> float:
    """Pixels that a text takes across.

    Args:
        text: One line.
        size: Of its letters, in pixels.
        weight: ``normal`` or ``bold``.

    Returns:
        The width in the font of the figures.
    """
    font = FontProperties(weight=weight, size=size)
    return text_to_path.get_text_width_height_descent(text, font, False)[0]
