"""Figures of the book: quiet, large enough to project."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

BLUE, ORANGE = "#3568a8", "#c8641e"
#: One colour for each curve, told apart in grey, too.
_COLOURS = (BLUE, ORANGE, "#2b8a6b", "#7a4fa3")
#: What is better when it is lower, by the end of its name.
_LOWER_IS_BETTER = ("loss", "error", "mse", "mae", "mape", "rmse")


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


def show_grid(rows: Mapping[str, np.ndarray]) -> Figure:
    """A row of small images for each name, dark ink on white.

    Args:
        rows: Name of a row to its images, float
            ``(images, height, width, 1)``, 0 to 1; as many in each.

    Returns:
        The figure.
    """
    columns = max(map(len, rows.values()))
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(0.72 * columns + 1.8, 0.8 * len(rows)),
        squeeze=False,
    )
    for line, (name, images) in zip(axes, rows.items()):
        for axis, image in zip(line, images):
            axis.imshow(image[..., 0], cmap="Greys", vmin=0, vmax=1)
        for axis in line:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_color("#cccccc")
        line[0].set_ylabel(
            name, rotation=0, ha="right", va="center", fontsize=12
        )
    figure.tight_layout(pad=0.4)
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


def show_scores(
    scores: Mapping[str, float],
    limits: Mapping[str, float] | None = None,
    label: str = "share of right answers",
    mark: str = "best possible",
) -> Figure:
    """One bar per model, and a mark at the best possible score.

    Args:
        scores: Name of a model to its score, 0 to 1.
        limits: The best possible score for some of them, 0 to 1.
        label: What the bars measure.
        mark: What the marks are.

    Returns:
        The figure.
    """
    limits = limits or {}
    figure, axis, names = _bars(scores, label, margin=1.2)
    for place, name in enumerate(names):
        inside = scores[name] > 0.15
        axis.text(
            scores[name] - 0.01 if inside else scores[name] + 0.02,
            place,
            f"{scores[name]:.1%}",
            ha="right" if inside else "left",
            va="center",
            color="white" if inside else "black",
            fontsize=12,
        )
    axis.set_xlim(0, 1.08)
    axis.xaxis.set_major_formatter("{x:.0%}")
    marked = [name for name in names if name in limits]
    if not marked:
        figure.tight_layout()
        return figure
    axis.scatter(
        [limits[name] for name in marked],
        [names.index(name) for name in marked],
        marker="|",
        s=900,
        linewidths=3,
        color=ORANGE,
        label=mark,
        zorder=3,
    )
    figure.legend(
        *axis.get_legend_handles_labels(),
        loc="upper right",
        frameon=False,
        fontsize=12,
        markerscale=0.4,
    )
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    return figure


def show_distances(panels: Mapping[str, Mapping[str, float]]) -> Figure:
    """Bars of distances, in panels side by side: shorter is nearer.

    Args:
        panels: What is measured to the name of each table and its
            distance; the same tables in all.

    Returns:
        The figure.
    """
    tables = list(next(iter(panels.values())))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(9, 0.55 * len(tables) + 0.9), sharey=True
    )
    for axis, (title, distances) in zip(np.ravel(axes), panels.items()):
        names = _bars_on(axis, {name: distances[name] for name in tables})
        for place, name in enumerate(names):
            axis.text(
                distances[name],
                place,
                f" {distances[name]:.2f}",
                va="center",
                fontsize=12,
            )
        axis.set_xlim(0, 1.25 * max(*distances.values(), 1e-9))
        axis.set_title(title, fontsize=12)
    figure.tight_layout()
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
    groups: np.ndarray | Mapping[str, np.ndarray],
    labels: tuple[str, str, str],
) -> Figure:
    """Points in several panels of one scale, one colour per group.

    Args:
        panels: Title to the places of its points, across and up.
        groups: int ``(points,)``, the group of each point; by title, if
            the panels have points of their own.
        labels: What goes across, what goes up, and what a group is.

    Returns:
        The figure.
    """
    figure, axes = plt.subplots(
        1,
        len(panels),
        figsize=(2.6 * len(panels), 3.2),
        sharex=True,
        sharey=True,
    )
    if not isinstance(groups, Mapping):
        groups = dict.fromkeys(panels, groups)
    names = np.unique(np.concatenate(list(groups.values())))
    shades = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(names)))
    for axis, (title, (across, up)) in zip(axes, panels.items()):
        for name, shade in zip(names, shades):
            of = groups[title] == name
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


def show_history(
    history: keras.callbacks.History
    | Mapping[str, keras.callbacks.History],
    metric: str = "loss",
    label: str = "",
    better: str | None = None,
) -> Figure:
    """Learning curves: training and validation, epoch by epoch.

    A dot marks the best epoch by validation, and says what was reached.

    Taught in the chapter *Several inputs*.

    Args:
        history: What ``fit`` gives back, or several of them by name.
        metric: A name that ``fit`` prints, without ``val_``.
        label: What it measures, in words; without them, its name.
        better: ``lower`` or ``higher``, or empty where neither is, as with
            networks that play against each other. By itself, ``lower`` for
            a loss or an error.

    Returns:
        The figure.

    Raises:
        ValueError: If a history lacks the metric.
    """
    alone = not isinstance(history, Mapping)
    runs = {"": history} if alone else history
    if better is None:
        falls = metric.endswith(_LOWER_IS_BETTER)
        better = "lower" if falls else "higher"
    figure, axis = plt.subplots(figsize=(5.6, 3.6))
    axis.plot([], [], "--", color=BLUE if alone else "grey")
    axis.lines[0].set_label("training")
    for (name, run), colour in zip(runs.items(), itertools.cycle(_COLOURS)):
        _draw_run(axis, run, metric, colour)
        _draw_validation(axis, run, f"val_{metric}", better, name, colour)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("epoch", fontsize=12)
    good = f"\n({better} is better)" if better else ""
    axis.set_ylabel((label or metric) + good, fontsize=12)
    axis.tick_params(labelsize=12)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=12)
    figure.tight_layout()
    return figure


def _draw_run(
    axis: Axes, run: keras.callbacks.History, metric: str, colour: str
) -> None:
    if metric not in run.history:
        raise ValueError(
            f"A history must hold the metric. Received: metric={metric!r}, "
            f"and a history of {', '.join(run.history)}"
        )
    epochs, mark = np.add(run.epoch, 1), "." * (len(run.epoch) == 1)
    axis.plot(epochs, run.history[metric], "--" + mark, color=colour)


def _draw_validation(
    axis: Axes,
    run: keras.callbacks.History,
    metric: str,
    better: str,
    name: str,
    colour: str,
) -> None:
    """Drawn through, with a dot at the best epoch."""
    values = run.history.get(metric, [])
    every = len(run.epoch) // max(len(values), 1)  # validation_freq
    epochs = np.add(run.epoch, 1)[every - 1 :: every][: len(values)]
    style = "-" if values else "--"
    (line,) = axis.plot(epochs, values, style, linewidth=2.2, color=colour)
    line.set_label(name or ("validation" if values else ""))
    if better and np.isfinite(values).any():
        find = np.nanargmin if better == "lower" else np.nanargmax
        best = int(find(values))
        line.set(marker="o", markevery=[best], markersize=8)
        reached = f"best: epoch {epochs[best]}, {values[best]:.3g}"
        line.set_label(f"{name or 'validation'}, {reached}")


def show_confusion(
    answers: np.ndarray, predictions: np.ndarray, names: Sequence[object]
) -> Figure:
    """How often each class was taken for each other one.

    A line per right answer, a column per prediction: what is right stands
    on the diagonal. The darker, the larger the share of its line.

    Args:
        answers: int ``(samples,)``, the right classes, from 0.
        predictions: int ``(samples,)``, the predicted classes.
        names: What to call each class.

    Returns:
        The figure.
    """
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (np.ravel(answers), np.ravel(predictions)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 0.55 * len(names) + 1.2
    figure, axis = plt.subplots(figsize=(side + 0.6, side))
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
    for (line, column), count in np.ndenumerate(counts):
        axis.text(
            column,
            line,
            str(count) if count else "",
            ha="center",
            va="center",
            fontsize=11,
            color="white" if shares[line, column] > 0.6 else "black",
        )
    axis.set_xticks(range(len(names)), map(str, names))
    axis.set_yticks(range(len(names)), map(str, names))
    axis.set_xlabel("predicted", fontsize=12)
    axis.set_ylabel("right answer", fontsize=12)
    axis.set_title("right on the diagonal", fontsize=12)
    axis.tick_params(labelsize=11, length=0)
    axis.spines[:].set_visible(False)
    figure.tight_layout()
    return figure


def _bars(
    values: Mapping[str, float], label: str, margin: float
) -> tuple[Figure, Axes, list[str]]:
    """A figure of one panel of bars, and their names."""
    figure, axis = plt.subplots(figsize=(8, 0.6 * len(values) + margin))
    names = _bars_on(axis, values)
    axis.set_xlabel(label, fontsize=12)
    return figure, axis, names


def _bars_on(axis: Axes, values: Mapping[str, float]) -> list[str]:
    """A bar per value, the first on top; the names from the bottom up."""
    names = list(values)[::-1]
    axis.barh(names, [values[n] for n in names], color=BLUE, height=0.55)
    axis.tick_params(labelsize=12)
    axis.spines[["top", "right"]].set_visible(False)
    return names


def quiet(axis: Axes) -> None:
    """Nothing around the data that says nothing.

    Args:
        axis: Of any figure.
    """
    axis.tick_params(labelsize=12)
    axis.spines[["top", "right"]].set_visible(False)
