"""Options of `fer video` for those who study recordings: exports, a start and end, and marks."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.paths import printable

if TYPE_CHECKING:
    from fer.recording.span import Span
    from fer.timeline.marks import Mark

ALL = ("all",)
"""`--export all`: every format that the view has."""


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Add --export, --start, --end and --marks."""
    parser.add_argument(
        "--export",
        type=_formats,
        default=(),
        metavar="FORMATS",
        help="files for other programs, separated by commas: elan, textgrid (Praat), boris, bids "
        "(events.tsv), vtt (the moments as subtitles); of every face in every frame also frames "
        "(CSV) and parquet, not with --view class; all for all that the view has",
    )
    add_span(parser)
    parser.add_argument(
        "--marks",
        type=Path,
        metavar="CSV",
        help="events and ranges of one recording, with the columns kind (event, left out, stretch "
        "or baseline), start, end and text; times are seconds or m:ss from the first picture. What "
        "is left out counts in no figure",
    )


def add_span(parser: argparse.ArgumentParser) -> None:
    """Add --start and --end."""
    for name, meaning in (("--start", "begins"), ("--end", "ends")):
        parser.add_argument(
            name,
            type=_seconds,
            metavar="TIME",
            help=f"where the analysis of each recording {meaning}, such as 90 or 1:30; times in "
            "the results count from the start",
        )


def span_of(options: argparse.Namespace) -> "Span":
    """Return from when to when recordings are analysed.

    Raises:
        ValueError: The end isn't after the start.
    """
    from fer.recording.span import Span

    return Span(options.start or 0.0, math.inf if options.end is None else options.end)


def _seconds(text: str) -> float:
    from fer.timeline.marks import parse_time

    seconds = parse_time(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90 or 1:30")
    return seconds


def _formats(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))


def read_marks(path: Path | None, several: bool) -> "Sequence[Mark]":
    """Return the marks of a file; none without one.

    Args:
        path: The file.
        several: Whether there are several recordings.

    Raises:
        ValueError: It can't be read, or the marks might be of any of several recordings.
    """
    from fer.timeline.marks import from_csv

    if path is None:
        return ()
    if several:
        raise ValueError("--marks belongs to one recording; name a single file.")
    try:
        return from_csv(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{printable(path)} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{printable(path)} is not in UTF-8; save it as CSV in UTF-8.") from error
