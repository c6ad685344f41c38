"""Figures of what comes next: errors ahead, intervals and drawn paths."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from companion.lab.cart import RADAR_EVERY, RATE, Rides
from companion.lab.plots import BLUE, ORANGE, quiet

_GREY = "#777777"
#: One colour for each curve, told apart in grey, too.
_COLOURS = (BLUE, ORANGE, "#2b8a6b", "#7a4fa3", "#b03060")
#: Place of the velocity in a state of the cart, and in a radar reading.
_VELOCITY = 1


def show_past_and_future(rides: Rides, ride: int) -> Figure:
    """What two sensors read of a ride, and how the cart then moves on.

    Taught in the chapter *Two sensors and their future*.

    Args:
        rides: Rides, with what came after them.
        ride: Which of them.

    Returns:
        The figure.

    Example:
        >>> from companion.lab.cart import cart_rides
        >>> *_, test = cart_rides(num_train=1, num_test=1)
        >>> [len(axis.lines) for axis in show_past_and_future(test, 0).axes]
        [2, 2, 3]
    """
    figure, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True)
    fast = rides.accelerometer[ride, :, 0]
    slow = rides.radar[ride]
    past = (np.arange(len(fast)) - len(fast) + 1) / RATE
    ahead = np.arange(1, rides.future.shape[1] + 1) / RATE
    read = dict(marker=".", linestyle="none", color=BLUE)
    axes[0].plot(past, fast, **read)
    for axis, channel in zip(axes[1:], slow.T):
        axis.plot(past[::RADAR_EVERY], channel, **read)
    truth = rides.future[ride, :, _VELOCITY]
    axes[2].plot(ahead, truth, color=ORANGE, linewidth=2.5)
    labels = ("accelerometer\n(m/s²)", "radar: distance\n(m)")
    for axis, label in zip(axes, (*labels, "radar: velocity\n(m/s)")):
        axis.axvline(0, color=_GREY, linestyle=":")
        axis.set_ylabel(label, fontsize=12)
        quiet(axis)
    axes[2].set_xlabel("seconds from now", fontsize=12)
    axes[2].set_title("orange: to be predicted", fontsize=12, loc="right")
    figure.tight_layout()
    return figure


def show_ahead(
    curves: Mapping[str, np.ndarray], label: str, best: str = ""
) -> Figure:
    """One curve for each forecast, over the steps that it looks ahead.

    Taught in the chapter *Two sensors and their future*.

    Args:
        curves: Name of a forecast to a number for each step.
        label: What the numbers are, and what is good.
        best: The name that is drawn in black, dashed: the best possible.

    Returns:
        The figure.

    Example:
        >>> errors = {"network": np.arange(3.0), "filter": np.zeros(3)}
        >>> figure = show_ahead(errors, "error", best="filter")
        >>> [line.get_linestyle() for line in figure.axes[0].lines]
        ['-', '--']
    """
    figure, axis = plt.subplots(figsize=(8, 4))
    colours = iter(_COLOURS)
    for name, values in curves.items():
        steps = np.arange(1, len(values) + 1)
        style, colour = "--", "black"
        if name != best:
            style, colour = "-", next(colours)
        axis.plot(steps, values, style, color=colour, label=name)
    axis.set_ylim(0)
    axis.set_xlabel("steps ahead (50 in a second)", fontsize=12)
    axis.set_ylabel(label, fontsize=12)
    axis.legend(
        frameon=False,
        fontsize=12,
        loc="center left",
        bbox_to_anchor=(1, 0.5),
    )
    quiet(axis)
    figure.tight_layout()
    return figure


def show_futures(
    truths: Mapping[str, np.ndarray],
    *,
    bands: Mapping[str, np.ndarray] | None = None,
    best: Mapping[str, np.ndarray] | None = None,
    paths: Mapping[str, np.ndarray] | None = None,
    label: str = "velocity (m/s)",
) -> Figure:
    """Panels of one scale: what came, and what was thought plausible.

    Taught in the chapter *Two sensors and their future*.

    Args:
        truths: Title of a panel to what came, float ``(steps,)``.
        bands: By title, lower and upper ends of an interval for each
            step, float ``(2, steps)``: drawn as a band.
        best: The same of the best possible interval: dashed.
        paths: By title, drawn futures, float ``(count, steps)``.
        label: What goes up.

    Returns:
        The figure.

    Example:
        >>> figure = show_futures(
        ...     {"ride 0": np.zeros(3)}, paths={"ride 0": np.ones((5, 3))}
        ... )
        >>> len(figure.axes[0].lines)
        6
    """
    figure, axes = plt.subplots(
        1,
        len(truths),
        figsize=(9, 3.4),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for axis, (title, truth) in zip(axes[0], truths.items()):
        steps = np.arange(1, len(truth) + 1)
        if bands:
            axis.fill_between(
                steps, *bands[title], color=BLUE, alpha=0.3, linewidth=0
            )
        if best:
            axis.plot(steps, best[title].T, "--", color="black")
        if paths:
            axis.plot(steps, paths[title].T, color=BLUE, linewidth=1)
        axis.plot(steps, truth, color=ORANGE, linewidth=3)
        axis.set_title(title, fontsize=12)
        axis.set_xlabel("steps ahead", fontsize=12)
        quiet(axis)
    axes[0, 0].set_ylabel(label, fontsize=12)
    figure.tight_layout()
    return figure
