"""Data-set report: the statistics as sentences and as one HTML page."""

from collections.abc import Mapping, Sequence

from fer.data.statistics import SplitStatistics, VoteStatistics
from fer.labels import EXPRESSIONS, FERPLUS_INDICES
from fer.templates import data_uri, render
from fer.terminal import count_of

HEADINGS = {
    "counts": "How many faces there are",
    "faces": "What they look like",
    "duplicates": "Duplicate pictures",
    "votes": "How FER+'s voters label them",
}
"""The page's sections, in its order."""

FOOTER = (
    "FER2013: Goodfellow et al. (2013). FER+: Barsoum et al. (2016), for which ten people labelled "
    "each face anew; where expressions have equally many votes, the first in FER+'s order counts. "
    "Two pictures are duplicates if their correlation is above 0.995."
)


def describe_dataset(statistics: Mapping[str, SplitStatistics]) -> dict[str, list[str]]:
    """Describe the statistics in sentences, by section of the page.

    Args:
        statistics: What `fer.data.statistics.dataset_statistics` returns.
    """
    sentences: dict[str, list[str]] = {name: [] for name in HEADINGS}
    for name, split in statistics.items():
        sentences["counts"].append(_describe_counts(name, split))
        sentences["duplicates"] += _describe_duplicates(name, split)
        if split["ferplus"]:
            sentences["votes"].append(_describe_votes(name, split["ferplus"]))
    sentences["faces"].append(
        f"The mean face of each expression in {next(iter(statistics))}, its contrast stretched, "
        "and faces drawn at random."
    )
    if not sentences["votes"]:
        sentences["votes"].append("This edition comes without FER+'s votes.")
    return sentences


def _describe_counts(name: str, split: SplitStatistics) -> str:
    counts, pictures = split["counts"], split["pictures"]
    most, fewest = _most(counts), _fewest(counts)
    sentence = (
        f"{name} has {count_of(pictures, 'face')}: the largest class is {most} "
        f"({_of(counts[most], pictures)}), the smallest {fewest} "
        f"({_of(counts[fewest], pictures)})."
    )
    blank = split["blank"]
    return sentence + (
        f" {count_of(blank, 'picture')} {_verb(blank, 'is', 'are')} blank." if blank else ""
    )


def _describe_duplicates(name: str, split: SplitStatistics) -> list[str]:
    duplicates, sentences, inside = split["duplicates"], [], split["in_train"]
    if redundant := duplicates["redundant"]:
        verb = _verb(redundant, "duplicates", "duplicate")
        sentences.append(
            f"In {name}, {count_of(redundant, 'picture')} {verb} another one; in "
            f"{duplicates['conflicting']:,} of {count_of(duplicates['groups'], 'group')} of "
            "duplicates the labels differ."
        )
    if inside:
        share, have = inside / split["pictures"], _verb(inside, "has", "have")
        sentences.append(
            f"{count_of(inside, 'picture')} of {name} ({share:.1%}) {have} a duplicate in train, "
            f"which inflates accuracies on {name}."
        )
    return sentences or [f"{name} has no duplicates."]


def _describe_votes(name: str, votes: VoteStatistics) -> str:
    rates = {
        expression: row[column] / sum(row)
        for expression, column, row in zip(
            EXPRESSIONS, FERPLUS_INDICES, votes["matrix"], strict=True
        )
        if sum(row)
    }
    most, least = _most(rates), _fewest(rates)
    return (
        f"In {name}, the majority of FER+'s votes agrees with the label on "
        f"{votes['agreement']:.0%} of the {count_of(votes['pictures'], 'face')} with votes, a "
        f"single vote on {votes['voter_agreement']:.0%}. Agreement is highest for {most} "
        f"({rates[most]:.0%}) and lowest for {least} ({rates[least]:.0%})."
    )


def _most(amounts: Mapping[str, float]) -> str:
    return max(amounts, key=lambda name: amounts[name])


def _fewest(amounts: Mapping[str, float]) -> str:
    return min(amounts, key=lambda name: amounts[name])


def _verb(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def _of(count: int, whole: int) -> str:
    return f"{count:,}, {count / whole:.1%}"


def dataset_report_html(
    title: str,
    sentences: Mapping[str, Sequence[str]],
    plots: Mapping[str, Sequence[tuple[bytes, str]]],
) -> str:
    """Return one self-contained page.

    Args:
        title: The data set's name.
        sentences: What `describe_dataset` returns.
        plots: For each section, PNG files and their descriptions.
    """
    sections = [
        {
            "heading": heading,
            "sentences": sentences[name],
            "plots": [(data_uri(png, "image/png"), alt) for png, alt in plots.get(name, ())],
        }
        for name, heading in HEADINGS.items()
    ]
    return render("dataset_report.html", title=title, sections=sections, footer=FOOTER)
