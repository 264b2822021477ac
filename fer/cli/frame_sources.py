"""Frame sources of the camera window: a camera, of which the latest frame counts, or a video file.

OpenCV delivers cameras' frames as BGR; they are converted to RGB here.
"""

import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from fer.array_types import UInt8Array
from fer.clock import PausableClock
from fer.video import Frame, VideoReader

logger = logging.getLogger(__name__)

CAMERA_TIMEOUT = 3.0
"""Seconds without a picture after which a camera counts as lost."""

DEFAULT_FRAME_DURATION = 1 / 30
"""Seconds for which a camera's frame is assumed to be on the screen."""


ADDRESS = re.compile(r"(rtsps?|https?)://", re.IGNORECASE)
"""How the address of a network camera begins."""

CAMERA = re.compile(r"(?:/dev/video)?(?P<index>[0-9]+)")
"""A camera of this machine: its number, or its file on Linux."""

MAX_INDEX = 2**31 - 1 - 10_000
"""OpenCV takes no larger number, and adds that of the system's own library."""

OPEN_TIMEOUT = 10_000
"""Milliseconds in which a network camera has to respond."""


NO_CAMERA = "There is no camera {}; connect one, or name a video file."


class SourceError(ValueError):
    """A camera or file that can't be used; the message names the reason and what to do."""


class FrameSource(Protocol):
    """A source of frames for the window; a context manager that closes it."""

    @property
    def clock(self) -> PausableClock:
        """The time of the frames; while it is stopped, so is the source."""

    @property
    def ended(self) -> bool:
        """Whether there will be no further frame."""

    @property
    def warning(self) -> str | None:
        """What couldn't be read, as a sentence; known at the end."""

    def read(self) -> Frame | None:
        """Return a new frame if one is due, without waiting."""


class CameraSource(AbstractContextManager["CameraSource"]):
    """A camera; a thread fetches its pictures, and only the latest one is handed on.

    Args:
        capture: The opened camera.
        name: Its name in messages.

    Raises:
        SourceError: It delivers no frames.
    """

    warning: str | None = None

    def __init__(self, capture: cv2.VideoCapture, name: str) -> None:
        """Fetch a first picture, then start the thread."""
        self._capture, self._name = capture, name
        good, picture = capture.read()
        if not good:
            capture.release()
            raise SourceError(busy_message(name))
        self._latest: UInt8Array | None = np.asarray(picture, np.uint8)
        self._gone = self._closing = False
        self.clock = PausableClock()
        self._thread = threading.Thread(target=self._fetch, daemon=True)
        self._thread.start()

    def _fetch(self) -> None:
        last = time.monotonic()
        try:
            while not self._closing and time.monotonic() - last <= CAMERA_TIMEOUT:
                good, picture = self._capture.read()
                if good:
                    self._latest, last = np.asarray(picture, np.uint8), time.monotonic()
                else:
                    time.sleep(0.01)
        except cv2.error as error:
            logger.warning("%s: %s", self._name, error)
        self._gone = True

    @property
    def ended(self) -> bool:
        """A camera has no end.

        Raises:
            SourceError: It delivers no frames any more.
        """
        if self._gone:
            raise SourceError(f"{self._name} gives no more pictures; is it still connected?")
        return False

    def read(self) -> Frame | None:
        """Return the latest picture, unless it was already returned."""
        picture, self._latest = self._latest, None
        if picture is None:
            return None
        image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        return Frame(image, self.clock.now(), DEFAULT_FRAME_DURATION)

    def __exit__(self, *error: object) -> None:
        """Release the camera, unless the thread still waits for it, as for one in a network.

        Releasing it there would crash; the process's end does it, too.
        """
        self._closing = True
        self._thread.join(CAMERA_TIMEOUT)
        if not self._thread.is_alive():
            self._capture.release()


class VideoSource(AbstractContextManager["VideoSource"]):
    """A video file at its own pace: late frames are skipped.

    Args:
        path: The file.
        system: Seconds on any steadily rising clock.

    Raises:
        fer.video.VideoError: It can't be read.
    """

    def __init__(self, path: Path, system: Callable[[], float] = time.monotonic) -> None:
        """Open the file; its time begins with the first `read`."""
        self._reader = VideoReader(path, unlimited=True)
        self._frames = iter(self._reader)
        self._next: Frame | None = next(self._frames, None)
        self.clock = PausableClock(system)
        self._begun = False

    @property
    def warning(self) -> str | None:
        """What couldn't be read, as a sentence; known at the end."""
        return self._reader.warning

    @property
    def ended(self) -> bool:
        """Whether the last frame was returned."""
        return self._next is None

    def read(self) -> Frame | None:
        """Return the latest frame that is due, unless it was already returned."""
        if not self._begun:
            self._begun, self.clock = True, PausableClock(self.clock.system)
        now, due = self.clock.now(), None
        while self._next is not None and self._next.time <= now:
            due, self._next = self._next, next(self._frames, None)
        return due

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._reader.__exit__(*error)


def open_source(name: str) -> CameraSource | VideoSource:
    """Open a camera by its number, "0" for the first, or its address, or else a file.

    Raises:
        SourceError: There is no such camera, or it is busy.
        fer.video.VideoError: The file can't be read.
    """
    if ADDRESS.match(name):
        return open_network_camera(name)
    camera = CAMERA.fullmatch(name)
    return open_camera(int(camera["index"])) if camera else VideoSource(Path(name))


def open_network_camera(address: str) -> CameraSource:
    """Open a camera by its address, `rtsp://...` or `http://...`.

    Raises:
        SourceError: Nothing there delivers pictures.
    """
    # Without user and password, in which there may be any letters.
    name = re.sub(r"//.*@", "//", address)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    timeouts = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC)
    settings = [number for timeout in timeouts for number in (timeout, OPEN_TIMEOUT)]
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, settings)
    if capture.isOpened():
        return CameraSource(capture, name)
    capture.release()
    raise SourceError(
        f"{name} gives no picture; check the address, its user and password, and that the camera "
        "is on."
    )


def open_camera(index: int, devices: Path = Path("/dev")) -> CameraSource:
    """Open a camera by its number, 0 for the first.

    Args:
        index: The number.
        devices: Where Linux lists cameras.

    Raises:
        SourceError: There is none, or it is busy.
    """
    name = f"Camera {index}"
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # our own message suffices
    if index > MAX_INDEX:
        raise SourceError(NO_CAMERA.format(index))
    capture = cv2.VideoCapture(index)
    if capture.isOpened():
        return CameraSource(capture, name)
    capture.release()
    if sys.platform == "linux" and not (devices / f"video{index}").exists():
        raise SourceError(NO_CAMERA.format(index))
    raise SourceError(busy_message(name))


def busy_message(name: str) -> str:
    """Return why a camera that is there gives no picture."""
    return (
        f"{name} gives no picture: another program may be using it, or you may not; close that "
        "program or allow this one the camera, then try again."
    )
