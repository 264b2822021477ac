"""Strange requests to a running page: any value in place of each input, any bytes as a body."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.security.mutations import damaged, strange_value
from tests.security.protocol import API, Dependency, Page, frame_data
from tests.security.readers import FOREIGN, READ, SENTENCE, SILENCE_LIMIT
from tests.security.seeds import picture_seeds, video_seeds

ROUTES = (
    "queue/join",
    "call/photo",
    "call/v2/photo",
    "call/v2/predict",
    "call/recording",
    "call/v2/start",
    "run/predict",
    "api/predict",
    "upload",
    "component_server",
    "cancel",
    "reset",
)
"""Where bodies are sent."""

TIMEOUT = 20.0
"""Seconds in which a handler has to answer what is no picture and no video."""

WORK = 120.0
"""Seconds in which it has to answer a picture or video."""


@dataclass(frozen=True)
class Case:
    """One strange request.

    Attributes:
        target: What it is sent to.
        run: Sends it; returns READ, SENTENCE, SILENCE_LIMIT or FOREIGN, and details.
    """

    target: str
    run: Callable[[], tuple[str, str]]


class Requests:
    """Makes strange requests to a page, each from its own seed.

    Args:
        page: The page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        runnable = [d for d in page.dependencies if not d.targets[0].startswith("None.unload")]
        self.dependencies = runnable

    def send(self, seed: str) -> tuple[str, str, str]:
        """Send the request of a seed; return its target, what came of it, and details."""
        chance = random.Random(seed)
        make = chance.choices(
            (self._payload, self._endpoint, self._body, self._photo, self._frame, self._recording),
            (40, 20, 20, 10, 9, 1),
        )[0]
        case = make(chance)
        try:
            outcome, details = self._twice(case)
        except httpx.HTTPStatusError as error:
            outcome, details = classify_response(error.response)
        except (httpx.HTTPError, TimeoutError) as error:
            outcome, details = FOREIGN, f"no answer: {error!r}"
        return case.target, outcome, details

    def _twice(self, case: Case) -> tuple[str, str]:
        """Send a request, once more if the connection was one that the page has just closed."""
        try:
            return case.run()
        except (httpx.ReadError, httpx.RemoteProtocolError):
            return case.run()

    def _payload(self, chance: random.Random) -> Case:
        """Replace some inputs of any handler, private ones too, and run it through the queue."""
        dependency = chance.choice(self.dependencies)
        data = self._strange_inputs(dependency, chance)
        return Case(f"{dependency.api_name} by the queue", lambda: self._run(dependency, data))

    def _endpoint(self, chance: random.Random) -> Case:
        """The same by the ways for programs."""
        dependency = chance.choice(self.dependencies)
        name, way = dependency.api_name or "predict", chance.choice(("call", "run", "api", "v2"))
        data: Any = self._strange_inputs(dependency, chance)
        if way == "v2":
            data = {"picture": strange_value(chance), "min_face": strange_value(chance)}
        return Case(f"{name} by {way}", lambda: self._ask(name, way, data))

    def _body(self, chance: random.Random) -> Case:
        """Send any bytes, or JSON of any form, to any route."""
        route = chance.choice(ROUTES)
        body: bytes = json.dumps(self._strange_body(chance)).encode()
        if chance.random() < 0.5:
            body = damaged(body, [b'{"data": [], "fn_index": 1}', body], chance)
        if chance.random() < 0.1:
            deep = chance.choice((100, 10_000, 100_000))
            body = b'{"session_hash": "a1", "fn_index": 0, "data": ' + b"[" * deep + b"]" * deep
        if chance.random() < 0.1:
            body = chance.randbytes(chance.choice((1, 100, 10_000)))
        return Case(
            f"a body to {route}", lambda: classify_response(self.page.post(f"{API}/{route}", body))
        )

    def _photo(self, chance: random.Random) -> Case:
        content = damaged(chance.choice(picture_seeds()), picture_seeds(), chance)
        return Case("a damaged photo", lambda: self._read("predict", "picture", content))

    def _recording(self, chance: random.Random) -> Case:
        content = damaged(chance.choice(video_seeds()), video_seeds(), chance)
        return Case(
            "a damaged recording", lambda: self._read("recording-start.click", "recording", content)
        )

    def _frame(self, chance: random.Random) -> Case:
        """Send a damaged or strange picture as a camera's frame."""
        content = damaged(chance.choice(picture_seeds()), picture_seeds(), chance)
        frame: Any = frame_data(content, chance.choice(("jpeg", "png", "webp", "svg+xml", "../x")))
        if chance.random() < 0.2:
            frame["url"] = strange_value(chance)
        view = strange_value(chance) if chance.random() < 0.1 else "person"
        return Case("a camera's frame", lambda: self._look(frame, view))

    def _strange_inputs(self, dependency: Dependency, chance: random.Random) -> list[Any]:
        data = self.page.open_session().inputs(dependency)
        for index in range(len(data)):
            if chance.random() < 0.5:
                data[index] = strange_value(chance)
        if chance.random() < 0.1:
            data = [*data[: chance.randrange(4)], strange_value(chance)]
        return data

    def _strange_body(self, chance: random.Random) -> Any:
        ids = [dependency.id for dependency in self.dependencies]
        body = {
            "data": chance.choice(([], [None], strange_value(chance))),
            "fn_index": chance.choice((chance.choice(ids), -1, 10**6, strange_value(chance))),
            "session_hash": chance.choice(("a1", "", None, strange_value(chance))),
            "event_id": chance.choice(("0", None, strange_value(chance))),
            "trigger_id": chance.choice((None, strange_value(chance))),
            "event_data": chance.choice((None, strange_value(chance))),
            "component_id": chance.choice((1, -1, strange_value(chance))),
            "fn_name": chance.choice(("save", "read_frame", "__init__", strange_value(chance))),
        }
        kept = {name: value for name, value in body.items() if chance.random() < 0.8}
        return chance.choice((kept, kept, kept, strange_value(chance)))

    def _run(self, dependency: Dependency, data: Sequence[Any]) -> tuple[str, str]:
        result = self.page.open_session().run(dependency, data, TIMEOUT)
        return (READ, "") if result.success else _sentence(result.error)

    def _look(self, frame: Any, view: Any) -> tuple[str, str]:
        outcome = self.page.open_session().read_frame(frame, view)
        return (READ, "") if outcome.success else _sentence(outcome.error)

    def _ask(self, name: str, way: str, data: Any) -> tuple[str, str]:
        if way == "call":
            text = self.page.call(name, data)
            if "event: error" not in text:
                return READ, ""
            return _sentence(text.partition("event: error\ndata:")[2].strip())
        route = f"call/v2/{name}" if way == "v2" else f"{way}/{name}"
        return classify_response(
            self.page.post(f"{API}/{route}", data if way == "v2" else {"data": data})
        )

    def _read(self, target: str, kind: str, content: bytes) -> tuple[str, str]:
        """Upload a file and have it read."""
        visitor, dependency = self.page.open_session(), self.page.find(target)
        visitor.stay()
        try:
            file = visitor.upload(content, "photo.jpg" if kind == "picture" else "film.mp4")
            given = {"photo_input": file, "recording_input": [file]}
            result = visitor.run(dependency, visitor.inputs(dependency, **given), WORK)
        finally:
            visitor.leave()
        return (READ, "") if result.success else _sentence(result.error)


def classify_response(response: httpx.Response) -> tuple[str, str]:
    """Return what a response is: READ, SENTENCE for a refusal, SILENCE_LIMIT for one without a
    reason."""
    if response.status_code < 400:
        return READ, ""
    if response.status_code < 500 or response.status_code == 503:
        return SENTENCE, response.text[:200]
    try:
        error = response.json().get("error")
    except (ValueError, AttributeError):
        error = None
    return (SENTENCE, error) if error else (SILENCE_LIMIT, str(response.status_code))


def _sentence(error: str | None) -> tuple[str, str]:
    """Return an error as what it is: a sentence, or none."""
    explained = error not in (None, "", "None", "null", '""')
    return (SENTENCE, str(error)) if explained else (SILENCE_LIMIT, "an error without a sentence")
