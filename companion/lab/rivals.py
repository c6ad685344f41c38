"""Two networks that train each other: their losses, and what they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from companion.lab.plots import BLUE, ORANGE, quiet


def losses_of(
    history: keras.callbacks.History, maker: str = "image generator"
) -> dict[str, keras.callbacks.History]:
    """The losses of two networks, as two curves for `show_history`.

    Taught in the chapters *A conditional generator* and *Augmented rows*.

    Args:
        history: What ``fit`` of a `companion.ConditionalGAN` gives back.
        maker: What to call the network that makes samples.

    Returns:
        Name of a network to a history with its ``loss``.

    Example:
        >>> history = keras.callbacks.History()
        >>> history.epoch = [0]
        >>> history.history = {
        ...     "generator_loss": [1.2], "discriminator_loss": [0.9]
        ... }
        >>> curves = losses_of(history)
        >>> curves["image generator"].history["loss"]
        [1.2]
    """
    losses = {maker: "generator_loss"}
    losses["discriminator"] = "discriminator_loss"
    curves = {}
    for name, loss in losses.items():
        curves[name] = keras.callbacks.History()
        curves[name].epoch = history.epoch
        curves[name].history = {"loss": history.history[loss]}
    return curves


def variety(samples: np.ndarray, labels: np.ndarray) -> float:
    """How much the samples of one label differ from each other.

    The variance within a label, summed over all pixels or columns. Near 0
    if a network makes the same sample over and over, which is called mode
    collapse. It has a meaning beside that of real samples.

    Taught in the chapter *A conditional generator*.

    Args:
        samples: float ``(samples, ...)``.
        labels: int ``(samples,)``.

    Returns:
        The mean over the labels; each counts alike.

    Example:
        >>> samples = np.array([[0.0], [2.0], [5.0], [5.0]])
        >>> variety(samples, np.array([3, 3, 8, 8]))
        0.5
    """
    of_label = [
        samples[labels == label].var(axis=0).sum()
        for label in np.unique(labels)
    ]
    return float(np.mean(of_label))


def show_dots(trials: Mapping[str, Sequence[float]], label: str) -> Figure:
    """A line of dots per name, a dot for each trial, a bar at their mean.

    A thin line joins what was measured in one trial: where all of them
    lean to one side, the difference is more than chance.

    Taught in the chapter *Augmented rows*.

    Args:
        trials: Name to what was measured, trial by trial, a share from 0
            to 1; as many for each.
        label: What is measured, and which side is good.

    Returns:
        The figure.
    """
    names = list(trials)[::-1]
    values = np.array([trials[name] for name in names])
    places = np.arange(len(names))
    figure, axis = plt.subplots(figsize=(8, 0.6 * len(names) + 1.4))
    for trial in values.T:
        axis.plot(trial, places, "o-", color=BLUE, alpha=0.55, lw=0.8)
    for place, mean in zip(places, values.mean(axis=1)):
        ends = [place - 0.3, place + 0.3]
        axis.plot([mean, mean], ends, color=ORANGE, lw=4)
    axis.set_yticks(places, names)
    axis.set_ylim(-0.6, len(names) - 0.4)
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.xaxis.set_major_locator(MaxNLocator(6))
    axis.set_xlabel(f"{label}\ndots: trials; bar: their mean", fontsize=12)
    quiet(axis)
    figure.tight_layout()
    return figure
