"""Figures of the cart: what was read of a ride, and how far off one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion.lab.cart import RADAR_EVERY, RATE, Rides
from companion.lab.plots import BLUE, ORANGE, quiet

_GREEN, _GREY = "#2b8a6b", "#5b6573"


def show_ride(
    rides: Rides,
    number: int,
    estimates: Mapping[str, np.ndarray] | None = None,
    spread: np.ndarray | None = None,
) -> Figure:
    """What both sensors read of a ride, and its true velocity.

    Args:
        rides: Rides of the cart.
        number: Which of them.
        estimates: Name to velocities, float ``(steps,)``. With them, only
            the velocity is drawn.
        spread: float ``(steps,)``, how unsure the first estimate is, as a
            standard deviation: a band of two to each side.

    Returns:
        The figure.
    """
    estimates = estimates or {}
    count = 1 if estimates else 2
    figure, axes = plt.subplots(
        count, 1, figsize=(8, 2.9 * count), sharex=True, squeeze=False
    )
    if not estimates:
        pushed = rides.accelerometer[number, :, 0]
        top = axes[0, 0]
        top.plot(_seconds(pushed), pushed, ".", color=BLUE)
        _finish(top, "accelerometer\n(m/s²)")
    axis = axes[-1, 0]
    _draw_velocity(axis, rides, number)
    for (name, values), colour in zip(estimates.items(), (BLUE, _GREEN)):
        axis.plot(_seconds(values), values, color=colour, label=name)
    if spread is not None:
        middle = next(iter(estimates.values()))
        band = middle - 2 * spread, middle + 2 * spread
        axis.fill_between(_seconds(middle), *band, color=BLUE, alpha=0.2)
    _finish(axis, "velocity (m/s)")
    axis.set_xlabel("seconds since the ride began", fontsize=12)
    axis.legend(
        frameon=False,
        fontsize=11,
        ncols=4,
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
    )
    figure.tight_layout()
    return figure


def show_errors(errors: Mapping[str, tuple[float, float]]) -> Figure:
    """The error of a network, and a mark at that of its filter.

    Args:
        errors: What is read to the error of the network and that of the
            filter, in metres a second.

    Returns:
        The figure.
    """
    names = list(errors)[::-1]
    network, best = zip(*(errors[name] for name in names))
    figure, axis = plt.subplots(figsize=(8, 0.6 * len(names) + 1.2))
    axis.barh(names, network, color=BLUE, height=0.5, label="network")
    axis.scatter(
        best,
        names,
        marker="|",
        s=900,
        linewidths=3,
        color=ORANGE,
        label="Kalman filter",
        zorder=3,
    )
    for place, (one, other) in enumerate(zip(network, best)):
        words = f"  {one:.3f}, {one / other:.3f} times its filter"
        axis.text(max(one, other), place, words, va="center", fontsize=12)
    axis.set_xlim(0, 1.75 * max(*network, *best))
    _finish(axis, "")
    axis.set_xlabel(
        "error of the velocity (m/s), lower is better", fontsize=12
    )
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="upper right",
        ncols=2,
        frameon=False,
        fontsize=12,
        markerscale=0.4,
    )
    figure.tight_layout(rect=(0, 0, 1, 0.9))
    return figure


def show_outage(
    steps: Sequence[int], errors: Mapping[str, Sequence[float]]
) -> Figure:
    """How the error grows, the longer a sensor is out.

    Args:
        steps: For how many steps it was out.
        errors: Name to an error for each of them, in metres a second.

    Returns:
        The figure.
    """
    figure, axis = plt.subplots(figsize=(5.6, 3.6))
    colours = (BLUE, ORANGE, _GREY)
    for (name, values), colour in zip(errors.items(), colours):
        style = "--" if colour == _GREY else "o-"
        axis.plot(steps, values, style, color=colour, label=name)
    _finish(axis, "error of the velocity (m/s)\n(lower is better)")
    axis.set_xlabel("steps without the radar, up to the last", fontsize=12)
    axis.legend(frameon=False, fontsize=12)
    figure.tight_layout()
    return figure


def _seconds(values: np.ndarray) -> np.ndarray:
    return np.arange(len(values)) / RATE


def _draw_velocity(axis: Axes, rides: Rides, ride: int) -> None:
    """The truth as a line, readings as dots, drop-outs as grey."""
    truth, read = rides.states[ride, :, 1], rides.radar[ride, :, 1]
    times = _seconds(truth)
    every = times[::RADAR_EVERY]
    axis.plot(times, truth, color="black", label="truth")
    axis.plot(every, read, ".", markersize=8, color=ORANGE, label="radar")
    for number, begin in enumerate(every[np.isnan(read)]):
        end = begin + RADAR_EVERY / RATE
        name = None if number else "drop-out"
        axis.axvspan(begin, end, color="#e4e4e4", linewidth=0, label=name)


def _finish(axis: Axes, label: str) -> None:
    axis.set_ylabel(label, fontsize=12)
    quiet(axis)
