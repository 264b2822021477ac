"""Measure the Live tab in real browsers: displayed frames per second, and their age.

    python -m benchmarks.browser

Chromium's fake camera plays a film of 20 frames a second, each of which carries its number as a bar
code. The number in the picture that comes back is compared with the one in the camera's own picture
at the same moment: that is the way from glass to glass, in steps of 50 ms. First one visitor, then
four at once, all browsers on the server's own machine. Takes two minutes.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np
from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.reporting import circumstances, table, write
from tests.e2e.browser import CHROMIUM, camera_picture, flags, serve, start_camera

RATE = 20
"""Frames a second of the camera."""

FRAMES = 200
"""Length of the film, which is played in a loop; a delay of 10 s would look like none."""

BITS = 8
"""Of a frame's number, between a white and a black cell, which mark its left and right end."""

BAR = 40
"""Rows of the bar code, at the picture's lower edge."""

TIMEOUT = 120
"""Seconds for a page to load or a camera to start; a busy machine needs them."""

WARM_UP = 4.0
"""Seconds that aren't counted."""

WATCH = """
() => {
  const cells = %(cells)d, canvas = new OffscreenCanvas(cells, 1);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  function numberIn(picture, width, height) {
    pen.drawImage(picture, 0, height * %(middle)f - 2, width, 4, 0, 0, cells, 1);
    const data = pen.getImageData(0, 0, cells, 1).data;
    let bits = Array.from({ length: cells }, (_, cell) => (data[4 * cell] > 127 ? 1 : 0));
    if (bits[0] === bits[cells - 1]) return null;
    if (bits[0] === 0) bits = bits.reverse();
    return bits.slice(1, -1).reduce((number, bit) => 2 * number + bit, 0);
  }
  let last = null;
  window.watched = [];
  setInterval(() => {
    const shown = document.querySelector("#live-view img");
    const camera = document.querySelector("#live-camera video");
    if (!shown || !shown.complete || shown.src === last || !camera?.videoWidth) return;
    last = shown.src;
    const numbers = [
      numberIn(shown, shown.naturalWidth, shown.naturalHeight),
      numberIn(camera, camera.videoWidth, camera.videoHeight),
    ];
    window.watched.push([performance.now() / 1000, ...numbers]);
  }, 10);
}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        camera = write_numbered(folder / "camera.y4m")
        visits = {}
        for visitors in options.visitors:
            with serve(folder) as url:
                visits[visitors] = visit(playwright, url, camera, visitors, options.seconds)
    report = {
        **circumstances("benchmarks.browser", arguments),
        "camera": {"rate": RATE, "width": 640, "height": 480},
        "seconds": options.seconds,
        "visitors": visits,
    }
    print(table([row(*figures) for figures in numbered(visits)]))
    write(report, options.output)


def write_numbered(path: Path) -> Path:
    """Write the camera's film, Y4M: the astronaut sways, and each frame shows its number."""
    picture = camera_picture()
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W640 H480 F{RATE}:1 Ip A1:1 C420\n".encode())
        for number in range(FRAMES):
            shift = round(20 * np.sin(2 * np.pi * number / FRAMES * 4))
            frame = np.roll(picture, shift, axis=1)
            frame[-BAR:] = bar_code(number, frame.shape[1])
            film.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def bar_code(number: int, width: int) -> np.ndarray:
    """Return a number as cells side by side, RGB uint8 (rows, width, 3): white, its bits, black."""
    cells = [1, *(number >> bit & 1 for bit in reversed(range(BITS))), 0]
    places = np.arange(width) * len(cells) // width
    row = np.array(cells, np.uint8)[places] * 255
    return np.tile(row[None, :, None], (BAR, 1, 3))


def visit(
    playwright: Playwright, url: str, camera: Path, visitors: int, seconds: float
) -> list[dict[str, float]]:
    """Let so many visitors look into the camera at once; return each one's figures."""
    chromium = playwright.chromium.launch(
        executable_path=str(CHROMIUM), headless=True, args=flags(camera)
    )
    try:
        # A context each: a browser opens only six connections to a server, which its pages share.
        pages = [chromium.new_context().new_page() for _ in range(visitors)]
        for page in pages:
            page.set_default_timeout(1000 * TIMEOUT)
            page.goto(url)
        waits = [first_frame(page) for page in pages]
        for page in pages:
            page.evaluate(WATCH % {"cells": BITS + 2, "middle": 1 - BAR / 2 / 480})
        pages[0].wait_for_timeout(1000 * (WARM_UP + seconds))
        seen = [page.evaluate("[window.watched, performance.now() / 1000]") for page in pages]
    finally:
        chromium.close()
    return [
        {"first_frame": round(wait, 2), **figures(watched, now, seconds)}
        for wait, (watched, now) in zip(waits, seen, strict=True)
    ]


def first_frame(page: Page) -> float:
    """Press Record; return the seconds until the first frame came back."""
    start_camera(page)
    start = perf_counter()
    page.locator("#live-view img").wait_for()
    return perf_counter() - start


def figures(
    watched: Sequence[tuple[float, int | None, int | None]], now: float, seconds: float
) -> dict[str, float | int | None]:
    """Return what one visitor saw in the last `seconds` before `now`.

    Args:
        watched: Of each displayed picture the time in seconds, its number and the camera's then;
            None where a number couldn't be read.
        now: The end, on the same clock.
        seconds: How long was watched.
    """
    late = [row for row in watched if row[0] > now - seconds]
    times = [now - seconds, *(row[0] for row in late), now]
    delays = [
        (camera - shown) % FRAMES / RATE
        for _, shown, camera in late
        if shown is not None and camera is not None
    ]
    return {
        "frames_per_second": round(len(late) / seconds, 2),
        "longest_gap": round(max(np.diff(times)), 2),
        "glass_to_glass_median": round(median(delays), 3) if delays else None,
        "glass_to_glass_p90": round(float(np.quantile(delays, 0.9)), 3) if delays else None,
        "glass_to_glass_longest": round(max(delays), 3) if delays else None,
        "unread": len(late) - len(delays),
    }


def numbered(visits: dict[int, list[dict]]) -> list[tuple[int, int, dict]]:
    """Return how many visitors there were, which one it is, and its figures, one a visitor."""
    return [
        (visitors, number, seen)
        for visitors, all_seen in visits.items()
        for number, seen in enumerate(all_seen, start=1)
    ]


def row(visitors: int, number: int, seen: dict[str, float]) -> dict[str, object]:
    """Return a visitor's row of the table."""
    return {
        "visitors": visitors,
        "visitor": number,
        "first frame s": seen["first_frame"],
        "frames/s": seen["frames_per_second"],
        "longest gap s": seen["longest_gap"],
        "glass to glass s": seen["glass_to_glass_median"],
        "p90": seen["glass_to_glass_p90"],
        "longest": seen["glass_to_glass_longest"],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 4], help="at a time")
    parser.add_argument("--seconds", type=float, default=20, help="watched, after a warm-up")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
