"""Leave a camera on for ten minutes and see whether the server's memory grows or files stay behind.

    python -m benchmarks.soak

The real app, a real browser with a fake camera. Every five seconds: the server's memory and the
files in its folders. Growth counts after the first minute, as what is needed once is there by then.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.memory import resident
from benchmarks.paper import circumstances, table, write
from tests.e2e.browser import browser, serve, start_recording, write_camera

STEP = 5.0
"""Seconds between two looks."""

WARM_UP = 60.0
"""Seconds after which growth counts."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder, profile = Path(name) / "app", Path(name) / "profile"
        folder.mkdir()
        camera = write_camera(Path(name) / "camera.y4m")
        with serve(folder) as url, browser(playwright, profile, camera) as context:
            page = context.pages[0]
            page.goto(url)
            before = files(folder)
            start_recording(page)
            looks = watch(page, folder, 60 * options.minutes)
        left = sorted(files(folder) - before)
    figures = summary(looks)
    print(table([{key: value for key, value in figures.items() if key != "looks"}]))
    report = {**circumstances("benchmarks.soak", arguments), "minutes": options.minutes}
    write({**report, **figures, "files_left": left}, options.output)


def watch(page: Page, folder: Path, seconds: float) -> list[dict[str, float]]:
    """Look at the server until the time is up: memory in MB, files, frames shown so far."""
    server = server_of(folder)
    page.evaluate(COUNT)
    start, looks = time.monotonic(), []
    while (now := time.monotonic() - start) < seconds:
        looks.append(
            {
                "time": round(now, 1),
                "memory_mb": round(resident("VmRSS", server / "status"), 1),
                "files": len(files(folder)),
                "frames": page.evaluate("window.framesShown"),
            }
        )
        page.wait_for_timeout(1000 * STEP)
    return looks


COUNT = """() => {
  const view = document.querySelector("#live-view");
  let last = null;
  window.framesShown = 0;
  new MutationObserver(() => {
    const source = view.querySelector("img")?.src;
    if (source && source !== last) window.framesShown += 1;
    last = source;
  }).observe(view, { childList: true, subtree: true, attributes: true });
}"""


def server_of(folder: Path) -> Path:
    """Return the process, in /proc, whose uploads go to this folder.

    Raises:
        RuntimeError: There is none.
    """
    wanted = f"GRADIO_TEMP_DIR={folder / 'uploads'}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                return process
        except OSError:
            continue  # ended, or not ours
    raise RuntimeError(f"No process keeps its uploads in {folder}.")


def files(folder: Path) -> set[str]:
    """Return all files and folders below, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def summary(looks: Sequence[dict[str, float]]) -> dict[str, object]:
    """Return how memory and files grew after the first minute, or from the start in a short run."""
    later = [look for look in looks if look["time"] >= WARM_UP] or looks
    span = looks[-1]["time"] - looks[0]["time"]
    return {
        "start_mb": looks[0]["memory_mb"],
        "after_a_minute_mb": later[0]["memory_mb"],
        "end_mb": later[-1]["memory_mb"],
        "growth_mb": round(later[-1]["memory_mb"] - later[0]["memory_mb"], 1),
        "most_files": max(look["files"] for look in looks),
        "frames_per_second": round(looks[-1]["frames"] / span, 2) if span else None,
        "looks": list(looks),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
