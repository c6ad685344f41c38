"""Nobody reads a figure whose axes do not say what they show."""

import ast
from pathlib import Path

import numpy as np
import pytest
from keras.callbacks import History
from matplotlib import pyplot

from companion.lab import futures, plots, rides, rivals
from companion.lab.cart import cart_rides

LAB = Path(plots.__file__).parent
IMAGES, ROW = np.zeros((2, 8, 8, 1)), np.arange(3.0)
#: A call of each function that makes a figure.
CALLS = {
    "show_images": lambda: plots.show_images(IMAGES, ["one", "two"]),
    "show_grid": lambda: plots.show_grid({"white": IMAGES}),
    "show_order": lambda: plots.show_order({"epoch 1": [1, 0]}, 2, 1),
    "show_scores": lambda: plots.show_scores({"both": 0.9}),
    "show_distances": lambda: plots.show_distances({"mean": {"a": 1.0}}),
    "show_table": lambda: plots.show_table({"one": {"a": 1.0}}, "skill"),
    "show_groups": lambda: plots.show_groups(
        {"up": (ROW, ROW), "down": (ROW, -ROW)},
        np.zeros(3),
        ("x", "y", "group"),
    ),
    "show_history": lambda: plots.show_history(trained()),
    "show_confusion": lambda: plots.show_confusion(
        np.array([0, 1]), np.array([1, 1]), "ab"
    ),
    "show_past_and_future": lambda: futures.show_past_and_future(cart(), 0),
    "show_ahead": lambda: futures.show_ahead({"filter": ROW}, "error"),
    "show_futures": lambda: futures.show_futures({"ride 0": ROW}),
    "show_ride": lambda: rides.show_ride(cart(), 0),
    "show_errors": lambda: rides.show_errors({"both": (1.0, 0.9)}),
    "show_dots": lambda: rivals.show_dots({"real": [0.5, 0.7]}, "share"),
    "show_outage": lambda: rides.show_outage([1, 2], {"a": [1.0, 2.0]}),
}


def trained():
    history = History()
    history.epoch, history.history = [0, 1], {"loss": [2.0, 1.0]}
    return history


def cart():
    *_, test = cart_rides(num_train=1, num_test=1)
    return test


def unnamed(figure):
    """Axes with numbers on them and without a word of what they are.

    Panels of one scale share the word: one of them says it.
    """
    for side in "xy":
        numbered = [
            axis
            for axis in figure.axes
            if axis.axison and any(map(is_number, labels(axis, side)))
        ]
        words = [getattr(axis, f"get_{side}label")() for axis in numbered]
        titles = [a.get_title() + a.get_title("right") for a in numbered]
        if numbered and not any(words) and not all(titles):
            yield side


def labels(axis, side):
    figure = axis.get_figure()
    figure.canvas.draw()
    ticks = getattr(axis, f"get_{side}ticklabels")()
    return [tick.get_text() for tick in ticks if tick.get_visible()]


def is_number(text):
    return text.replace("−", "").replace(".", "").strip("%").isdigit()


@pytest.mark.parametrize("name", CALLS)
def test_axes_with_numbers_say_what_they_are(name):
    figure = CALLS[name]()

    assert list(unnamed(figure)) == []
    pyplot.close("all")


def test_an_axis_without_a_word_is_found():
    figure, axis = pyplot.subplots()
    axis.plot([1, 2], [3, 4])

    assert list(unnamed(figure)) == ["x", "y"]
    axis.set_xlabel("seconds")
    assert list(unnamed(figure)) == ["y"]
    axis.set_title("metres, more is better")
    assert list(unnamed(figure)) == []
    pyplot.close(figure)


def test_every_function_that_makes_a_figure_is_here():
    made = {
        node.name
        for path in LAB.glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("show_")
        and node.returns is not None
        and ast.unparse(node.returns) == "Figure"
    }

    assert made == set(CALLS)
