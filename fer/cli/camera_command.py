"""`fer camera`: a camera or a video in a window on one's own desk, with boxes, labels and bars."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fer.help_formatter import DefaultsHelpFormatter

if TYPE_CHECKING:
    from fer.cli.camera_loop import CameraLoop

KEYS = "q quits, space pauses, s saves the picture, r starts and stops a recording"


def add_camera(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer camera`."""
    parser = commands.add_parser(
        "camera",
        help="read faces from a camera or a video in a window",
        description="Read faces from a camera or a video in a window.",
        epilog=f"Keys: {KEYS}.",
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "source", nargs="?", default="0", metavar="INDEX|FILE", help="a camera's number, or a video"
    )
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument(
        "--min-face", type=int, default=40, metavar="PIXELS", help="least face to look for"
    )
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="mirror the picture; cameras are mirrored if left out, files aren't",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="for pictures and recordings; made if need be",
    )
    parser.set_defaults(run=run_camera)


def run_camera(options: argparse.Namespace) -> str:
    """Show the window until it's closed, and say what was saved.

    Raises:
        ValueError: There is no screen, no such camera, or the file or the network won't do.
    """
    from fer.cli.camera_loop import CameraLoop, OutputNames
    from fer.cli.frame_sources import open_source
    from fer.cli.window import Window, require_display
    from fer.pipeline import Pipeline

    if options.output.exists() and not options.output.is_dir():
        raise ValueError(f"{options.output} is a file; name a folder.")
    require_display()
    with open_source(options.source) as source:
        pipeline = Pipeline.load(options.model, options.min_face)
        mirror = options.source.isdecimal() if options.mirror is None else options.mirror
        loop = CameraLoop(
            pipeline, source, Window, OutputNames(options.output, datetime.now), mirror
        )
        loop.run()
        return describe_saved(loop)


def describe_saved(loop: "CameraLoop") -> str:
    """Return what was saved, and what of a video couldn't be read."""
    saved = ", ".join(str(path) for path in loop.output_names.saved)
    words = [f"Saved {saved}." if saved else "Nothing was saved."]
    warning = getattr(loop.source, "warning", None)
    return " ".join([*words, warning] if warning else words)
