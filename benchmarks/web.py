"""Measure the on-device page in a browser: results and pictures per second, and its first load.

    python -m benchmarks.web

Chromium's fake camera plays a made-up scene of 640 x 480 pixels and 30 frames a second, with one
face and with six; networks and page run in the browser, on one thread each. *Results* are frames
that the networks have read, *pictures* those of the camera over which boxes were drawn; the
processor's time is that of the worker's thread. The first load is each file of the built page once,
as it travels compressed. On a machine that does other work, `--nice -19` (as root) lets that wait.
Takes two minutes.
"""

import argparse
import gzip
import os
import re
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median

import cv2
import psutil
from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.reporting import circumstances, table, write
from benchmarks.scenes import RATE, Actor, Scene, acted, grid_of_actors
from tests.e2e.browser import browser
from tests.web.site import Site, build, serve

SIZE = (640, 480)
SCENES = {
    "one face": acted("one face", SIZE, [Actor(1, (320, 250), 340, 60)]),
    "six faces": acted("six faces", SIZE, grid_of_actors(SIZE, (3, 2), 200)),
}

FRAMES = 180
"""Length of the camera's film, which is played in a loop."""

TIMEOUT = 120
"""Seconds for the page to load; a busy machine needs them."""

WARM_UP = 4.0
"""Seconds that aren't counted."""

WATCH = """
window.results = [];
window.pictures = 0;
window.Worker = class extends window.Worker {
  constructor(...options) {
    super(...options);
    this.addEventListener("message", ({ data }) => {
      if (data.type === "faces") window.results.push([data.milliseconds, data.faces.length]);
    });
  }
};
const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
  window.pictures++; // the page asks again at each picture
  return request.call(this, callback);
};
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options, start = _parser().parse_args(arguments), circumstances("benchmarks.web", arguments)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        built = build(folder / "dist")
        scenes = {
            name: visit(
                playwright, built, scene, folder / scene.name, options.seconds, options.nice
            )
            for name, scene in SCENES.items()
        }
        load = first_load(built)
    report = {
        **start,
        "camera": {"rate": RATE, "width": SIZE[0], "height": SIZE[1]},
        "seconds": options.seconds,
        "scenes": scenes,
        "first_load_mb": load,
    }
    print(table([{"scene": name, **figures} for name, figures in scenes.items()]))
    print(f"first load: {load}")
    write(report, options.output)


def visit(
    playwright: Playwright,
    built: Path,
    scene: Scene,
    folder: Path,
    seconds: float,
    nice: int | None,
) -> dict[str, float]:
    """Return what one visitor gets whose camera plays a scene; its files go to `folder`."""
    folder.mkdir()
    camera = write_scene(scene, folder / "camera.y4m")
    profile = folder / "profile"
    with serve(built) as site, browser(playwright, profile, camera) as context:
        page = context.new_page()
        page.set_default_timeout(1000 * TIMEOUT)
        page.add_init_script(WATCH)
        page.goto(site.url)
        page.locator("html[data-ready]").wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => {})")
        version = context.browser.version if context.browser else ""
        return {**watch(page, site, seconds, nice), "browser": version}


def watch(page: Page, site: Site, seconds: float, nice: int | None) -> dict[str, float]:
    """Start the camera, wait until it has warmed up, and return the figures."""
    page.get_by_role("button", name="Start camera").click()
    page.locator("#panel .fer-rate").wait_for()
    if nice is not None:
        set_priority(nice)
    page.wait_for_timeout(1000 * WARM_UP)
    before = page.evaluate("[performance.now(), pictures, results.length]")
    requests, busy = len(site.requests), worker_seconds()
    page.wait_for_timeout(1000 * seconds)
    after = page.evaluate("[performance.now(), pictures, results]")
    busy, elapsed = worker_seconds() - busy, (after[0] - before[0]) / 1000
    return {
        **figures(after[2][before[2] :], elapsed, busy),
        "pictures_per_second": round((after[1] - before[1]) / elapsed, 1),
        "requests": len(site.requests) - requests,
    }


def worker_seconds() -> float:
    """Return the processor's time that the page's worker has used so far."""
    seconds = 0.0
    for process in psutil.Process().children(recursive=True):
        for thread in process.threads():
            name = Path(f"/proc/{process.pid}/task/{thread.id}/comm").read_text().strip()
            if name == "DedicatedWorker":
                seconds += thread.user_time + thread.system_time
    return seconds


def set_priority(nice: int) -> None:
    """Give all threads of the browser a priority; it has given them some of its own."""
    for process in psutil.Process().children(recursive=True):
        for thread in process.threads():
            os.setpriority(os.PRIO_PROCESS, thread.id, nice)


def figures(results: Sequence[tuple[float, int]], seconds: float, busy: float) -> dict[str, float]:
    """Return the figures of the results that came within so many seconds.

    Args:
        results: Of each the milliseconds that it took, and its number of faces.
        seconds: How long was watched.
        busy: Seconds of the processor that they took together.
    """
    took = [milliseconds for milliseconds, _ in results]
    if not took:
        raise RuntimeError("The page has read no frame; see what it shows.")
    return {
        "results_per_second": round(len(results) / seconds, 1),
        "milliseconds": round(median(took), 1),
        "processor_milliseconds": round(1000 * busy / len(results), 1),
        "faces": round(sum(faces for _, faces in results) / len(results), 2),
    }


def write_scene(scene: Scene, path: Path) -> Path:
    """Write a scene's first frames as the camera's film, Y4M."""
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{RATE:.0f}:1 Ip A1:1 C420\n".encode())
        for view in islice(scene.play(), FRAMES):
            film.write(b"FRAME\n" + cv2.cvtColor(view.image, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def first_load(built: Path) -> dict[str, float]:
    """Return the megabytes of a first visit by kind of file, and their sum."""
    kinds = {"runtime": r"models/ort-.*", "networks": r"models/.*", "page": r"(?!README).*"}
    sizes = dict.fromkeys(kinds, 0)
    for path in filter(Path.is_file, built.rglob("*")):
        name = path.relative_to(built).as_posix()
        if kind := next((kind for kind in kinds if re.fullmatch(kinds[kind], name)), None):
            content = path.read_bytes()
            packed = path.suffix in (".xz", ".woff2", ".jpg", ".png")
            sizes[kind] += len(content if packed else gzip.compress(content))
    return {
        **{kind: round(size / 1e6, 2) for kind, size in sizes.items()},
        "total": round(sum(sizes.values()) / 1e6, 2),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="watched, after a warm-up")
    parser.add_argument(
        "--nice", type=int, help="the browser's; below 0, as root, other work hardly disturbs it"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
