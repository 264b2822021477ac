"""The `fer` command: `python -m fer push runs/fer you/name --tag v1`.

Each command is a module beside this one, which adds its own parser.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from fer import __version__
from fer.cli.camera_command import add_camera
from fer.cli.collect_command import add_collect
from fer.cli.compare_command import add_compare
from fer.cli.data_command import add_data
from fer.cli.evaluate_command import add_evaluate
from fer.cli.export_command import add_export
from fer.cli.photo_command import add_photo
from fer.cli.push_command import add_push
from fer.cli.run_command import add_run
from fer.cli.video_command import add_video
from fer.terminal import INTERRUPTED, DefaultsHelpFormatter, hide_exif_warnings

BROKEN_PIPE = 141
"""Exit status where the reader of the output is gone, as shells have it for SIGPIPE."""

EMPTY = "an argument is empty; check the variable that it comes from"
"""An empty path would be the folder that the command is started in."""

EXAMPLES = """\
Examples:
  fer photo holiday.jpg                          what each face in it looks like
  fer photo photos --output results              of a folder, with tables and annotated copies
  fer video lesson.mp4 --output lesson           annotated video, timeline and report
  fer camera                                     the first camera, in a window
  fer run archive --output results               any number of both into tables

fer COMMAND --help lists the options of a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments`, or the command line, names.

    Returns:
        The exit status: 0; 1 after an error, which is one sentence on stderr; 130 after Ctrl-C;
        141 where nobody reads the output any more.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a letter it can't show is no reason to fail
    hide_exif_warnings()
    given = sys.argv[1:] if arguments is None else arguments
    parser = build_parser()
    if any(not word or (word.startswith("--") and word.endswith("=")) for word in given):
        parser.error(EMPTY)
    options = parser.parse_args(given)
    try:
        output = options.run(options)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"fer {options.command}: {describe_error(error)}\n")
        return 1
    except ModuleNotFoundError as error:
        missing = f"It needs {error.name}, which is not installed here; install requirements.txt."
        sys.stderr.write(f"fer {options.command}: {missing}\n")
        return 1
    except KeyboardInterrupt as stop:
        line = "\n" if sys.stderr.isatty() else ""  # a terminal writes ^C
        kept = " ".join(["Interrupted.", str(stop)]).strip()
        sys.stderr.write(f"{line}fer {options.command}: {kept}\n")
        return INTERRUPTED
    return write_output(f"{output}\n", options.command)


def write_output(text: str, command: str) -> int:
    """Write to stdout and return the exit status: a closed pipe or a full disk is no traceback."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return BROKEN_PIPE
        sys.stderr.write(f"fer {command}: The output can't be written: {error.strerror}.\n")
        return 1
    return 0


def describe_error(error: ValueError | OSError) -> str:
    """Return an error in one sentence; one of the system's own with the file it is about."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="fer",
        description="Facial-expression recognition: find faces, name their expressions, follow "
        "them over time.",
        epilog=EXAMPLES,
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fer {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


COMMANDS: "tuple[Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None], ...]" = (
    add_camera,
    add_collect,
    add_compare,
    add_data,
    add_evaluate,
    add_export,
    add_photo,
    add_push,
    add_run,
    add_video,
)
"""What adds each command to the parser, in the order of the help."""
