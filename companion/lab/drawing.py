"""Pictures of models: a column for each branch, from top to bottom."""

from __future__ import annotations

import io

import keras
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from companion.lab.description import describe_model
from companion.lab.layout import (
    GAP,
    WIDTH,
    Place,
    Route,
    lay_out,
    width_of,
)
from companion.lab.outline import outline_of

__all__ = ["ALT", "describe_model", "draw_model", "show_model"]

#: Key of the description in the metadata of an output.
ALT = "alt"
#: Pixels of a picture on a desk, and in its file for each on a phone.
_ON_A_DESK, _SHARPNESS = 480, 3
_POINT = 0.72  # a pixel in points, at 100 to the inch
_INK, _GREY, _BLUE, _ORANGE = "#1f2733", "#5b6573", "#3568a8", "#c8641e"
_RUST = "#a04c12"  # orange to be read
#: Face, edge and text of each kind of box.
_LOOKS = {
    "input": (_BLUE, _BLUE, "white"),
    "layers": ("#edf2f9", "#8fa9cc", _INK),
    "merge": ("#fcebdd", _ORANGE, _INK),
    "model": ("#e6e8ec", _GREY, _INK),
    "output": ("#2d3446", "#2d3446", "white"),
}


def show_model(model: keras.Model) -> None:
    """Shows a picture of a model: its inputs, branches and outputs.

    Each branch has a column, from its input at the top. An orange box is
    where branches meet; orange arrows come from the side, as skips do. An
    arrow tells the shape of what it carries, without the samples. In a
    notebook the picture comes with its description, for those who cannot
    see it.

    Taught in the chapter *Several inputs*.

    Args:
        model: A model made of layers that are called on inputs.

    Raises:
        ContractError: If the model has no such graph.

    Example:
        >>> row = keras.Input((4,), name="row")
        >>> show_model(keras.Model(row, keras.layers.Dense(1)(row)))
        A model with 1 input and 1 output. Input row (4); Dense 1; ...
    """
    figure, words = draw_model(model), describe_model(model)
    display(_Picture(figure, words), metadata={ALT: words})


class _Picture:
    """A figure with words for those who cannot see it."""

    def __init__(self, figure: Figure, words: str) -> None:
        self.figure, self.words = figure, words

    def __repr__(self) -> str:
        return self.words

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=100 * _SHARPNESS)
        return file.getvalue(), {"width": _ON_A_DESK}


def draw_model(model: keras.Model) -> Figure:
    """The figure that `show_model` shows.

    Args:
        model: A model made of layers that are called on inputs.

    Returns:
        A figure of its own, which pyplot does not know.

    Raises:
        ContractError: If the model has no such graph.
    """
    places, routes, height = lay_out(outline_of(model))
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100)
    FigureCanvasAgg(figure)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, WIDTH), ylim=(height, 0))
    axis.axis("off")
    labels = set()
    for route in routes:
        _paint_route(axis, route)
        if not route.side and route.source.box.kind != "input":
            x, y = route.points[0]
            labels.add((x + 5, y + GAP / 2 - 2, route.source.box.shape))
    for label in labels:
        _write(axis, *label, 9.5, _GREY)
    for place in places:
        _paint_box(axis, place)
    return figure


def _paint_box(axis: Axes, place: Place) -> None:
    face, edge, ink = _LOOKS[place.box.kind]
    is_end = place.box.kind in ("input", "output")
    patch = FancyBboxPatch(
        (place.x - place.width / 2, place.y),
        place.width,
        place.height,
        boxstyle=f"round,pad=0,rounding_size={9 if is_end else 3}",
        facecolor=face,
        edgecolor=edge,
        linestyle="--" if any(s.shared for s in place.box.steps) else "-",
        linewidth=1,
        zorder=2,
    )
    axis.add_patch(patch)
    for line in place.lines:
        main = _RUST if line.stands_out else ink
        colours = {line.text: main, line.note: ink if is_end else _GREY}
        whole = sum(width_of(*part) for part in line.parts)
        x = place.x - (whole + 5 * (len(line.parts) - 1)) / 2
        for text, size, weight in line.parts:
            _write(axis, x, line.y, text, size, colours[text], weight)
            x += width_of(text, size, weight) + 5


def _write(
    axis: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    colour: str,
    weight: str = "normal",
) -> None:
    axis.text(
        x,
        y,
        text,
        fontsize=size * _POINT,
        color=colour,
        weight=weight,
        va="center_baseline",
        zorder=3,
    )


def _paint_route(axis: Axes, route: Route) -> None:
    colour = _GREY if route.step is None else _ORANGE
    *_, before, end = route.points
    axis.plot(*zip(*route.points), color=colour, linewidth=1.1, zorder=1)
    arrow = {
        "arrowstyle": "-|>,head_width=0.18,head_length=0.36",
        "color": colour,
        "linewidth": 1.1,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axis.annotate("", end, before, arrowprops=arrow, zorder=1)
