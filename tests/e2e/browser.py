"""The real app in its own process and a real Chromium with a fake camera."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
from skimage.data import astronaut

from fer.video import VideoWriter
from tests.security.server import start

CHROMIUM = Path(shutil.which("chromium") or "/usr/bin/chromium")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    # Several pages at once are all looked at.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)


def camera_picture() -> np.ndarray:
    """Return what the fake camera sees: the astronaut as RGB uint8 (480, 640, 3)."""
    return cv2.resize(astronaut()[:384], (640, 480), interpolation=cv2.INTER_CUBIC)


def moved(picture: np.ndarray, shift: int) -> np.ndarray:
    """Return a picture moved to the left by so many pixels, its margin mirrored."""
    return np.hstack([picture[:, shift:], picture[:, picture.shape[1] - shift :][:, ::-1]])


def write_camera(path: Path, frames: int = 10) -> Path:
    """Write a Y4M film of the astronaut, 640 x 480; Chromium's fake camera plays it in a loop."""
    picture = camera_picture()
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420\n")
        for shift in (abs(i - frames // 2) for i in range(frames)):
            frame = cv2.cvtColor(moved(picture, shift), cv2.COLOR_RGB2YUV_I420)
            film.write(b"FRAME\n" + frame.tobytes())
    return path


def write_film(
    path: Path, seconds: int, scene: Callable[[float], np.ndarray] | None = None
) -> Path:
    """Write an MP4 of ten frames a second; `scene` gives the picture at a time, 640 x 480."""
    picture = camera_picture()
    with VideoWriter(path, 640, 480) as writer:
        for i in range(10 * seconds):
            shown = picture if scene is None else scene(i / 10)
            writer.write(moved(shown, abs(i % 20 - 10)), i / 10, 0.1)
    return path


@contextmanager
def serve(folder: Path, **environment: str) -> Iterator[str]:
    """Start `python app.py` and yield its address once it answers; its files go to `folder`."""
    with start(folder, **environment) as server:
        yield server.url


def flags(camera: Path | None) -> list[str]:
    """Return Chromium's flags for a camera that plays this file; without one if it's None."""
    if camera is None:
        return list(FLAGS)
    played = f"--use-file-for-fake-video-capture={camera.resolve()}"
    return [*FLAGS, "--use-fake-device-for-media-stream", played]


@contextmanager
def browser(playwright, folder: Path, camera: Path | None, **options) -> Iterator:
    """Yield a Chromium context whose camera plays `camera`; there is no camera when it is None."""
    context = playwright.chromium.launch_persistent_context(
        str(folder), executable_path=str(CHROMIUM), headless=True, args=flags(camera), **options
    )
    try:
        yield context
    finally:
        context.close()


@contextmanager
def blank_page(context) -> Iterator:
    """Yield a page before it is loaded; its errors, and requests elsewhere, fail the test."""
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    errors, requests = [], []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    yield page
    page.close()
    assert not errors, errors
    assert requests
    hosts = {urlsplit(request).hostname for request in requests if request.startswith("http")}
    assert hosts == {"127.0.0.1"}


def start_camera(page) -> None:
    """Start the camera on the Live tab; reading starts with it."""
    page.get_by_role("button", name="Start camera").click()
    page.wait_for_function("document.querySelector('#live-stage.on video')?.videoWidth > 0")


def stop_camera(page) -> None:
    """Stop the camera on the Live tab."""
    page.get_by_role("button", name="Stop", exact=True).click()


def choose_language(page, name: str) -> None:
    """Choose a language in Gradio's settings, which are open.

    By keyboard: Gradio places the list once, so when what is above moves, it may open out of sight.
    """
    box = page.get_by_role("combobox", name=re.compile("Language|Idioma"))
    box.fill(name)
    box.press("Enter")


DRAWN = """() => {
  const canvas = document.querySelector("#live-stage canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, i) => i % 4 === 3 && value > 0);
}"""
"""Whether anything is drawn over the camera's picture."""
