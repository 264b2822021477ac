"""Hostile companions of honest visitors, each bounded in rate, and newcomers who measure the harm.

They are for a page of one's own on the loopback address: `tests.security.protocol` refuses others.
"""

import io
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
from PIL import Image

from tests.security.protocol import API, frame_data
from tests.security.visits import Visits

SILENT = 8
"""Cameras that send one frame and then nothing."""

BOMB_SIDE = 13_000
"""Pixels of a side of a frame whose file is small."""

PROMISED = 5_000_000
"""Bytes that a broken-off upload announces; a fifth of them is sent."""


class Hostile:
    """What visitors do who want the page to serve nobody else.

    Args:
        visits: Whose page is attacked, whose frames are used, and whose end is the end.
    """

    def __init__(self, visits: Visits) -> None:
        self.visits, self.page, self.over = visits, visits.page, visits.over
        side = (BOMB_SIDE, BOMB_SIDE)
        file = io.BytesIO()
        Image.new("L", side, 128).save(file, "PNG")
        self.bomb = frame_data(file.getvalue(), "png")

    def begin(self) -> list[threading.Thread]:
        """Start all companions; they end when the visits do."""
        pace = {self.abandon: 0.2, self.break_off: 0.5, self.bomb_camera: 1.0, self.appear: 0.1}
        acts = [*pace.items(), *[(self.be_silent, 1.0)] * SILENT]
        threads = [
            threading.Thread(target=self._repeat, args=(act, every), daemon=True)
            for act, every in acts
        ]
        for thread in threads:
            thread.start()
        return threads

    def _repeat(self, act: Callable[[], None], every: float) -> None:
        while not self.over.wait(every):
            try:
                act()
            except (httpx.HTTPError, OSError):
                continue  # refused, as it should be

    def be_silent(self) -> None:
        """Send one frame and stay: the page counts the camera as on for a while."""
        visitor = self.page.open_session()
        visitor.stay()
        visitor.read_frame(self.visits.frames[0])
        self.over.wait(10)
        visitor.leave()

    def abandon(self) -> None:
        """Ask for a photo to be read, and for nothing of the answer."""
        visitor = self.page.open_session()
        photo = visitor.upload(self.visits.photos[0], "photo.jpg")
        self.page.post(f"{API}/call/predict", {"data": [photo, 20, False]})

    def break_off(self) -> None:
        """Break off an upload after its first megabyte."""
        address = urlsplit(self.page.url)
        head = (
            f"POST {API}/upload HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {PROMISED}\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        )
        host, port = str(address.hostname), int(address.port or 80)
        with socket.create_connection((host, port), timeout=10) as connection:
            connection.sendall(head.encode() + bytes(PROMISED // 5))

    def bomb_camera(self) -> None:
        """Send a frame that is small as a file and enormous as a picture."""
        self.page.open_session().read_frame(self.bomb)

    def appear(self) -> None:
        """Come with a new session, which the page has to remember, and never again."""
        visitor, begin = self.page.open_session(), self.page.find("live-start.click")
        visitor.join(begin, visitor.inputs(begin))


class Newcomers:
    """Honest visitors who come one after the other and measure when their first frame is back.

    Args:
        visits: Whose page they come to.
        every: Seconds between two of them.
        patience: Seconds after which one gives up; it counts as waited for.
    """

    def __init__(self, visits: Visits, every: float = 5.0, patience: float = 60.0) -> None:
        self.visits, self.every, self.patience = visits, every, patience
        self.waits: list[float] = []

    def resume(self) -> None:
        """Come again and again until the visits are over."""
        while not self.visits.over.wait(self.every):
            start = time.monotonic()
            try:
                self.come()
            except httpx.HTTPError as error:
                self.visits.log.add_error("newcomer", repr(error))
                self.waits.append(max(self.patience, time.monotonic() - start))

    def come(self) -> None:
        """Open the camera, wait until a frame has been read, and leave."""
        visitor, start = self.visits.page.open_session(), time.monotonic()
        visitor.stay()
        while not visitor.read_frame(self.visits.frames[0]).success:  # the page is full
            if time.monotonic() - start > self.patience or self.visits.over.wait(1):
                break
        if not self.visits.over.is_set():
            self.waits.append(time.monotonic() - start)
        visitor.leave()
