"""`fer data`: what FER2013 is like, as a page, plots and JSON."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fer.training.arrays import FerArrays

MOST_COPIES = 10
"""Pairs of copies that are shown."""


def add_data(commands: argparse._SubParsersAction) -> None:
    """Add `fer data`."""
    from fer.training.arguments import FormFormatter

    parser = commands.add_parser(
        "data",
        help="look at FER2013: counts, faces, copies, and what FER+'s voters say",
        description="Write a page, plots and JSON on what FER2013 is like.",
        epilog="The files hold pictures of the data set: mind its terms before you pass them on.",
        formatter_class=FormFormatter,
    )
    parser.add_argument(
        "--dataset", metavar="SOURCE", default="AutumnQiu/fer2013", help="as train.py takes it"
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
    from fer.show.data_report import data_html, findings
    from fer.training.exploration import explore
    from fer.training.fer2013 import load_arrays, load_fer2013

    splits = {name: load_arrays(split) for name, split in load_fer2013(options.dataset).items()}
    figures = explore(splits)
    said, folder = findings(figures), options.output
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for name, (section, figure, alt) in draw_data(splits, figures).items():
        figure.savefig(folder / f"{name}.png", dpi=110)
        content = (folder / f"{name}.png").read_bytes()
        pictures.setdefault(section, []).append((content, alt))
    (folder / "data.json").write_text(json.dumps(figures, indent=2) + "\n")
    page = folder / "data.html"
    page.write_text(data_html(f"FER2013 from {options.dataset}", said, pictures), encoding="utf-8")
    sentences = [sentence for name in ("counts", "copies", "votes") for sentence in said[name]]
    return "\n".join([*sentences, f"Everything is in {folder}; open {page.name} first."])


def draw_data(
    splits: Mapping[str, "FerArrays"], figures: Mapping[str, Mapping]
) -> dict[str, tuple[str, "Figure", str]]:
    """Return the plots by name, each with the page's section and what it shows."""
    from fer.show import data_plots

    first = next(iter(splits))
    shown, votes = splits[first], figures[first]["ferplus"]
    drawn = {
        "counts": ("counts", data_plots.counts_plot(figures), "faces of each expression, a split"),
        "faces": (
            "faces",
            data_plots.faces_plot(shown.images, shown.labels),
            "mean face and examples of each expression",
        ),
    }
    if pairs := differing_copies(shown, figures[first]["copies"]["rows"]):
        alt = "copies with differing labels"
        drawn["copies"] = ("copies", data_plots.copies_plot(pairs), alt)
    if votes:
        alt = "FER+'s majority for each label"
        drawn["votes"] = ("votes", data_plots.votes_plot(votes["matrix"]), alt)
        alt = "how many voters agree"
        drawn["unanimity"] = ("votes", data_plots.unanimity_plot(votes["unanimity"]), alt)
    return drawn


def differing_copies(arrays: "FerArrays", rows: list[list[int]]) -> list[tuple]:
    """Return the first pairs of copies with differing labels, each picture with its label."""
    from fer.labels import EXPRESSIONS

    names = [EXPRESSIONS[label] for label in arrays.labels]
    return [
        (arrays.images[one], names[one], arrays.images[other], names[other])
        for one, other in rows[:MOST_COPIES]
    ]
