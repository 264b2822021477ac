"""Take pictures of the page: `python -m tests.e2e.screenshots FOLDER [--readme]`.

All tabs, light and dark, 1280 and 390 pixels wide, as PNG. With `--readme` two of them go into
`docs`, where the README shows them, beside a moving picture of the Live tab.
"""

import argparse
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from skimage.data import astronaut

from tests.e2e.browser import (
    DRAWN,
    browser,
    serve,
    start_camera,
    stop_camera,
    write_camera,
    write_film,
)
from tests.security.server import ROOT

WIDTHS = {"wide": (1280, 860), "narrow": (390, 844)}

FILM_SIZE, FILM_FRAMES = (1000, 1000), 40
"""Pixels and pictures of the moving one."""

README_WIDTH = 860
"""Pixels; keeps the file small."""


def shoot(playwright, url: str, out: Path, samples: tuple[Path, Path], scratch: Path) -> None:
    """Save all pictures of the page at `url` into `out`; the samples are a photo and a video."""
    camera = write_camera(scratch / "camera.y4m")
    for width, (columns, rows) in WIDTHS.items():
        for scheme in ("light", "dark"):
            options = {
                "viewport": {"width": columns, "height": rows},
                "color_scheme": scheme,
                "is_mobile": width == "narrow",
            }
            with browser(playwright, scratch / f"{width}-{scheme}", camera, **options) as context:
                _shoot_page(context.pages[0], url, samples, out / f"{width}-{scheme}")


def film_live(playwright, url: str, path: Path, scratch: Path) -> None:
    """Save the Live tab with a growing timeline as a moving picture, WebP."""
    options = {"viewport": {"width": FILM_SIZE[0], "height": FILM_SIZE[1]}, "color_scheme": "light"}
    camera = write_camera(scratch / "film.y4m", frames=40)
    with browser(playwright, scratch / "film", camera, **options) as context:
        page = context.pages[0]
        page.goto(url)
        page.get_by_role("heading", level=1).wait_for()
        _choose_server(page)
        start_camera(page)
        page.wait_for_function(DRAWN)
        page.locator("#live-start").click()
        page.wait_for_timeout(1500)
        shots = []
        for _ in range(FILM_FRAMES):
            shots.append(Image.open(BytesIO(page.screenshot())).convert("RGB"))
            page.wait_for_timeout(150)
    first, *rest = shots
    first.save(path, save_all=True, append_images=rest, duration=250, loop=0, quality=60)


def _shoot_page(page, url: str, samples: tuple[Path, Path], prefix: Path) -> None:
    def snap(name: str, wait: int = 600) -> None:
        page.wait_for_timeout(wait)
        page.screenshot(path=f"{prefix}-{name}.png", full_page=True)

    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    snap("start", 800)
    _choose_server(page)
    _shoot_live(page, snap)
    page.get_by_role("tab", name="Photo").click()
    snap("photo-empty")
    page.locator("#photo-input input[type=file]").set_input_files(samples[0])
    page.locator("#photo-result figure").wait_for()
    snap("photo")
    page.get_by_role("tab", name="Recording").click()
    snap("recording-empty")
    _shoot_recording(page, snap, samples[1])
    page.get_by_role("tab", name="About").click()
    snap("about")


def _choose_server(page) -> None:
    """Leave the on-device page, with which the Live tab opens where it is built."""
    server = page.get_by_role("radio", name="On the server")
    if server.count():
        server.check()


def _shoot_live(page, snap: Callable) -> None:
    start_camera(page)
    page.wait_for_function(DRAWN)
    snap("live", 2500)
    page.locator("#live-start").click()
    snap("timeline", 12_000)
    page.locator("#live-stop").click()
    page.locator("#live-chart .fer-done").wait_for()
    snap("timeline-done")
    stop_camera(page)


def _shoot_recording(page, snap: Callable, video: Path) -> None:
    page.locator("#recording-input input[type=file]").set_input_files(video)
    page.locator(".fer-known").wait_for()
    page.locator("#recording-start").click()
    page.locator("#recording-progress [role=progressbar]").wait_for()
    snap("recording-work", 1500)
    page.locator("#recording-result .fer-chart").wait_for(timeout=300_000)
    page.wait_for_function("document.querySelector('#recording-video video')?.readyState >= 2")
    snap("recording", 1200)


def write_video(path: Path, seconds: int = 30) -> Path:
    """Write a video of the astronaut's face that is, for a while, a cat's."""
    with Image.open(ROOT / "fer/ui/photo/examples/cat.jpg") as picture:
        cat = np.asarray(picture.convert("RGB").resize((640, 480)))
    face = np.asarray(Image.fromarray(astronaut()[:270, 60:420]).resize((640, 480)))
    return write_film(path, seconds, lambda time: cat if 20 <= time < 23 else face)


def save_for_readme(folder: Path) -> None:
    """Save the pictures that the README shows: two tabs on a wide screen."""
    (ROOT / "docs").mkdir(exist_ok=True)
    for tab in ("photo", "recording"):
        with Image.open(folder / f"wide-light-{tab}.png") as picture:
            size = README_WIDTH, round(README_WIDTH * picture.height / picture.width)
            smaller = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        smaller.save(ROOT / "docs" / f"{tab}.png", optimize=True)


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    parser.add_argument("--readme", action="store_true", help="renew the pictures in docs")
    parser.add_argument("--url", help="a page that runs already; without it the app is started")
    parser.add_argument("--photo", type=Path, default=ROOT / "fer/ui/photo/examples/astronaut.jpg")
    parser.add_argument("--video", type=Path, help="a recording; without it one is made")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        server = nullcontext(arguments.url) if arguments.url else serve(scratch)
        with server as url, sync_playwright() as playwright:
            video = arguments.video or write_video(scratch / "recording.mp4")
            shoot(playwright, url, arguments.folder, (arguments.photo, video), scratch)
            if arguments.readme:
                film_live(playwright, url, ROOT / "docs" / "live.webp", scratch)
    if arguments.readme:
        save_for_readme(arguments.folder)


if __name__ == "__main__":
    main()
