"""The `fer` command: `python -m fer push runs/fer you/name --tag v1`.

A command is a file beside this one; it adds itself to the form.
"""

import argparse
import io
import sys
from collections.abc import Callable, Sequence

from fer.cli.camera_command import add_camera
from fer.cli.data_command import add_data
from fer.cli.evaluate_command import add_evaluate
from fer.cli.export_command import add_export
from fer.cli.photo_command import add_photo
from fer.cli.push_command import add_push
from fer.cli.video_command import add_video

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the signal's number."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments`, or the command line, names.

    Returns:
        The exit status: 0; 1 after an error, which is one sentence on stderr; 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a letter it can't show is no reason to fail
    options = build_parser().parse_args(arguments)
    try:
        output = options.run(options)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"fer {options.command}: {describe_error(error)}\n")
        return 1
    except KeyboardInterrupt as stop:
        sys.stderr.write(
            f"fer {options.command}: {' '.join(['Interrupted.', str(stop)]).strip()}\n"
        )
        return INTERRUPTED
    sys.stdout.write(f"{output}\n")
    return 0


def describe_error(error: ValueError | OSError) -> str:
    """Return an error in one sentence; one of the system's own with the file it is about."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def build_parser() -> argparse.ArgumentParser:
    """Return the form with all commands."""
    parser = argparse.ArgumentParser(prog="fer", description="Facial-expression recognition.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


COMMANDS: "tuple[Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None], ...]" = (
    add_camera,
    add_data,
    add_evaluate,
    add_export,
    add_photo,
    add_push,
    add_video,
)
"""What adds each command to the form, in the order of the help."""
