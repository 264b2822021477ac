"""The page is terminated, or killed, while it analyses a recording."""

import os
import signal
import time
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from tests.e2e.browser import serve, write_film

SECONDS = 5
"""Within which nothing of the page may be left."""


def offspring(process):
    """Return the numbers of all processes that come from this one, and its own."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")")[1].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found & set(parents)


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.long)]
)
def test_no_process_is_left_of_a_page_that_ends_in_the_middle(tmp_path, number):
    film = write_film(tmp_path / "a.mp4", 60)
    with serve(tmp_path) as url:
        page = next(
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/environ")
            if _serves(path, tmp_path)
            and (path.parent / "cmdline").read_bytes().endswith(b"app.py\0")
        )
        client = Client(url, verbose=False)
        client.submit(handle_file(str(film)), "person", 15, api_name="/analyse_recording")
        deadline = time.monotonic() + 60
        while not list(tmp_path.rglob("annotated.mp4")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        processes = offspring(page)
        assert len(processes) >= 4  # the page, two servers and a worker
        os.kill(page, number)
        end = time.monotonic() + SECONDS
        while any(offspring(process) for process in processes):
            assert time.monotonic() < end
            time.sleep(0.05)


def _serves(environment, folder):
    try:
        return str(folder).encode() in environment.read_bytes()
    except OSError:
        return False
