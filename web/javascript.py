"""The page's pipeline in JavaScript, run by Node.js for comparisons and tests."""

import json
import subprocess
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import numpy as np

from fer.array_types import UInt8Array

WEB = Path(__file__).parent
PROGRAM = WEB / "tests" / "node_pipeline.js"


class JavaScriptPipeline:
    """Reads pictures as the page does, in a process of its own; a context manager.

    Raises:
        RuntimeError: Node.js or the packages of `web/` are missing.
    """

    def __init__(self) -> None:
        """Start Node.js, which loads the networks meanwhile."""
        node = which("node")
        if node is None:
            raise RuntimeError("Node.js is not installed; install version 20 or newer.")
        if not (WEB / "node_modules").is_dir():
            raise RuntimeError("The packages of web/ are not installed; run npm ci in web/.")
        self._folder = TemporaryDirectory()
        self._process = subprocess.Popen(
            [node, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        """Return the pipeline."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        self._process.communicate()
        self._folder.cleanup()

    def photo(self, image: UInt8Array) -> dict[str, Any]:
        """Return `faces`, as web/pipeline/pipeline.js has them, and `milliseconds` of a photo.

        Raises:
            RuntimeError: The pipeline failed; Node.js has printed why.
        """
        return self._ask(image, {})

    def next(self, image: UInt8Array, time: float) -> dict[str, Any]:
        """Return those of the next frame of a stream, taken at a time in seconds; see `photo`."""
        return self._ask(image, {"time": time})

    def start_stream(self) -> None:
        """Begin another stream."""
        self._send({})

    def _ask(self, image: UInt8Array, more: dict[str, Any]) -> dict[str, Any]:
        height, width = image.shape[:2]
        opaque = np.full((height, width, 1), 255, np.uint8)
        path = Path(self._folder.name) / "picture.rgba"
        path.write_bytes(np.concatenate([image, opaque], axis=2).tobytes())
        self._send({"picture": {"path": str(path), "width": width, "height": height}, **more})
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise RuntimeError("The pipeline failed in Node.js; see what it printed.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _send(self, message: dict[str, Any]) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(f"{json.dumps(message)}\n")
            self._process.stdin.flush()
