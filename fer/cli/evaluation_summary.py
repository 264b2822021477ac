"""What `fer evaluate` writes beside its JSON: plots, and the main metrics as text."""

from pathlib import Path
from typing import TYPE_CHECKING

from fer.output_files import new_file
from fer.paths import whole_path
from fer.terminal import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer.model.evaluation_results import CombinedMetrics, Evaluation


BOTH_HEADS = "Both heads combined, as on the page"
"""Name of the combined output, for display."""


def draw_plots(evaluation: "Evaluation", folder: Path) -> None:
    """Write the plots of an evaluation as PNG into `folder`, replacing those of an earlier one."""
    from fer.model.hub import EVALUATION_PLOTS

    drawn = evaluation_plots(evaluation)
    for name in EVALUATION_PLOTS:
        (folder / name).unlink(missing_ok=True)
    for name, figure in drawn.items():
        with new_file(folder / f"{name}.png") as file:
            figure.savefig(file, dpi=110)


def evaluation_plots(evaluation: "Evaluation") -> "dict[str, Figure]":
    """Return the plots of an evaluation by name, each headed by the output that it is about."""
    from fer.evaluation import plots
    from fer.labels import EXPRESSIONS

    error, uncertain = evaluation.calibration_error, evaluation.at_threshold
    drawn = {"confusion": plots.confusion_plot(evaluation.confusion_matrix, EXPRESSIONS)}
    if error is not None:
        drawn["reliability"] = plots.reliability_plot(evaluation.reliability, error)
    if uncertain:
        drawn["risk_coverage"] = plots.risk_coverage_plot(evaluation.risk_coverage, uncertain)
    if evaluation.robustness:
        drawn["robustness"] = plots.robustness_plot(evaluation.robustness)
    for name, figure in drawn.items():
        if evaluation.by_share:  # a network with one head has one output
            # The threshold is the combined output's, whichever is evaluated.
            output = BOTH_HEADS if name == "risk_coverage" else describe_output(evaluation)
            figure.suptitle(output, x=0.01, ha="left", fontsize="medium", color="dimgrey")
    return drawn


def describe_share(row: "CombinedMetrics") -> str:
    """Return the accuracy with a weight of FER+'s head in the combined output."""
    votes = row.ferplus_agreement
    majority = f", by FER+'s majority of seven {votes.accuracy:.4f}" if votes else ""
    return (
        f"combined with a weight of {row.ferplus_share:g} for FER+'s head: accuracy "
        f"{row.accuracy:.4f}, macro F1 {row.macro_f1:.4f}{majority}"
    )


def describe_output(evaluation: "Evaluation") -> str:
    """Return what was evaluated of a network, which may have one head only."""
    from fer.model.evaluation_results import COMBINED

    if not evaluation.by_share:
        return "The network"
    combined = evaluation.output == COMBINED
    return BOTH_HEADS if combined else "The FER2013 head"


def summary(evaluation: "Evaluation", folder: Path) -> str:
    """Return the main metrics in a few lines."""
    interval = evaluation.intervals and evaluation.intervals.accuracy
    within = f" (95 % interval {interval[0]:.4f} to {interval[1]:.4f})" if interval else ""
    views = "single view" if evaluation.views == "single" else f"{evaluation.views} views"
    seen = sum(bool(row.support) for row in evaluation.per_class.values())
    over = "" if seen == len(evaluation.per_class) else f" over {seen} expressions"
    how = f"{views}, {evaluation.precision}"
    lines = [
        f"{describe_output(evaluation)}, {evaluation.pictures:,} faces, {how}",
        f"accuracy {evaluation.accuracy:.4f}{within}, macro F1 {evaluation.macro_f1:.4f}{over}",
        f"calibration error {evaluation.calibration_error:.4f}",
    ]
    if agreement := evaluation.ferplus_agreement:
        lines.append(f"by FER+'s majority of seven {agreement.accuracy:.4f}")
    if ferplus := evaluation.ferplus:
        lines.append(f"FER+'s head, by its majority of eight {ferplus.accuracy:.4f}")
    combined = "both heads combined, " if evaluation.by_share else ""
    if evaluation.combined and (both := evaluation.combined.both_label_sets):
        lines.append(
            f"{combined}by both label sets: accuracy {both.accuracy:.4f}, macro F1 "
            f"{both.macro_f1:.4f}, calibration error {both.calibration_error:.4f}"
        )
    lines += [describe_share(row) for row in evaluation.by_share]
    if rest := evaluation.without_duplicates:
        alone = f"{rest.accuracy:.4f}" if rest.pictures else "none are left"
        lines.append(f"without duplicates of training pictures {alone}")
    left_out = {
        "unreadable": evaluation.unreadable,
        "without face": evaluation.without_face,
    }
    for reason, count in left_out.items():
        if count:
            pictures = f"{count_of(count, 'picture')} {reason}"
            lines.append(f"{pictures} left out; evaluation.json lists them")
    return "\n".join([*lines, f"Everything is in {whole_path(folder)}."])
