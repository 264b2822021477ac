"""Options that several commands have, and their checks, which load no network."""

import argparse
from pathlib import Path

from fer.torch_device import check_device
from fer.vision.face_sizes import SMALLEST_FACE

SOURCE_HELP = (
    "a Hub id, fer2013.csv, or a folder with that file, with parquet files or with "
    "train/angry/... and so on"
)
"""What `--dataset` takes, for the help."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`, and `--device`, where it runs."""
    parser.add_argument(
        "--model",
        metavar="FOLDER_OR_ID",
        help="a folder that train.py has written, or a Hub id such as you/name; the embedded "
        "weights if left out",
    )
    add_device(parser)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add `--device`."""
    parser.add_argument(
        "--device",
        default="cpu",
        metavar="NAME",
        help="where the networks run, as PyTorch names it: cpu, cuda, cuda:1, mps",
    )


def add_min_face(parser: argparse.ArgumentParser, default: int) -> None:
    """Add `--min-face` with its default in pixels."""
    parser.add_argument(
        "--min-face",
        type=int,
        default=default,
        metavar="PIXELS",
        help="smallest face to look for, in pixels from forehead to chin; at least "
        f"{SMALLEST_FACE}",
    )


def add_rate(parser: argparse.ArgumentParser) -> None:
    """Add `--rate`."""
    parser.add_argument(
        "--rate",
        type=float,
        default=5.0,
        metavar="FRAMES",
        help="frames of a video a second that are analysed, 1 to 30",
    )


def add_map(parser: argparse.ArgumentParser) -> None:
    """Add `--map`, which `fer.data.label_map` reads."""
    parser.add_argument(
        "--map",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=EXPRESSION",
        help="expressions of labels or folders of other names, such as joy=happy; NAME=- "
        "leaves one out",
    )


def check_shared(options: argparse.Namespace) -> None:
    """Refuse values of the options above that won't do, before the work.

    Raises:
        ValueError: One is out of its range, there is no such folder, or no such device.
    """
    given = vars(options)
    if given.get("min_face") is not None and options.min_face < SMALLEST_FACE:
        raise ValueError(f"--min-face is at least {SMALLEST_FACE} pixels, not {options.min_face}.")
    if "rate" in given:
        from fer.recording.analysis_settings import check_rate  # takes a second

        check_rate(options.rate)
    check_model(given.get("model"))
    check_device(given.get("device", "cpu"))


def check_model(source: str | None) -> None:
    """Refuse what names neither a folder with a network nor a network on the Hub.

    Raises:
        ValueError: It doesn't.
    """
    if source is None:
        return
    from fer.model.hub import require_model_files, split_source

    if Path(source).is_dir():
        require_model_files(Path(source), source)
    else:
        split_source(source)
