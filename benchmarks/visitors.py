"""Measure the Live tab's server path for many visitors: results per second, and their age.

    python -m benchmarks.visitors --visitors 16

Visitors speak the page's HTTP from threads of this process, without a browser: each keeps its page
open and sends the next frame once the one before has been answered, at most ten a second. A
result's age is the time since its frame was sent. Server and visitors share the machine.
"""

import argparse
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.reporting import circumstances, table, write
from tests.security.protocol import API, Page, frame_data
from tests.security.server import start
from tests.security.visits import camera_frames

INTERVAL = 0.1
"""Seconds from one frame to the next, at least, as the page has it."""

QUALITY = 85
"""Of the JPEG files, as the page has it."""

WARM_UP = 4.0
"""Seconds that aren't counted, in which all come and the networks are loaded."""

TIMEOUT = 120.0
"""Seconds without a byte after which a visitor gives up."""


class Visitor(threading.Thread):
    """One who has the camera on until the end.

    Args:
        page: The page.
        frames: As `frame_data` returns them, sent in a ring.
        end: When it ends, in seconds of `time.monotonic`.
    """

    def __init__(self, page: Page, frames: Sequence[dict[str, Any]], end: float) -> None:
        super().__init__(daemon=True)
        self.end, self.address = end, urlsplit(page.url)
        self.session, token = secrets.token_hex(6), secrets.token_hex(16)
        requested = {"component_id": page.component("live-camera"), "fn_name": "read_frame"}
        requested["session_hash"] = self.session
        data = [{"frame": frame, "token": token, "view": "person"} for frame in frames]
        self.bodies = [json.dumps({**requested, "data": each}).encode() for each in data]
        self.results: list[tuple[float, float]] = []  # when each came, and its age
        self.received = 0  # bytes

    def run(self) -> None:
        """Send frames until the end."""
        heartbeat = self._connection()
        heartbeat.request("GET", f"{API}/heartbeat/{self.session}")
        opened, connection = heartbeat.getresponse(), self._connection()
        while (sent := time.monotonic()) < self.end:
            body = self.bodies[len(self.results) % len(self.bodies)]
            head = {"Content-Type": "application/json"}
            connection.request("POST", f"{API}/component_server/", body, head)
            content = connection.getresponse().read()
            if not json.loads(content)["faces"] and len(self.results) > 1:
                raise RuntimeError(f"A frame was not read: {content[:300]!r}")
            now = time.monotonic()
            self.results.append((now, now - sent))
            self.received += len(content)
            time.sleep(max(0.0, sent + INTERVAL - time.monotonic()))
        opened.close()

    def _connection(self) -> HTTPConnection:
        return HTTPConnection(str(self.address.hostname), self.address.port, timeout=TIMEOUT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    if options.nice is not None:
        os.setpriority(os.PRIO_PROCESS, 0, options.nice)  # the server's, too
    with tempfile.TemporaryDirectory() as name, start(Path(name)) as server:
        page = Page(server.url)
        rows = {str(count): measure(page, count, options.seconds) for count in options.visitors}
    print(table([{"visitors": count, **row} for count, row in rows.items()]))
    report = {**circumstances("benchmarks.visitors", arguments), "seconds": options.seconds}
    write({**report, "visitors": rows}, options.output)


def measure(page: Page, count: int, seconds: float) -> dict[str, float]:
    """Let so many visitors come at once; return their figures."""
    frames = [frame_data(frame) for frame in camera_frames(quality=QUALITY)]
    begin = time.monotonic() + WARM_UP
    visitors = [Visitor(page, frames, begin + seconds) for _ in range(count)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    results = [visitor.results for visitor in visitors]
    total = sum(map(len, results))
    return {
        **figures(results, begin, seconds),
        "kilobytes_up": round(float(np.mean([len(body) for body in visitors[0].bodies])) / 1e3, 1),
        "kilobytes_down": round(sum(visitor.received for visitor in visitors) / total / 1e3, 1),
    }


def figures(
    results: Sequence[Sequence[tuple[float, float]]], begin: float, seconds: float
) -> dict[str, float]:
    """Return results per second and visitor, and their ages in seconds.

    Args:
        results: Of each visitor, when each result came and how old its frame was then.
        begin: When the measurement began, on the same clock.
        seconds: How long it lasted; what came later counts for the ages only.

    Raises:
        ValueError: A visitor got no result in time.
    """
    counted = [[(when, age) for when, age in each if when >= begin] for each in results]
    rates = [sum(when < begin + seconds for when, _ in each) / seconds for each in counted]
    if min(rates) == 0:
        raise ValueError("A visitor got no result in time.")
    ages = [age for each in counted for _, age in each]
    middle, high = np.quantile(ages, [0.5, 0.99])
    values = {
        "least_rate": min(rates),
        "mean_rate": float(np.mean(rates)),
        "age_median": float(middle),
        "age_p99": float(high),
        "age_longest": max(ages),
    }
    return {name: round(value, 3) for name, value in values.items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 4, 16], help="at a time")
    parser.add_argument("--seconds", type=float, default=20, help="measured, after a warm-up")
    parser.add_argument(
        "--nice", type=int, help="below 0, as root, other work hardly disturbs the measurement"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
