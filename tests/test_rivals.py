"""Two networks that train each other: their curves, dots and variety."""

import keras
import numpy as np
import pytest
from matplotlib import pyplot

from companion.lab.plots import show_history
from companion.lab.rivals import losses_of, show_dots, variety


def history():
    run = keras.callbacks.History()
    run.epoch = [0, 1]
    run.history = {
        "generator_loss": [1.0, 2.0],
        "discriminator_loss": [3.0, 4.0],
    }
    return run


def test_each_network_has_a_curve_of_its_own():
    curves = losses_of(history(), "augmenter")

    losses = {name: run.history["loss"] for name, run in curves.items()}
    assert losses == {"augmenter": [1, 2], "discriminator": [3, 4]}
    assert all(run.epoch == [0, 1] for run in curves.values())
    figure = show_history(curves, better="")
    heights = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert [1, 2] in heights and [3, 4] in heights
    pyplot.close(figure)


def test_samples_all_alike_have_no_variety():
    images = np.repeat(np.random.default_rng(0).random((2, 8, 8, 1)), 5, 0)
    labels = np.repeat([4, 7], 5)

    assert variety(images, labels) == pytest.approx(0)
    assert variety(images, np.tile(np.arange(5), 2)) > 1  # one of each


def test_variety_is_the_variance_within_a_label():
    samples = np.array([[0.0, 0.0], [6.0, 8.0], [100.0, 1.0], [102.0, 1.0]])

    assert variety(samples, np.array([0, 0, 1, 1])) == (9 + 16 + 1) / 2
    assert variety(2 * samples, np.array([0, 0, 1, 1])) == 52


def test_each_label_counts_alike():
    samples = np.concatenate([np.zeros(50), [0.0, 8.0]])[:, None]

    assert variety(samples, np.repeat([0, 1], [50, 2])) == 8


def test_a_dot_for_each_trial_and_a_bar_at_the_mean():
    trials = {"real": [0.5, 0.7], "made": [0.1, 0.3]}

    figure = show_dots(trials, "right answers")

    (axis,) = figure.axes
    names = [text.get_text() for text in axis.get_yticklabels()]
    assert names == ["made", "real"]  # from below
    *joined, made, real = (list(line.get_xdata()) for line in axis.lines)
    assert joined == [[0.1, 0.5], [0.3, 0.7]]  # what belongs together
    assert made == [pytest.approx(0.2)] * 2
    assert real == [pytest.approx(0.6)] * 2
    assert "right answers" in axis.get_xlabel()
    figure.canvas.draw()
    shown = [text.get_text() for text in axis.get_xticklabels()]
    assert "60%" in shown
    pyplot.close(figure)
