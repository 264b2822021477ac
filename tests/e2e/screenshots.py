"""Take pictures of the page: `python -m tests.e2e.screenshots FOLDER [--readme]`.

Both tabs and the About panel, light and dark, 1280 and 390 pixels wide, as PNG. With `--readme` two
of them go into `docs`, where the README shows them.
"""

import argparse
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e.browser import ROOT, browser, serve, start_recording, write_camera

WIDTHS = {"wide": (1280, 860), "narrow": (390, 844)}

README_WIDTH = 860
"""Pixels; keeps the file small."""


def shoot(playwright, url: str, out: Path, photo: Path, scratch: Path) -> None:
    """Save all pictures of the page at `url` into `out`."""
    camera = write_camera(scratch / "camera.y4m")
    for width, (columns, rows) in WIDTHS.items():
        for scheme in ("light", "dark"):
            options = {
                "viewport": {"width": columns, "height": rows},
                "color_scheme": scheme,
                "is_mobile": width == "narrow",
            }
            with browser(playwright, scratch / f"{width}-{scheme}", camera, **options) as context:
                _shoot_page(context.pages[0], url, photo, out / f"{width}-{scheme}")


def _shoot_page(page, url: str, photo: Path, prefix: Path) -> None:
    def snap(name: str) -> None:
        page.screenshot(path=f"{prefix}-{name}.png", full_page=True)

    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(800)
    snap("start")
    start_recording(page)
    page.locator("#live-view img").wait_for(state="attached")
    page.wait_for_timeout(2500)
    snap("live")
    page.locator("#live-camera button.capture-button").click()
    page.get_by_role("tab", name="Photo").click()
    page.wait_for_timeout(600)
    snap("photo-empty")
    page.locator("#photo-input input[type=file]").set_input_files(photo)
    page.locator("#photo-result figure").wait_for()
    page.wait_for_timeout(600)
    snap("photo")
    page.get_by_role("tab", name="About").click()
    page.wait_for_timeout(600)
    snap("about")


def save_for_readme(folder: Path) -> None:
    """Save the pictures that the README shows: Photo on a wide screen, Live on a narrow one."""
    (ROOT / "docs").mkdir(exist_ok=True)
    shutil.copy(folder / "narrow-light-live.png", ROOT / "docs" / "live.png")
    with Image.open(folder / "wide-light-photo.png") as picture:
        size = README_WIDTH, round(README_WIDTH * picture.height / picture.width)
        smaller = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    smaller.save(ROOT / "docs" / "photo.png", optimize=True)


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    parser.add_argument("--readme", action="store_true", help="renew docs/live.png and photo.png")
    parser.add_argument("--url", help="a page that runs already; without it the app is started")
    parser.add_argument("--photo", type=Path, default=ROOT / "fer/ui/examples/astronaut.jpg")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        server = nullcontext(arguments.url) if arguments.url else serve(scratch)
        with server as url, sync_playwright() as playwright:
            shoot(playwright, url, arguments.folder, arguments.photo, scratch)
    if arguments.readme:
        save_for_readme(arguments.folder)


if __name__ == "__main__":
    main()
