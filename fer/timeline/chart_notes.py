"""The description of a chart and the notes below it."""

from collections.abc import Mapping

from fer.labels import EXPRESSIONS
from fer.timeline.expression_statistics import compute_statistics, weight_bins_equally
from fer.timeline.formatting import format_time
from fer.timeline.timeline import Timeline
from fer.timeline.withholding import MIN_FACES


def mean_statistics(timeline: Timeline) -> dict[str, float]:
    """Return the statistics of the whole timeline; see `compute_statistics`.

    Each face weighs alike, once in each second, as in `fer.timeline.summary`.
    """
    whole = weight_bins_equally(timeline.included().counts()[1]).sum(axis=0)
    return {name: column.item() for name, column in compute_statistics(whole[None]).items()}


def chart_note(timeline: Timeline, withheld: bool, drawn: int, tracks: int) -> str:
    """Return an explanation of the index, the hatching and which faces are drawn."""
    sentences = ["Positive-negative index: the share of happy minus angry, disgust, fear and sad."]
    sentences += _outcome_sentence(mean_statistics(timeline))
    if tracks > drawn:
        sentences.append(f"Of {tracks} faces, the {drawn} seen longest are drawn separately.")
    if timeline.view == "class":
        sentences.append(
            f"Hatched: fewer than {MIN_FACES} faces to classify; only their number is kept."
        )
    elif withheld:
        sentences.append("Hatched: faces too small to classify, or turned away.")
    return " ".join(sentences)


def chart_description(timeline: Timeline) -> str:
    """Return what the chart shows, in a sentence."""
    mean = mean_statistics(timeline)
    if not mean["judged"]:
        return "A timeline that shows no expression yet."
    top = max(EXPRESSIONS, key=mean.__getitem__)
    return f"Expressions over {format_time(timeline.seconds)}: on average {top} {mean[top]:.0%}."


def _outcome_sentence(mean: Mapping[str, float]) -> list[str]:
    """Return what share of the faces could be classified, and why the others could not."""
    if not mean["faces"] > 0:
        return []
    reasons = {"turned away": mean["turned"], "too small": mean["small"]}
    why = " and ".join(f"{share:.0%} were {name}" for name, share in reasons.items() if share > 0)
    judged = f"{1 - mean['turned'] - mean['small']:.0%} of the faces could be classified"
    return [f"{judged}: {why}." if why else f"{judged}."]
