"""`fer data`: data-set statistics as a page, plots and JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.shared_options import SOURCE_HELP, add_map
from fer.labels import FER2013_DATASET_ID
from fer.output_files import new_file, output_folder, write_file
from fer.paths import whole_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer.array_types import UInt8Array
    from fer.data.arrays import FerArrays
    from fer.data.statistics import SplitStatistics

PLOTS = {
    "counts": "counts", "faces": "faces", "duplicates": "duplicates", "votes": "votes",
    "unanimity": "votes",
}  # fmt: skip
"""The plots that there may be, by the page's section that each is in."""

NO_VALIDATION = (
    "There is no validation split: train.py holds out a tenth of train, or takes test with "
    "--validation test."
)

MAX_DUPLICATES = 10
"""Pairs of duplicates that are drawn; more don't fit the width of the page."""


def add_data(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer data`."""
    from fer.terminal import DefaultsHelpFormatter

    parser = commands.add_parser(
        "data",
        help="describe FER2013: class counts, faces, duplicates and FER+'s votes",
        description="Write statistics of FER2013 as a page, plots and JSON.",
        epilog="The files contain pictures of the data set: check its terms before sharing them.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument("--dataset", metavar="SOURCE", default=FER2013_DATASET_ID, help=SOURCE_HELP)
    parser.add_argument(
        "--ferplus",
        metavar="FILE",
        help="fer2013new.csv with FER+'s votes; found in the folder of a csv",
    )
    add_map(parser)
    parser.add_argument(
        "--output", type=Path, default=Path("runs/data"), metavar="FOLDER", help="for the files"
    )
    parser.set_defaults(run=run_data)


def run_data(options: argparse.Namespace) -> str:
    """Compute a data set's statistics, write the files, and return the findings as text.

    Raises:
        ValueError: It can't be read.
    """
    with output_folder(options.output) as folder:
        return write_statistics(options, folder)


def write_statistics(options: argparse.Namespace, folder: Path) -> str:
    """Write a data set's statistics into a folder; return what is printed of them."""
    from fer.data.dataset_report import dataset_report_html, describe_dataset
    from fer.data.fer2013 import load_arrays, load_fer2013
    from fer.data.label_map import LabelMap
    from fer.data.statistics import dataset_statistics

    loaded = load_fer2013(options.dataset, options.ferplus, LabelMap.parse(options.map))
    splits = {name: load_arrays(split) for name, split in loaded.items()}
    statistics = dataset_statistics(splits)
    sections = describe_dataset(statistics)
    pictures = save_plots(draw_data(splits, statistics), folder)
    write_file(folder / "data.json", json.dumps(statistics, indent=2) + "\n")
    title = f"FER2013 from {options.dataset}"
    page = folder / "data.html"
    write_file(page, dataset_report_html(title, sections, pictures))
    sentences = [line for name in ("counts", "duplicates", "votes") for line in sections[name]]
    if "train" in splits and "validation" not in splits:
        sentences.append(NO_VALIDATION)
    return "\n".join(
        [*sentences, f"Everything is in {whole_path(folder)}; open {page.name} first."]
    )


def draw_data(
    splits: Mapping[str, "FerArrays"], statistics: Mapping[str, "SplitStatistics"]
) -> dict[str, tuple["Figure", str]]:
    """Return the plots by name, each with its alternative text.

    Faces and duplicates are of the first split, train where there is one; votes are of the first
    split that has any.
    """
    from fer.data import dataset_plots as plots

    first = next(iter(splits))
    arrays = splits[first]
    duplicates = conflicting_duplicates(arrays, statistics[first]["duplicates"]["rows"])
    voted = [(name, votes) for name, split in statistics.items() if (votes := split["ferplus"])]
    drawn = {
        "counts": (
            plots.counts_plot(statistics),
            f"faces of each expression: {describe_counts(statistics)}",
        ),
        "faces": (
            plots.faces_plot(arrays.images, arrays.labels),
            f"mean face and examples of each expression in {first}",
        ),
    }
    if duplicates:
        alt = f"duplicates with conflicting labels in {first}"
        drawn["duplicates"] = (plots.duplicates_plot(duplicates), alt)
    if voted:
        name, votes = voted[0]
        alt = f"majority of the votes for each label in {name}: {describe_votes(votes['matrix'])}"
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
            with new_file(file) as unfinished:
                figure.savefig(unfinished, dpi=110)
            pictures.setdefault(section, []).append((file.read_bytes(), alt))
    return pictures


def describe_counts(statistics: Mapping[str, "SplitStatistics"]) -> str:
    """Return the counts of all splits in words, as alternative text of the plot."""
    return "; ".join(
        f"in {name} " + ", ".join(f"{count:,} {label}" for label, count in split["counts"].items())
        for name, split in statistics.items()
    )


def describe_votes(matrix: Sequence[Sequence[int]]) -> str:
    """Return the most frequent majority of each label, in words."""
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
    """Return the first pairs of duplicates, each picture with its label."""
    from fer.labels import EXPRESSIONS

    names = [EXPRESSIONS[label] for label in arrays.labels]
    return [
        (arrays.images[one], names[one], arrays.images[other], names[other])
        for one, other in rows[:MAX_DUPLICATES]
    ]
