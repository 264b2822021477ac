"""`fer data`: what FER2013 is like, as a page, plots and JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fer.labels import FER2013_DATASET_ID

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer.array_types import UInt8Array
    from fer.data.arrays import FerArrays
    from fer.data.dataset_report import SplitFigures

PLOTS = {
    "counts": "counts", "faces": "faces", "copies": "copies", "votes": "votes", "unanimity": "votes"
}  # fmt: skip
"""The plots that there may be, with the page's section that each is in."""

MAX_DUPLICATES = 10
"""Pairs of copies that are shown."""


def add_data(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer data`."""
    from fer.help_formatter import DefaultsHelpFormatter

    parser = commands.add_parser(
        "data",
        help="look at FER2013: counts, faces, copies, and what FER+'s voters say",
        description="Write a page, plots and JSON on what FER2013 is like.",
        epilog="The files hold pictures of the data set: mind its terms before you pass them on.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "--dataset", metavar="SOURCE", default=FER2013_DATASET_ID, help="as train.py takes it"
    )
    parser.add_argument(
        "--ferplus",
        metavar="FILE",
        help="fer2013new.csv with FER+'s votes; found by itself beside a csv",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/data"), metavar="FOLDER", help="for the files"
    )
    parser.set_defaults(run=run_data)


def run_data(options: argparse.Namespace) -> str:
    """Look at a data set, write the files, and say what stands out.

    Raises:
        ValueError: It can't be read.
    """
    from fer.data.dataset_report import dataset_report_html, describe_dataset
    from fer.data.fer2013 import load_arrays, load_fer2013
    from fer.data.statistics import dataset_statistics

    loaded = load_fer2013(options.dataset, options.ferplus)
    splits = {name: load_arrays(split) for name, split in loaded.items()}
    # explore returns plain dictionaries, which JSON can hold.
    figures = cast("dict[str, SplitFigures]", dataset_statistics(splits))
    said, folder = describe_dataset(figures), options.output
    folder.mkdir(parents=True, exist_ok=True)
    pictures = save_plots(draw_data(splits, figures), folder)
    (folder / "data.json").write_text(json.dumps(figures, indent=2) + "\n")
    page = folder / "data.html"
    page.write_text(
        dataset_report_html(f"FER2013 from {options.dataset}", said, pictures), encoding="utf-8"
    )
    sentences = [sentence for name in ("counts", "copies", "votes") for sentence in said[name]]
    return "\n".join([*sentences, f"Everything is in {folder}; open {page.name} first."])


def draw_data(
    splits: Mapping[str, "FerArrays"], figures: Mapping[str, "SplitFigures"]
) -> dict[str, tuple["Figure", str]]:
    """Return the plots by name, each with what it shows.

    Faces and copies are of the first split, train where there is one, votes of the first with any.
    """
    from fer.data import dataset_plots as plots

    first = next(iter(splits))
    shown, copies = (
        splits[first],
        conflicting_duplicates(splits[first], figures[first]["copies"]["rows"]),
    )
    voted = [(name, votes) for name, split in figures.items() if (votes := split["ferplus"])]
    drawn = {
        "counts": (
            plots.counts_plot(figures),
            f"faces of each expression: {describe_counts(figures)}",
        ),
        "faces": (
            plots.faces_plot(shown.images, shown.labels),
            f"mean face and examples of each expression in {first}",
        ),
    }
    if copies:
        drawn["copies"] = (plots.copies_plot(copies), f"differently labelled copies in {first}")
    if voted:
        name, votes = voted[0]
        alt = f"answers with most votes for each label in {name}: {describe_votes(votes['matrix'])}"
        drawn["votes"] = (plots.votes_plot(votes["matrix"], name), alt)
        alt = f"faces of {name} on which 1, 2, ... 10 of ten voters agree: {votes['unanimity']}"
        drawn["unanimity"] = (plots.unanimity_plot(votes["unanimity"], name), alt)
    return drawn


def save_plots(
    drawn: Mapping[str, tuple["Figure", str]], folder: Path
) -> dict[str, list[tuple[bytes, str]]]:
    """Write the plots, in place of all earlier ones, and return them by section of the page."""
    pictures: dict[str, list[tuple[bytes, str]]] = {}
    for name, section in PLOTS.items():
        file = folder / f"{name}.png"
        file.unlink(missing_ok=True)
        if name in drawn:
            figure, alt = drawn[name]
            figure.savefig(file, dpi=110)
            pictures.setdefault(section, []).append((file.read_bytes(), alt))
    return pictures


def describe_counts(figures: Mapping[str, "SplitFigures"]) -> str:
    """Return the counts of all splits in words, for those who can't see the plot."""
    return "; ".join(
        f"in {name} " + ", ".join(f"{count:,} {label}" for label, count in split["counts"].items())
        for name, split in figures.items()
    )


def describe_votes(matrix: Sequence[Sequence[int]]) -> str:
    """Return what each label's faces are mostly called, in words."""
    from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS

    rows = zip(EXPRESSIONS, matrix, strict=True)
    return ", ".join(
        f"{label} mostly {FERPLUS_VOTE_COLUMNS[max(range(len(row)), key=row.__getitem__)]}"
        for label, row in rows
        if sum(row)
    )


def conflicting_duplicates(
    arrays: "FerArrays", rows: Sequence[Sequence[int]]
) -> list[tuple["UInt8Array", str, "UInt8Array", str]]:
    """Return the first pairs of copies with differing labels, each picture with its label."""
    from fer.labels import EXPRESSIONS

    names = [EXPRESSIONS[label] for label in arrays.labels]
    return [
        (arrays.images[one], names[one], arrays.images[other], names[other])
        for one, other in rows[:MAX_DUPLICATES]
    ]
