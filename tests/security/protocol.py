"""A small client for the HTTP that Gradio's page speaks; it connects to this machine only.

A page has dependencies (handlers with their inputs and events) and sessions. A session joins the
queue with a dependency's inputs and reads the results as server-sent events. A camera's frame is a
request to a component's server function, whose response is what was read.
"""

import base64
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that are connected to."""

API = "/gradio_api"

TIMEOUT = 60.0
"""Seconds without a byte after which a request fails."""

FINAL = ("process_completed", "unexpected_error", "server_stopped")
"""Messages after which nothing more comes of an event."""

LAST_OF_SESSION = ("unexpected_error", "close_stream", "server_stopped")
"""Messages after which nothing more comes of any event of the session."""


@dataclass(frozen=True)
class Dependency:
    """A handler of the page.

    Attributes:
        id: Its index in the page's configuration.
        api_name: Its endpoint's name; None where it has none.
        inputs: The components (as in the configuration) that it reads, in order.
        targets: The events that start it, as "elem_id.event".
        public: Whether it is listed as an endpoint.
    """

    id: int
    api_name: str | None
    inputs: tuple[dict[str, Any], ...]
    targets: tuple[str, ...]
    public: bool

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Return a value for each input: the given one of its elem_id, or that of a fresh page."""
        props = [component.get("props", {}) for component in self.inputs]
        return [given.get(prop.get("elem_id"), prop.get("value")) for prop in props]


@dataclass(frozen=True)
class Outcome:
    """What came of an event.

    Attributes:
        success: Whether the handler returned.
        data: Its outputs; empty after an error.
        error: The sentence of an error, "" where the page gives none; None after success.
        seconds: From asking to the last message.
    """

    success: bool
    data: list[Any] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0


class Page:
    """A page on this machine.

    Args:
        url: Its address.
        timeout: Seconds without a byte after which a request fails.

    Raises:
        ValueError: The address is not of this machine.
        httpx.HTTPError: Nobody serves there.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        if urlsplit(url).hostname not in LOOPBACK:
            raise ValueError(f"Only a page on this machine may be attacked, not {url}.")
        self.url = url.rstrip("/")
        unlimited = httpx.Limits(max_connections=None, keepalive_expiry=2)
        self.client = httpx.Client(
            base_url=self.url, timeout=timeout, limits=unlimited, trust_env=False
        )
        self.config: dict[str, Any] = self.get("/config").raise_for_status().json()
        components = {component["id"]: component for component in self.config["components"]}
        self.dependencies = [_dependency(d, components) for d in self.config["dependencies"]]

    def get(self, path: str) -> httpx.Response:
        """Return the response to a GET; `path` is below the page's address."""
        return self.client.get(path)

    def post(self, path: str, body: Any) -> httpx.Response:
        """Return the response to a POST; `body` is sent as JSON, bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, content=content, headers={"Content-Type": "application/json"})

    def find(self, *names: str) -> Dependency:
        """Return the dependency with one of these api_names or targets ("live-start.click").

        Raises:
            LookupError: There is none.
        """
        for dependency in self.dependencies:
            if dependency.api_name in names or set(names) & set(dependency.targets):
                return dependency
        raise LookupError(f"The page has no dependency {names}.")

    def component(self, elem_id: str) -> int:
        """Return the index of the component with this elem_id.

        Raises:
            LookupError: There is none.
        """
        for component in self.config["components"]:
            if component.get("props", {}).get("elem_id") == elem_id:
                return int(component["id"])
        raise LookupError(f"The page has no component {elem_id}.")

    def call(self, api_name: str, data: Sequence[Any]) -> str:
        """Run an endpoint as programs do, by `/call`; return its events as text.

        Raises:
            httpx.HTTPStatusError: The page refuses it.
        """
        response = self.post(f"{API}/call/{api_name}", {"data": list(data)}).raise_for_status()
        return self.get(f"{API}/call/{api_name}/{response.json()['event_id']}").text

    def open_session(self, token: str | None = None) -> "Session":
        """Return a new visitor's session, or a new one of a visitor with a token."""
        return Session(self, token)

    def close(self) -> None:
        """Close all connections."""
        self.client.close()


class Session:
    """One visitor of a page; it runs one event at a time.

    Args:
        page: The page.
        token: Under which the page keeps what is the visitor's; a new one if None.
    """

    def __init__(self, page: Page, token: str | None = None) -> None:
        self.page = page
        self.hash = secrets.token_hex(6)
        self.token = token or secrets.token_hex(16)
        self._heartbeat: httpx.Response | None = None

    def inputs(self, dependency: Dependency, **given: Any) -> list[Any]:
        """Return the inputs of a handler, some given by elem_id ("-" written as "_")."""
        values = {name.replace("_", "-"): value for name, value in given.items()}
        return dependency.values({"fer-token": self.token} | values)

    def stay(self) -> None:
        """Open the connection by whose end the page notices that a visitor has left."""
        request = self.page.client.build_request("GET", f"{API}/heartbeat/{self.hash}")
        self._heartbeat = self.page.client.send(request, stream=True)

    def leave(self) -> None:
        """Close that connection; the page drops what it keeps of the visitor."""
        if self._heartbeat is not None:
            self._heartbeat.close()
            self._heartbeat = None

    def upload(self, content: bytes, name: str) -> dict[str, Any]:
        """Upload a file; return it as an input of a handler.

        Raises:
            httpx.HTTPStatusError: The page refuses it.
        """
        response = self.page.client.post(f"{API}/upload", files={"files": (name, content)})
        path = response.raise_for_status().json()[0]
        return file_data(path, name)

    def join(self, dependency: Dependency, data: Sequence[Any]) -> str:
        """Join the queue; return the event's id.

        Raises:
            httpx.HTTPStatusError: The page refuses it.
        """
        body = {"data": list(data), "fn_index": dependency.id, "session_hash": self.hash}
        response = self.page.post(f"{API}/queue/join", body)
        return str(response.raise_for_status().json()["event_id"])

    def serve(self, component: int, function: str, **data: Any) -> Outcome:
        """Run a component's server function with its arguments and the token."""
        start, data = time.monotonic(), {"token": self.token, **data}
        body = {"data": data, "component_id": component, "fn_name": function}
        response = self.page.post(f"{API}/component_server", body | {"session_hash": self.hash})
        result, seconds = response.raise_for_status().json(), time.monotonic() - start
        error = result.get("error") if isinstance(result, dict) else None
        return Outcome(error is None, [result], error, seconds)

    def read_frame(self, frame: Any, view: Any = "person") -> Outcome:
        """Send a camera's frame; return what was read as its only output.

        Raises:
            httpx.HTTPError: The page refuses it, or doesn't answer.
        """
        outcome = self.serve(
            self.page.component("live-camera"), "read_frame", frame=frame, view=view
        )
        (reading,) = outcome.data
        if "No picture is read" in reading["panel"]:
            return Outcome(False, [], reading["panel"], outcome.seconds)
        return outcome

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield the page's messages to this session until no event of it is left."""
        path = f"{API}/queue/data"
        with self.page.client.stream("GET", path, params={"session_hash": self.hash}) as response:
            response.raise_for_status()
            for line in response.iter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[len("data:") :])
                    yield message
                    if message["msg"] in LAST_OF_SESSION:
                        return

    def run(self, dependency: Dependency, data: Sequence[Any], seconds: float = 120) -> Outcome:
        """Run a handler and return what came of it.

        Raises:
            httpx.HTTPError: The page refuses it, or doesn't answer.
            TimeoutError: It isn't done after so many seconds.
        """
        start = time.monotonic()
        event = self.join(dependency, data)
        for message in self.messages():
            if message["msg"] in FINAL and message.get("event_id") in (event, None):
                return outcome(message, time.monotonic() - start)
            if time.monotonic() - start > seconds:
                raise TimeoutError(f"{dependency.targets} is not done after {seconds:g} s.")
        return Outcome(False, error="", seconds=time.monotonic() - start)


def outcome(message: dict[str, Any], seconds: float) -> Outcome:
    """Return what a final message reports."""
    output = message.get("output") or {}
    if message.get("success"):
        return Outcome(True, output.get("data") or [], None, seconds)
    error = output.get("error") or message.get("message") or ""
    return Outcome(False, [], str(error), seconds)


def file_data(path: str, name: str) -> dict[str, Any]:
    """Return an uploaded file as a page sends it."""
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def frame_data(picture: bytes, kind: str = "jpeg") -> dict[str, Any]:
    """Return a camera's frame as a page sends it."""
    return {"url": f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"}


def _dependency(entry: dict[str, Any], components: dict[int, dict[str, Any]]) -> Dependency:
    names = [
        f"{components.get(component, {}).get('props', {}).get('elem_id')}.{event}"
        for component, event in entry["targets"]
    ]
    inputs = tuple(components.get(index, {"id": index}) for index in entry["inputs"])
    api_name, public = entry.get("api_name"), entry.get("api_visibility") == "public"
    return Dependency(entry["id"], api_name or None, inputs, tuple(names), public)
