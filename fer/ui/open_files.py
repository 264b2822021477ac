"""Open files: each connection is one, and so is each pipe to a process that decodes a file."""

import resource
from contextlib import suppress

MAX_OPEN_FILES = 65_536
"""Open files for which the page's process asks the system."""


def raise_file_limit() -> None:
    """Let the process have many files and connections open; often it may have 1,024 at first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft not in (hard, resource.RLIM_INFINITY) and soft < wanted:
        with suppress(OSError, ValueError):  # the system has a limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
