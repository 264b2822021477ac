"""Plots of an evaluation, as matplotlib figures; nothing touches pyplot's global state."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer.plotting import ACCENT, GREY, PALE, SECONDARY, shares_plot, simplify_axes


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
    simplify_axes(upper, lower)
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
        ("by FER+'s majority", SECONDARY, _ferplus_accuracy),
    ):
        known = [
            (100 * point["answered"], 100 * right)
            for point in points
            if (right := accuracy(point)) is not None
        ]
        if known:
            axes.plot(*zip(*known, strict=True), color=colour, label=label)
            _mark_threshold(axes, 100 * chosen["answered"], accuracy(chosen), colour)
    axes.set(xlabel="faces named, percent", ylabel="of these right, percent", xlim=(0, 102))
    axes.set_title("What leaving unsure faces unnamed brings")
    in_use = f"in use: {100 * chosen['answered']:.0f}% named"
    axes.legend(frameon=False, loc="lower left", title=in_use, alignment="left")
    simplify_axes(axes)
    return figure


def _by_labels(point: Coverage) -> float | None:
    return point["accuracy"]


def _ferplus_accuracy(point: Coverage) -> float | None:
    """Return the accuracy by FER+'s majority, None where it isn't known."""
    by_majority = point.get("ferplus_answers")
    return by_majority["accuracy"] if by_majority else None


def _mark_threshold(axes: Axes, answered: float, accuracy: float | None, colour: str) -> None:
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
    simplify_axes(axes)
    return figure
