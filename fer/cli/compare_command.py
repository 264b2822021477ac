"""`fer compare`: compare saved timelines, with confidence intervals."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.output_files import check_output_folder, write_file
from fer.paths import is_hidden, printable, real_path
from fer.terminal import DefaultsHelpFormatter

if TYPE_CHECKING:
    from fer.timeline.timeline import Timeline


def add_compare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer compare`."""
    parser = commands.add_parser(
        "compare",
        help="compare recordings, or marked stretches of them",
        description="Compare the timelines of recordings with the first of them: mean shares side "
        "by side, and differences\nwith 95 % intervals.",
        epilog="Intervals come from the ups and downs of the seconds. Seconds that marks leave out "
        "don't count; a class has figures of five faces or more only.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="TIMELINE",
        help="timeline.json of fer video, or the folder it is in, or one as the page saves it",
    )
    parser.add_argument(
        "--stretches",
        action="store_true",
        help="compare the stretches that are marked in the timelines, with the baseline first if "
        "there is one",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="a table of the comparison, too (CSV)"
    )
    parser.set_defaults(run=run_compare)


def run_compare(options: argparse.Namespace) -> str:
    """Compare timelines and return the comparison as text.

    Raises:
        ValueError: A file is no timeline, there is nothing to compare, or the timelines don't fit.
    """
    from fer.timeline.compare import compare_timelines
    from fer.timeline.comparison_table import comparison_csv, comparison_text

    files = [_timeline_file(path) for path in options.files]
    if options.output is not None:
        _check_output(options.output, files)
    loaded = {path: _load(path) for path in files}
    timelines = [(name, loaded[path][0]) for name, path in short_names(files)]
    comparison = compare_timelines(timelines, options.stretches)
    if options.output is not None:
        write_file(options.output, comparison_csv(comparison))
    networks = [network for _, network in loaded.values() if network]
    return comparison_text(comparison, networks)


def _timeline_file(path: Path) -> Path:
    """Return a file, or the only timeline in a folder, or in those inside it.

    Raises:
        ValueError: The folder holds none, or several.
    """
    if not path.is_dir():
        return path
    name = printable(path)
    for pattern in ("*timeline.json", "*/*timeline.json"):
        if found := sorted(file for file in path.glob(pattern) if not is_hidden(file)):
            break
    if not found:
        raise ValueError(f"{name} holds no timeline.json, as fer video writes it; name one.")
    if len(found) > 1:
        such_as = printable(found[0])
        raise ValueError(f"{name} holds {len(found)} timelines; name them, such as {such_as}.")
    return found[0]


def _check_output(output: Path, files: Sequence[Path]) -> None:
    """Raise ValueError where a table would be written over a timeline, or can't be written."""
    if output.is_dir():
        name = printable(output / "comparison.csv")
        raise ValueError(f"{printable(output)} is a folder; name a file, such as {name}.")
    if real_path(output) in [real_path(file) for file in files]:
        raise ValueError(f"{printable(output)} would be written over; name another file.")
    check_output_folder(output.parent)


def _load(path: Path) -> "tuple[Timeline, str]":
    """Return the timeline in a file, and its network's fingerprint, "" where it isn't stated.

    Raises:
        ValueError: There is none; the message names the file.
    """
    from fer.timeline.serialization import about_of, from_document, parse_json

    try:
        document = parse_json(path.read_text(encoding="utf-8"))
        return from_document(document), str(about_of(document).get("fingerprint", ""))
    except OSError as error:
        raise ValueError(f"{printable(path)} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{printable(path)} is no timeline as JSON.") from error
    except ValueError as error:
        raise ValueError(f"{printable(path)} can't be used. {error}") from error


def short_names(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Return a name of each file: its own, with as many folders as tell it from the others.

    Files that all have one name are named by folders alone.
    """
    places = [(*real_path(path).parent.parts, path.stem) for path in paths]
    if len(paths) > 1 and len({path.stem for path in paths}) == 1:
        places = [place[:-1] for place in places]
    names, depth = [place[-1] for place in places], 1
    while len(set(names)) < len(set(places)):
        depth += 1
        names = ["/".join(place[-depth:]) for place in places]
    return [(printable(name), path) for name, path in zip(names, paths, strict=True)]
