"""`fer collect`: what is in the tables of `fer run`, and these as spreadsheets."""

import argparse
from pathlib import Path

from fer.paths import whole_path
from fer.terminal import DefaultsHelpFormatter


def add_collect(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer collect`."""
    parser = commands.add_parser(
        "collect",
        help="state what is in the tables of fer run, and write them as spreadsheets",
        description="State what is in the tables of fer run, and which files were refused.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="--output of fer run")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="write the tables as CSV for spreadsheets, UTF-8, into FOLDER/csv: all photos "
        "together, and each video by itself, named after it",
    )
    parser.set_defaults(run=run_collect)


def run_collect(options: argparse.Namespace) -> str:
    """State what is in the tables, and write them where that is wanted.

    Raises:
        ValueError: There are none, or they can't be written.
    """
    from fer.batch.collection import SPREADSHEETS, file_rows, summarise_batch, write_spreadsheets
    from fer.recording.frame_table import require_pyarrow

    require_pyarrow()
    lines = [str(summarise_batch(file_rows(options.folder)))]
    if options.csv:
        count = len(write_spreadsheets(options.folder))
        spreadsheets = "1 spreadsheet is" if count == 1 else f"{count:,} spreadsheets are"
        lines.append(f"{spreadsheets} in {whole_path(options.folder / SPREADSHEETS)}.")
    return "\n".join(lines)
