"""Honest visitors: photos, streams, timelines, downloads, reloads, recordings; and their log."""

import io
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from PIL import Image

from tests.e2e.browser import camera_picture, moved
from tests.security.protocol import API, Outcome, Page, Session, frame_data

EXAMPLES = Path(__file__).resolve().parents[2] / "fer" / "ui" / "photo" / "examples"

EVERY = 0.1
"""Seconds between a camera's frames, as the page asks for them."""

SAVES = ("CSV", "JSON", "plot", "report")
"""What can be saved of a live timeline."""


@dataclass
class Log:
    """What happened to visitors, by kind: when it was done (seconds from the start) and how long.

    Threads write into it.
    """

    start: float = field(default_factory=time.monotonic)
    rows: list[tuple[str, float, float]] = field(default_factory=list)
    errors: list[tuple[str, float, str]] = field(default_factory=list)
    visits: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        """Return the seconds from the start."""
        return time.monotonic() - self.start

    def add(self, kind: str, *seconds: float) -> None:
        """Add what was measured just now."""
        with self._lock:
            self.rows += [(kind, self.now(), value) for value in seconds]

    def add_error(self, kind: str, error: str) -> None:
        """Add what went wrong just now."""
        with self._lock:
            self.errors.append((kind, round(self.now(), 1), error[:200]))

    def add_outcome(self, kind: str, outcome: Outcome) -> None:
        """Add what came of a handler."""
        if outcome.success:
            self.add(kind, outcome.seconds)
        else:
            self.add_error(kind, outcome.error or "no sentence")

    def seconds(self, kind: str) -> list[float]:
        """Return the durations of a kind."""
        return [value for name, _, value in self.rows if name == kind]


class Visits:
    """The kinds of visits to a page.

    Args:
        page: The page.
        log: Where measurements and errors go.
        film: A video to analyse.
        over: Set when visits are to end.
    """

    def __init__(self, page: Page, log: Log, film: bytes, over: threading.Event) -> None:
        self.page, self.log, self.film, self.over = page, log, film, over
        self.frames = [frame_data(frame) for frame in camera_frames()]
        self.photos = [path.read_bytes() for path in sorted(EXAMPLES.glob("*.jpg"))]
        # Of the handlers that a token's arrival calls, the last one restores what was there.
        self.arrive = [each for each in page.dependencies if "fer-token.input" in each.targets][-1]
        self.kinds: tuple[Callable[[random.Random], None], ...] = (
            self.photo,
            self.photo,
            self.program,
            self.stream,
            self.timeline,
            self.reload,
            self.vanish,
        )

    def resume(self, seed: int) -> None:
        """Visit again and again, each time in another way, until it is over."""
        chance = random.Random(seed)
        while not self.over.is_set():
            self._visit(chance.choice(self.kinds), chance)
            self.over.wait(chance.uniform(0.2, 2))

    def record_on(self, seed: int) -> None:
        """Have recordings analysed, one after the other, until it is over."""
        chance = random.Random(seed)
        while not self.over.is_set():
            self._visit(self.recording, chance)

    def _visit(self, kind: Callable[[random.Random], None], chance: random.Random) -> None:
        self.log.visits[kind.__name__] += 1
        try:
            kind(chance)
        except (httpx.HTTPError, TimeoutError, LookupError) as error:
            if not self.over.is_set():
                self.log.add_error(kind.__name__, repr(error))
            self.over.wait(1)

    def _arrive(self) -> Session:
        """Load the page and return the new visitor's session."""
        start = time.monotonic()
        self.page.get("/").raise_for_status()
        self.log.add("page", time.monotonic() - start)
        session = self.page.open_session()
        session.stay()
        session.run(self.arrive, session.inputs(self.arrive))
        return session

    def photo(self, chance: random.Random) -> None:
        """Look at a photo or two, and save what was read of the last one."""
        visitor, read = self._arrive(), self.page.find("photo-input.change")
        try:
            for _ in range(chance.randint(1, 2)):
                sent = visitor.upload(chance.choice(self.photos), "photo.jpg")
                outcome = visitor.run(read, visitor.inputs(read, photo_input=sent))
                self.log.add_outcome("photo", outcome)
                self.over.wait(chance.uniform(0.5, 2))
            self._save(visitor, "save", chance.choice(("picture", "CSV", "JSON")))
        finally:
            visitor.leave()

    def program(self, chance: random.Random) -> None:
        """Use the endpoint as programs do."""
        visitor = self.page.open_session()
        sent = visitor.upload(chance.choice(self.photos), "photo.jpg")
        start = time.monotonic()
        text = self.page.call("predict", [sent, 20, False])
        success = "event: complete" in text
        sentence = text.removeprefix("event: error\ndata:").strip()
        seconds = time.monotonic() - start
        self.log.add_outcome("endpoint", Outcome(success, [], sentence, seconds))

    def stream(self, chance: random.Random) -> None:
        """Leave a camera on for a while."""
        visitor = self._arrive()
        try:
            self._watch(visitor, chance.uniform(5, 20))
        finally:
            visitor.leave()

    def vanish(self, chance: random.Random) -> None:
        """Leave while a frame is on its way."""
        visitor = self._arrive()
        self._watch(visitor, chance.uniform(2, 8))
        visitor.leave()
        visitor.read_frame(self.frames[0])

    def timeline(self, chance: random.Random) -> None:
        """Record a timeline and save it in every form."""
        visitor = self._arrive()
        try:
            self._watch(visitor, 1)
            view = chance.choice(("person", "class"))
            start, stop = map(self.page.find, ("live-start.click", "live-stop.click"))
            begun = visitor.run(start, visitor.inputs(start, live_view_choice=view))
            self.log.add_outcome("timeline", begun)
            self._watch(visitor, chance.uniform(4, 10))
            self.log.add_outcome("timeline", visitor.run(stop, visitor.inputs(stop)))
            if self.over.is_set():  # perhaps before the first frame that counts
                return
            for kind in SAVES:
                self._save(visitor, "live-save", kind)
        finally:
            visitor.leave()

    def reload(self, chance: random.Random) -> None:
        """Load the page again while a timeline is recorded; it has to be there again."""
        visitor, start = self._arrive(), self.page.find("live-start.click")
        self._watch(visitor, 1)
        self.log.add_outcome("timeline", visitor.run(start, visitor.inputs(start)))
        self._watch(visitor, 3)
        visitor.leave()
        again = self.page.open_session(visitor.token)
        again.stay()
        try:
            outcome = again.run(self.arrive, again.inputs(self.arrive))
            self.log.add_outcome("reload", outcome)
            if outcome.success and "fer-running" not in str(outcome.data):
                self.log.add_error("reload", "the timeline is not there again")
        finally:
            again.leave()

    def recording(self, chance: random.Random) -> None:
        """Have a recording analysed and fetch all that was made of it."""
        visitor, start = self._arrive(), self.page.find("recording-start.click")
        try:
            sent = visitor.upload(self.film, "film.mp4")
            outcome = visitor.run(start, visitor.inputs(start, recording_input=[sent]), seconds=600)
            self.log.add_outcome("recording", outcome)
            files = [value for value in outcome.data if isinstance(value, dict) and "path" in value]
            for file in files:
                content = self.page.get(f"{API}/file={file['path']}").raise_for_status().content
                if not content:
                    self.log.add_error("recording", "an empty file")
            if outcome.success and len(files) < len(SAVES):
                text = re.sub("<[^>]*>", " ", str(outcome.data[0]))
                self.log.add_error("recording", f"{len(files)} files: {' '.join(text.split())}")
        finally:
            visitor.leave()

    def _watch(self, visitor: Session, seconds: float) -> None:
        """Send frames for so many seconds, at least two, each once the one before is answered."""
        begun = due = time.monotonic()
        count = 0
        while (count < 2 or due < begun + seconds) and not self.over.wait(due - time.monotonic()):
            outcome = visitor.read_frame(self.frames[count % len(self.frames)])
            self.log.add_outcome("frame", outcome)
            due, count = max(time.monotonic(), due + EVERY), count + 1
        if count > 10:
            self.log.add("frames a second", count / (time.monotonic() - begun))

    def _save(self, visitor: Session, prefix: str, kind: str) -> None:
        """Press a button that saves."""
        component = next(
            component["id"]
            for component in self.page.config["components"]
            if component.get("props", {}).get("props", {}).get("prefix") == prefix
        )
        self.log.add_outcome("save", visitor.serve(component, "save", kind=kind))


def camera_frames(count: int = 8, quality: int = 80) -> list[bytes]:
    """Return JPEGs of a face that moves a little and comes back, 640 x 480; no two are the same."""
    files = []
    for index in range(count):
        file = io.BytesIO()
        picture = moved(camera_picture(), 3 * min(2 * index, 2 * (count - index) - 1))
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        files.append(file.getvalue())
    return files
