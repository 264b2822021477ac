"""`fer camera`: a camera or a video in a desktop window, with boxes, labels and bars."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.shared_options import add_min_face, add_model, check_shared
from fer.output_files import check_output_folder
from fer.terminal import DefaultsHelpFormatter
from fer.vision.face_sizes import VIDEO_MIN_FACE

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
        "source",
        nargs="?",
        default="0",
        metavar="SOURCE",
        help="a camera's number, 0 for the first; a network camera's address, rtsp://... or "
        "http://...; or a video file",
    )
    add_model(parser)
    add_min_face(parser, VIDEO_MIN_FACE)
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="mirror the picture; cameras of this machine are mirrored if left out, others aren't",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="folder for pictures and recordings; created if missing",
    )
    parser.set_defaults(run=run_camera)


def run_camera(options: argparse.Namespace) -> str:
    """Show the window until it's closed, and return in words what was saved.

    Raises:
        ValueError: There is no such camera, no screen, or the file or the network won't do.
        KeyboardInterrupt: After Ctrl-C, with what was saved.
    """
    from fer.cli.camera_loop import CameraLoop, OutputNames
    from fer.cli.frame_sources import CAMERA, open_source
    from fer.cli.window import Window, require_display
    from fer.pipeline import Pipeline

    check_shared(options)
    check_output_folder(options.output)
    with open_source(options.source) as source:
        require_display()
        pipeline = Pipeline.load(options.model, options.min_face, options.device)
        mirror = (
            bool(CAMERA.fullmatch(options.source)) if options.mirror is None else options.mirror
        )
        loop = CameraLoop(
            pipeline, source, Window, OutputNames(options.output, datetime.now), mirror
        )
        try:
            loop.run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(describe_saved(loop)) from None
        return describe_saved(loop)


def describe_saved(loop: "CameraLoop") -> str:
    """Return what was saved, and what of a video couldn't be read."""
    saved = ", ".join(str(path) for path in loop.output_names.saved)
    words = f"Saved {saved}." if saved else "Nothing was saved."
    return " ".join(filter(None, (words, loop.source.warning)))
