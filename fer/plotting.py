"""Shared parts of plots: the style of axes, and a matrix in percent."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ACCENT = "#3b5bdb"
SECONDARY = "#d9480f"
PALE = "#c5cffa"
GREY = "#868e96"


def shares_plot(
    matrix: Sequence[Sequence[int]],
    labels: Sequence[str],
    columns: Sequence[str],
    columns_are: str,
    title: str,
) -> Figure:
    """Show in percent how each label's faces are spread over columns; empty for a label of none.

    Args:
        matrix: (n, m) counts; rows are the labels.
        labels: Names of the rows.
        columns: Names of the columns.
        columns_are: What the columns are, for the axis.
        title: What to write above.
    """
    counts = np.array(matrix)
    faces = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(faces, 1)
    figure = Figure(figsize=(1.4 + 0.6 * len(columns), 5.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(shares.shape):
        if not faces[row]:
            continue  # nothing to take a share of
        share = shares[row, column]
        ink = "white" if share > 55 else "black"
        axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=ink)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel(columns_are)
    axes.set_ylabel("label")
    axes.set_title(title)
    axes.spines[:].set_visible(False)
    return figure


def simplify_axes(*all_axes: Axes) -> None:
    """Leave out what carries no information."""
    for axes in all_axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.set_axisbelow(True)
