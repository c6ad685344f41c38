"""Figures of the book: quiet, large enough to project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_BLUE, _ORANGE = "#3568a8", "#c8641e"


def show_images(
    images: np.ndarray, captions: Iterable[object], columns: int = 4
) -> Figure:
    """Images in a grid, dark ink on white, each with a caption below.

    Args:
        images: float ``(samples, height, width, 1)``, 0 to 1.
        captions: One per image.
        columns: Images side by side.

    Returns:
        The figure.
    """
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1.9 * columns, 2.5 * rows), squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, caption in zip(axes.flat, images, captions):
        axis.imshow(image[..., 0], cmap="Greys", vmin=0, vmax=1)
        axis.text(
            0.5,
            -0.06,
            caption,
            transform=axis.transAxes,
            ha="center",
            va="top",
            fontsize=12,
            linespacing=1.4,
        )
    figure.tight_layout()
    return figure


def show_order(
    epochs: Mapping[str, Sequence[int]], num_rows: int, batch_size: int
) -> Figure:
    """Which row is fed at which place: one line of squares per epoch.

    Each square carries the number of a row and has its shade; gaps part
    the batches. Rows that an epoch leaves out are named beside it.

    Args:
        epochs: Name of an epoch to the row numbers it feeds, in order;
            no more of them than there are rows.
        num_rows: How many rows there are, at least 2.
        batch_size: Rows in a batch.

    Returns:
        The figure.
    """
    figure, axis = plt.subplots(figsize=(9, 0.62 * len(epochs) + 0.3))
    shades = plt.get_cmap("viridis")
    end = num_rows + (num_rows - 1) // batch_size * 0.4
    for line, rows in enumerate(epochs.values()):
        for place, row in enumerate(rows):
            left = place + place // batch_size * 0.4
            share = row / (num_rows - 1)
            axis.add_patch(
                plt.Rectangle(
                    (left + 0.04, line + 0.1),
                    0.92,
                    0.8,
                    color=shades(share),
                )
            )
            axis.text(
                left + 0.5,
                line + 0.5,
                str(row),
                ha="center",
                va="center",
                fontsize=11,
                color="black" if share > 0.6 else "white",
            )
        left_out = sorted(set(range(num_rows)) - set(rows))
        words = f"without {', '.join(map(str, left_out))}"
        axis.text(
            end + 0.4,
            line + 0.5,
            words if left_out else "all rows",
            va="center",
            fontsize=11,
        )
    axis.set_xlim(0, end + 5)
    axis.set_ylim(len(epochs), 0)
    axis.set_yticks([n + 0.5 for n in range(len(epochs))], list(epochs))
    axis.tick_params(
        labelsize=12, length=0, bottom=False, labelbottom=False
    )
    axis.spines[:].set_visible(False)
    figure.tight_layout()
    return figure


def show_seconds(seconds: Mapping[str, float], label: str) -> Figure:
    """One bar per way of doing the same, with its seconds beside it.

    Args:
        seconds: Name of a way to its seconds.
        label: What the bars measure.

    Returns:
        The figure.
    """
    figure, axis, names = _bars(seconds, label, margin=0.9)
    for place, name in enumerate(names):
        axis.text(
            seconds[name],
            place,
            f" {seconds[name]:.2f} s",
            va="center",
            fontsize=12,
        )
    axis.set_xlim(0, 1.15 * max(seconds.values()))
    figure.tight_layout()
    return figure


def show_scores(
    scores: Mapping[str, float],
    limits: Mapping[str, float],
    label: str = "share of right answers",
) -> Figure:
    """One bar per model, and a mark at the best possible score.

    Args:
        scores: Name of a model to its score, 0 to 1.
        limits: The best possible score for some of them, 0 to 1.
        label: What the bars measure.

    Returns:
        The figure.
    """
    figure, axis, names = _bars(scores, label, margin=1.2)
    for place, name in enumerate(names):
        axis.text(
            scores[name] - 0.01,
            place,
            f"{scores[name]:.1%}",
            ha="right",
            va="center",
            color="white",
            fontsize=12,
        )
    marked = [name for name in names if name in limits]
    axis.scatter(
        [limits[name] for name in marked],
        [names.index(name) for name in marked],
        marker="|",
        s=900,
        linewidths=3,
        color=_ORANGE,
        label="best possible",
        zorder=3,
    )
    axis.set_xlim(0, 1.08)
    axis.xaxis.set_major_formatter("{x:.0%}")
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="upper right",
        frameon=False,
        fontsize=12,
        markerscale=0.4,
    )
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    return figure


def show_table(
    scores: Mapping[str, Mapping[str, float]], label: str
) -> Figure:
    """A line per model, a column per question, darker for a better score.

    Args:
        scores: Name of a model to its scores, 0 to 1, by question; the
            same questions for all.
        label: What the numbers are, written below.

    Returns:
        The figure.
    """
    names = list(scores)
    questions = list(scores[names[0]])
    values = np.array([[scores[n][q] for q in questions] for n in names])
    figure, axis = plt.subplots(
        figsize=(1.3 * len(questions) + 3.2, 0.5 * len(names) + 1.1)
    )
    axis.imshow(values, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    for (line, column), value in np.ndenumerate(values):
        axis.text(
            column,
            line,
            f"{round(value, 2) + 0:.2f}",  # never -0.00
            ha="center",
            va="center",
            fontsize=12,
            color="white" if value > 0.6 else "black",
        )
    axis.set_xticks(range(len(questions)), questions)
    axis.set_yticks(range(len(names)), names)
    axis.xaxis.tick_top()
    axis.set_xlabel(label, fontsize=12)
    axis.tick_params(labelsize=12, length=0)
    axis.spines[:].set_visible(False)
    figure.tight_layout()
    return figure


def show_groups(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    groups: np.ndarray,
    labels: tuple[str, str, str],
) -> Figure:
    """Points in several panels side by side, one colour per group.

    Args:
        panels: Title to the places of its points, across and up.
        groups: int ``(points,)``, the group of each point.
        labels: What goes across, what goes up, and what a group is.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(2.6 * len(panels), 3.2), sharey=True
    )
    names = np.unique(groups)
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(names)))
    for axis, (title, (across, up)) in zip(axes, panels.items()):
        for name, shade in zip(names, shades):
            of = groups == name
            axis.scatter(across[of], up[of], color=shade, s=12, label=name)
        axis.set_title(title, fontsize=12)
        axis.set_xlabel(labels[0], fontsize=11)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel(labels[1], fontsize=11)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        title=labels[2],
        loc="center right",
        frameon=False,
        fontsize=11,
    )
    figure.tight_layout(rect=(0, 0, 0.9, 1))
    return figure


def _bars(
    values: Mapping[str, float], label: str, margin: float
) -> tuple[Figure, Axes, list[str]]:
    """A bar per value, the first on top; the names from the bottom up."""
    figure, axis = plt.subplots(figsize=(8, 0.6 * len(values) + margin))
    names = list(values)[::-1]
    axis.barh(names, [values[n] for n in names], color=_BLUE, height=0.55)
    axis.set_xlabel(label, fontsize=12)
    axis.tick_params(labelsize=12)
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis, names
