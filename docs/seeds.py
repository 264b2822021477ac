"""Which trainings differ in nothing but the seed, and how far apart they come out."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev

CHANCE = ("--seed", "--output")
"""Options that make no other recipe."""

SEEDS = 3
"""Trainings of one recipe from which on a deviation says something."""

COLUMNS = {
    "accuracy": lambda kept: kept["accuracy"],
    "macro F1": lambda kept: kept["macro_f1"],
    "views": lambda kept: kept.get("views", {}).get("accuracy"),
    "views' F1": lambda kept: kept.get("views", {}).get("macro_f1"),
    "FER+": lambda kept: kept["ferplus_accuracy"],
    "ECE": lambda kept: kept["calibration_error"],
}
"""What is read off a training, by heading."""


def spread_rows(records: Mapping[str, Mapping]) -> list[dict[str, str]]:
    """Return the cells of a row for each recipe that was run with enough seeds.

    Args:
        records: What was kept of each training, by name; see `docs.experiments.record`.
    """
    groups: dict[str, list[str]] = {}
    for name, kept in sorted(records.items()):
        groups.setdefault(settings_of(kept["command"], CHANCE), []).append(name)
    return [
        {"trainings": ", ".join(names), **spreads([records[name] for name in names])}
        for names in groups.values()
        if len(names) >= SEEDS
    ]


def spreads(trainings: Sequence[Mapping]) -> dict[str, str]:
    """Return mean and standard deviation of each of `COLUMNS`; a dash where one wasn't measured."""
    values = {heading: [read(kept) for kept in trainings] for heading, read in COLUMNS.items()}
    return {
        heading: "-" if None in found else f"{mean(found):.4f} ± {stdev(found):.4f}"
        for heading, found in values.items()
    }


def settings_of(command: str, without: Sequence[str]) -> str:
    """Return the options of a command, but for some.

    >>> settings_of("python train.py --dataset x --epochs 3 --degrade 0.3", ["--dataset"])
    '--epochs 3 --degrade 0.3'
    """
    return " ".join(shlex.join(pair) for pair in _pairs(shlex.split(command)[2:], without))


def _pairs(words: Sequence[str], without: Sequence[str]) -> Iterator[list[str]]:
    """Yield each option with its values, if it has any."""
    starts = [index for index, word in enumerate(words) if word.startswith("--")]
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        if words[start] not in without:
            yield list(words[start:end])
