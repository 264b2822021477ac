"""Plots of an evaluation, as matplotlib figures; nothing touches pyplot's global state."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ACCENT = "#3b5bdb"
SECOND = "#d9480f"
PALE = "#c5cffa"
GREY = "#868e96"


class ReliabilityBin(TypedDict):
    """Faces of about one confidence: how sure the network is and how often right, 0 to 1."""

    confidence: float
    accuracy: float
    faces: int


class MajorityAccuracy(TypedDict):
    """How often answers are FER+'s majority, 0 to 1."""

    accuracy: float


class Coverage(TypedDict):
    """What a threshold leaves named: the share of faces, and how many of these are right."""

    answered: float
    accuracy: float | None
    ferplus_answers: NotRequired[MajorityAccuracy | None]


class DamagedAccuracy(TypedDict):
    """The accuracy, 0 to 1, under one damage."""

    damage: str
    amount: str
    accuracy: float


def confusion_plot(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Figure:
    """Show how often each label was given each answer, in percent of the label's faces.

    Args:
        matrix: (n, n) counts; rows are the labels, columns the answers.
        labels: Their names.
    """
    return shares_plot(matrix, labels, labels, "answer", "Answers to each label, in percent")


def shares_plot(
    matrix: Sequence[Sequence[int]],
    labels: Sequence[str],
    columns: Sequence[str],
    columns_are: str,
    title: str,
) -> Figure:
    """Show in percent how each label's faces are spread over columns.

    Args:
        matrix: (n, m) counts; rows are the labels.
        labels: Names of the rows.
        columns: Names of the columns.
        columns_are: What the columns are, for the axis.
        title: What to write above.
    """
    counts = np.array(matrix)
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(1.4 + 0.6 * len(columns), 5.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(shares.shape):
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


def reliability_plot(bins: Sequence[ReliabilityBin], error: float) -> Figure:
    """Show whether a probability means what it says.

    Args:
        bins: Those that have faces.
        error: The expected calibration error.
    """
    figure = Figure(figsize=(4.8, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    confidence = [entry["confidence"] for entry in bins]
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    upper.plot(
        confidence, [entry["accuracy"] for entry in bins], "o-", color=ACCENT, label="network"
    )
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    upper.set_title(f"Reliability; calibration error {error:.3f}")
    upper.legend(frameon=False, loc="upper left")
    lower.bar(confidence, [entry["faces"] for entry in bins], width=0.05, color=PALE)
    lower.set(xlabel="top probability", ylabel="faces")
    plain(upper, lower)
    return figure


def risk_coverage_plot(points: Sequence[Coverage], chosen: Coverage) -> Figure:
    """Show how accuracy rises when unsure faces are left unnamed.

    Args:
        points: Over thresholds, with `ferplus_answers` where FER+'s votes are known.
        chosen: The same for the threshold in use.
    """
    figure = Figure(figsize=(5.2, 4.0), layout="constrained")
    axes = figure.subplots()
    for label, colour, accuracy in (
        ("by the labels", ACCENT, _by_labels),
        ("by FER+'s majority", SECOND, _by_votes),
    ):
        known = [
            (100 * point["answered"], 100 * right)
            for point in points
            if (right := accuracy(point)) is not None
        ]
        if known:
            axes.plot(*zip(*known, strict=True), color=colour, label=label)
            _mark(axes, 100 * chosen["answered"], accuracy(chosen), colour)
    axes.set(xlabel="faces named, percent", ylabel="of these right, percent", xlim=(0, 102))
    axes.set_title("What leaving unsure faces unnamed brings")
    in_use = f"in use: {100 * chosen['answered']:.0f}% named"
    axes.legend(frameon=False, loc="lower left", title=in_use, alignment="left")
    plain(axes)
    return figure


def _by_labels(point: Coverage) -> float | None:
    return point["accuracy"]


def _by_votes(point: Coverage) -> float | None:
    """Return the accuracy by FER+'s majority, None where it isn't known."""
    by_majority = point.get("ferplus_answers")
    return by_majority["accuracy"] if by_majority else None


def _mark(axes: Axes, answered: float, accuracy: float | None, colour: str) -> None:
    """Mark the threshold in use, unless it names nobody."""
    if accuracy is None:
        return
    place = (answered, 100 * accuracy)
    axes.plot(*place, "o", color=colour)
    axes.annotate(f"{place[1]:.0f}% right", place, (5, 3), textcoords="offset points")


def robustness_plot(rows: Sequence[DamagedAccuracy]) -> Figure:
    """Show the accuracy under each damage, beside the accuracy without any.

    Args:
        rows: One a damage, the undamaged faces first.
    """
    clean, *damaged = rows
    names = [f"{row['damage']}, {row['amount']}" for row in damaged]
    figure = Figure(figsize=(6.4, 0.28 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    values = [100 * row["accuracy"] for row in damaged]
    axes.barh(names, values, color=ACCENT, height=0.65)
    for place, value in enumerate(values):
        axes.text(value - 1, place, f"{value:.0f}", va="center", ha="right", color="white")
    axes.axvline(100 * clean["accuracy"], color=GREY, linestyle="--")
    axes.invert_yaxis()
    axes.set(xlabel="accuracy, percent", xlim=(0, 100))
    axes.set_title(f"Damaged faces; undamaged (dashed) {100 * clean['accuracy']:.1f}")
    plain(axes)
    return figure


def plain(*all_axes: Axes) -> None:
    """Leave out what carries no information."""
    for axes in all_axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.set_axisbelow(True)
