"""What there is to say about a data set of labelled faces: sentences, and one HTML page."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import TypedDict

from fer.labels import EXPRESSIONS, FERPLUS_INDICES

TEMPLATE = Path(__file__).with_name("dataset_report.html")

HEADINGS = {
    "counts": "How many faces there are",
    "faces": "What they look like",
    "copies": "Duplicate pictures",
    "votes": "What other people call them",
}
"""The page's sections, in its order."""

FOOTER = (
    "FER2013: Goodfellow et al. (2013). FER+: Barsoum et al. (2016); ten people named each face "
    "anew, and of answers with equally many votes the first in FER+'s order counts. Two pictures "
    "are copies where their correlation is above 0.995."
)


class CopyFigures(TypedDict):
    """Pictures that are there more than once; see `fer.data.statistics.duplicate_statistics`."""

    groups: int
    extra: int
    differing: int
    rows: list[list[int]]


class VoteFigures(TypedDict):
    """FER2013's labels beside FER+'s votes; see `fer.data.statistics.vote_statistics`."""

    pictures: int
    matrix: list[list[int]]
    agreement: float
    voter_agreement: float
    unanimity: list[int]


class SplitFigures(TypedDict):
    """What there is to say about one split; see `fer.data.statistics.split_statistics`."""

    pictures: int
    counts: dict[str, int]
    blank: int
    copies: CopyFigures
    in_train: int | None
    ferplus: VoteFigures | None


def describe_dataset(figures: Mapping[str, SplitFigures]) -> dict[str, list[str]]:
    """Return what the figures say, as sentences for each section.

    Args:
        figures: What `fer.data.statistics.dataset_statistics` returns.
    """
    sentences: dict[str, list[str]] = {name: [] for name in HEADINGS}
    for name, split in figures.items():
        sentences["counts"].append(_describe_counts(name, split))
        sentences["copies"] += _describe_duplicates(name, split)
        if split["ferplus"]:
            sentences["votes"].append(_describe_votes(name, split["ferplus"]))
    sentences["faces"].append(
        f"The mean face of each expression in {next(iter(figures))}, its contrast stretched, and "
        "faces drawn by chance."
    )
    if not sentences["votes"]:
        sentences["votes"].append("This edition comes without FER+'s votes.")
    return sentences


def _describe_counts(name: str, split: SplitFigures) -> str:
    counts, pictures = split["counts"], split["pictures"]
    most, fewest = _most(counts), _fewest(counts)
    sentence = f"{name} has {_count(pictures, 'face')}: most are {most} "
    sentence += (
        f"({_of(counts[most], pictures)}), fewest {fewest} ({_of(counts[fewest], pictures)})."
    )
    blank = split["blank"]
    return sentence + (f" {_count(blank, 'picture')} {_be(blank)} blank." if blank else "")


def _describe_duplicates(name: str, split: SplitFigures) -> list[str]:
    copies, sentences, inside = split["copies"], [], split["in_train"]
    if extra := copies["extra"]:
        sentences.append(
            f"In {name}, {_count(extra, 'picture')} {_be(extra)} copied from another one; in "
            f"{copies['differing']:,} of {_count(copies['groups'], 'group')} of copies the labels "
            "differ."
        )
    if inside:
        share, have = inside / split["pictures"], "has" if inside == 1 else "have"
        sentences.append(
            f"{_count(inside, 'picture')} of {name} ({share:.1%}) {have} a copy in train, which "
            f"flatters accuracies on {name}."
        )
    return sentences or [f"{name} has no picture twice."]


def _describe_votes(name: str, votes: VoteFigures) -> str:
    rates = {
        expression: row[column] / sum(row)
        for expression, column, row in zip(
            EXPRESSIONS, FERPLUS_INDICES, votes["matrix"], strict=True
        )
        if sum(row)
    }
    most, least = _most(rates), _fewest(rates)
    return (
        f"In {name}, the answer with most of FER+'s votes is the label's expression for "
        f"{votes['agreement']:.0%} of the {_count(votes['pictures'], 'face')} with votes, a single "
        f"vote is for {votes['voter_agreement']:.0%}. The votes follow the label {most} most "
        f"({rates[most]:.0%}) and {least} least ({rates[least]:.0%})."
    )


def _most(amounts: Mapping[str, float]) -> str:
    return max(amounts, key=lambda name: amounts[name])


def _fewest(amounts: Mapping[str, float]) -> str:
    return min(amounts, key=lambda name: amounts[name])


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _of(count: int, whole: int) -> str:
    return f"{count:,}, {count / whole:.1%}"


def dataset_report_html(
    title: str,
    sentences: Mapping[str, Sequence[str]],
    plots: Mapping[str, Sequence[tuple[bytes, str]]],
) -> str:
    """Return one page that holds everything and fetches nothing.

    Args:
        title: The data set's name; may hold anything, it is escaped.
        sentences: What `describe_dataset` returns.
        plots: For each section, PNG files and what they show.
    """
    sections = "\n".join(
        _section(heading, sentences[name], plots.get(name, ()))
        for name, heading in HEADINGS.items()
    )
    texts = {"title": escape(title), "sections": sections, "footer": escape(FOOTER)}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(texts)


def _section(heading: str, sentences: Sequence[str], plots: Sequence[tuple[bytes, str]]) -> str:
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    figures = "".join(_picture(content, alt) for content, alt in plots)
    return f"<section><h2>{heading}</h2>{paragraphs}{figures}</section>"


def _picture(content: bytes, alt: str) -> str:
    source = base64.b64encode(content).decode("ascii")
    image = f'<img src="data:image/png;base64,{source}" alt="{escape(alt)}">'
    region = f'role="region" aria-label="{escape(alt.split(":")[0])}" tabindex="0"'
    return f"<figure {region}>{image}</figure>"
