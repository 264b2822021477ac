"""The `fer` command, as a script and as `python -m fer`."""

import signal
import sys


def run() -> int:
    """Run the command and return its exit status; Ctrl-C may come while it is still imported."""
    try:
        from fer.cli import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("fer: Interrupted.\n")
        return 128 + signal.SIGINT  # as shells have it


if __name__ == "__main__":
    sys.exit(run())
