"""Plots of a data set of labelled faces, as matplotlib figures; see `fer.evaluation.plots`."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer.array_types import Float32Array, Float64Array, Int64Array, UInt8Array
from fer.colors import COLORS
from fer.data.statistics import SplitStatistics
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS
from fer.plotting import ACCENT, shares_plot, simplify_axes

EXAMPLES_PER_CLASS = 9
"""Faces of each expression, drawn after their mean."""

_EDGE = "#00000040"


def counts_plot(splits: Mapping[str, SplitStatistics]) -> Figure:
    """Show how many faces of each expression there are, one panel per split.

    Args:
        splits: Their statistics by name.
    """
    figure = Figure(figsize=(1.2 + 3.4 * len(splits), 3.2), layout="constrained")
    panels = figure.subplots(1, len(splits), sharey=True, squeeze=False)[0]
    for axes, (name, split) in zip(panels, splits.items(), strict=True):
        values = [split["counts"][expression] for expression in EXPRESSIONS]
        colours = [COLORS[expression] for expression in EXPRESSIONS]
        bars = axes.barh(EXPRESSIONS, values, color=colours, edgecolor=_EDGE, height=0.7)
        axes.bar_label(bars, [f"{value:,}" for value in values], padding=3)
        axes.set(xlim=(0, 1.25 * max(values)), xlabel="faces")
        axes.set_title(f"{name}: {split['pictures']:,}")
        simplify_axes(axes)
    panels[0].invert_yaxis()
    return figure


def faces_plot(images: UInt8Array, labels: Int64Array) -> Figure:
    """Show the mean face of each expression, its contrast stretched, and faces drawn at random.

    Args:
        images: uint8 (n, h, w).
        labels: (n,) indices into `EXPRESSIONS`.
    """
    generator = np.random.default_rng(0)
    figure = Figure(figsize=(9.4, 7.0), layout="constrained")
    grid = figure.subplots(len(EXPRESSIONS), 1 + EXAMPLES_PER_CLASS)
    for index, row in enumerate(grid):
        chosen = np.flatnonzero(labels == index)
        drawn = generator.permutation(chosen)[:EXAMPLES_PER_CLASS]
        mean = [_stretch_contrast(images[chosen].mean(axis=0))] if len(chosen) else []
        _show_images(row, [*mean, *images[drawn]])
        row[0].set_ylabel(EXPRESSIONS[index], rotation=0, ha="right", va="center")
    grid[0, 0].set_title("mean", fontsize=10)
    return figure


def mean_faces_plot(images: UInt8Array, labels: Int64Array) -> Figure:
    """Show the mean face of each expression in one row, its contrast stretched.

    Args:
        images: uint8 (n, h, w).
        labels: (n,) indices into `EXPRESSIONS`.
    """
    figure = Figure(figsize=(9.4, 1.9), layout="constrained")
    row = figure.subplots(1, len(EXPRESSIONS))
    for index, axes in enumerate(row):
        chosen = images[labels == index]
        _show_images([axes], [_stretch_contrast(chosen.mean(axis=0))] if len(chosen) else [])
        axes.set_title(EXPRESSIONS[index], fontsize=10)
    return figure


def pictures_plot(
    pictures: Sequence[UInt8Array], titles: Sequence[str], columns: int = 8
) -> Figure:
    """Show pictures in rows, each with its title.

    Args:
        pictures: One or more, grey uint8 (h, w).
        titles: Title of each picture; may have several lines.
        columns: Pictures in a row.
    """
    rows = -(-len(pictures) // columns)
    height = 1.1 + 0.2 * max(title.count("\n") + 1 for title in titles)
    figure = Figure(figsize=(1.17 * columns, height * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    _show_images(grid, pictures)
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(title, fontsize=8)
    return figure


def entropy_plot(entropy: Float32Array, labels: Int64Array, split: str) -> Figure:
    """Show how much voters disagree about the faces of each label.

    Args:
        entropy: (n,) in bits, as `fer.data.ferplus.vote_entropy` returns it; NaN is left out.
        labels: (n,) indices into `EXPRESSIONS`.
        split: Split of these faces.
    """
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    known = [entropy[(labels == i) & ~np.isnan(entropy)] for i in range(len(EXPRESSIONS))]
    boxes = axes.boxplot(known, orientation="horizontal", patch_artist=True, showfliers=False)
    for box, name in zip(boxes["boxes"], EXPRESSIONS, strict=True):
        box.set_facecolor(COLORS[name])
    for line in boxes["medians"]:
        line.set_color("black")
    axes.set_yticks(range(1, len(EXPRESSIONS) + 1), EXPRESSIONS)
    axes.invert_yaxis()
    axes.set(xlabel="entropy of the ten votes, bits", xlim=(-0.05, None))
    axes.set_title(f"How much voters disagree about the faces of {split}")
    simplify_axes(axes)
    return figure


def duplicates_plot(pairs: Sequence[tuple[UInt8Array, str, UInt8Array, str]]) -> Figure:
    """Show duplicates with conflicting labels, one above the other.

    Args:
        pairs: One or more, each two pictures, uint8 (h, w), with their labels.
    """
    figure = Figure(figsize=(1.1 * len(pairs) + 0.2, 3.0), layout="constrained")
    grid = figure.subplots(2, len(pairs), squeeze=False)
    for column, (first, name, second, other) in zip(grid.T, pairs, strict=True):
        _show_images(column, [first, second])
        for axes, label in zip(column, (name, other), strict=True):
            axes.set_title(label, fontsize=9)
    return figure


def votes_plot(matrix: Sequence[Sequence[int]], split: str) -> Figure:
    """Show the confusion matrix of FER2013's labels and FER+'s majority.

    Args:
        matrix: (7, 10) counts, rows as `EXPRESSIONS`, columns as `FERPLUS_VOTE_COLUMNS`.
        split: Split of these faces.
    """
    columns = [*FERPLUS_VOTE_COLUMNS[:-1], "not a face"]
    title = f"FER+ majority of each label in {split}, in percent"
    return shares_plot(matrix, EXPRESSIONS, columns, "majority of the votes", title)


def unanimity_plot(counts: Sequence[int], split: str) -> Figure:
    """Show how many of ten voters agree.

    Args:
        counts: (10,) pictures whose majority has 1, 2, ... 10 of ten votes.
        split: Split of these faces.
    """
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    shares = 100 * np.array(counts) / max(sum(counts), 1)
    bars = axes.bar(range(1, 11), shares, color=ACCENT, width=0.75)
    axes.bar_label(bars, [f"{share:.0f}" for share in shares], padding=2)
    axes.set_xticks(range(1, 11))
    axes.margins(y=0.12)
    axes.set(xlabel="voters of ten who agree with the majority", ylabel="faces, percent")
    axes.set_title(f"How many of ten voters agree on the faces of {split}")
    simplify_axes(axes)
    return figure


def _stretch_contrast(picture: Float64Array) -> Float64Array:
    """Stretch the values of a picture to 0 to 255."""
    stretched: Float64Array = 255 * (picture - picture.min()) / max(np.ptp(picture), 1)
    return stretched


def _show_images(row: Sequence[Axes], pictures: Sequence[UInt8Array | Float64Array]) -> None:
    """Draw grey pictures; the remaining axes stay empty."""
    for axes in row:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    for axes, picture in zip(row, pictures, strict=False):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
