"""Plots of an evaluation, as matplotlib figures; none uses pyplot's global state."""

from collections.abc import Sequence
from operator import attrgetter

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer.model.evaluation_results import CorruptionAccuracy, ReliabilityBin, SelectiveMetrics
from fer.plotting import ACCENT, GREY, PALE, SECONDARY, shares_plot, simplify_axes


def confusion_plot(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Figure:
    """Plot a confusion matrix, in percent of each label's faces.

    Args:
        matrix: (n, n) counts; rows are the labels, columns the predictions.
        labels: Their names.
    """
    return shares_plot(
        matrix, labels, labels, "prediction", "Confusion matrix, in percent of each label"
    )


def reliability_plot(bins: Sequence[ReliabilityBin], error: float) -> Figure:
    """Plot a reliability diagram: the accuracy over the confidence.

    Args:
        bins: Bins that have faces.
        error: The expected calibration error.
    """
    figure = Figure(figsize=(4.8, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    confidence = [entry.confidence for entry in bins]
    upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    upper.plot(confidence, [entry.accuracy for entry in bins], "o-", color=ACCENT, label="network")
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    upper.set_title(f"Reliability; calibration error {error:.3f}")
    upper.legend(frameon=False, loc="upper left")
    lower.bar(confidence, [entry.faces for entry in bins], width=0.05, color=PALE)
    lower.set(xlabel="top probability", ylabel="faces")
    simplify_axes(upper, lower)
    return figure


def risk_coverage_plot(points: Sequence[SelectiveMetrics], chosen: SelectiveMetrics) -> Figure:
    """Plot the accuracy of the faces above a threshold over their share.

    Args:
        points: Metrics over thresholds.
        chosen: Metrics at the threshold in use.
    """
    figure = Figure(figsize=(5.2, 4.0), layout="constrained")
    axes = figure.subplots()
    for label, colour, accuracy in (
        ("by the labels", ACCENT, attrgetter("accuracy")),
        ("by FER+'s majority", SECONDARY, attrgetter("ferplus_accuracy")),
    ):
        known = [
            (100 * point.coverage, 100 * right)
            for point in points
            if (right := accuracy(point)) is not None
        ]
        if known:
            axes.plot(*zip(*known, strict=True), color=colour, label=label)
            _mark_threshold(axes, 100 * chosen.coverage, accuracy(chosen), colour)
    axes.set(xlabel="faces above the threshold, percent", ylabel="accuracy, percent", xlim=(0, 102))
    axes.set_title("Accuracy and coverage of selective classification")
    in_use = f"in use: {100 * chosen.coverage:.0f}% above"
    axes.legend(frameon=False, loc="lower left", title=in_use, alignment="left")
    simplify_axes(axes)
    return figure


def _mark_threshold(axes: Axes, coverage: float, accuracy: float | None, colour: str) -> None:
    """Mark the threshold in use, unless no face is above it."""
    if accuracy is None:
        return
    place = (coverage, 100 * accuracy)
    axes.plot(*place, "o", color=colour)
    axes.annotate(f"{place[1]:.0f}% right", place, (5, 3), textcoords="offset points")


def robustness_plot(rows: Sequence[CorruptionAccuracy]) -> Figure:
    """Plot the accuracy under each corruption, with a line at the clean accuracy.

    Args:
        rows: One a corruption, the clean faces first.
    """
    clean, *corrupted = rows
    names = [f"{row.corruption}, {row.severity}" for row in corrupted]
    figure = Figure(figsize=(6.4, 0.28 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    values = [100 * row.accuracy for row in corrupted]
    axes.barh(names, values, color=ACCENT, height=0.65)
    for place, value in enumerate(values):
        axes.text(value - 1, place, f"{value:.0f}", va="center", ha="right", color="white")
    axes.axvline(100 * clean.accuracy, color=GREY, linestyle="--")
    axes.invert_yaxis()
    axes.set(xlabel="accuracy, percent", xlim=(0, 100))
    axes.set_title(f"Robustness; clean accuracy (dashed) {100 * clean.accuracy:.1f}")
    simplify_axes(axes)
    return figure
