"""Detection of a lost camera: pictures that come while no camera sees anything.

A closed shutter or a muted camera sends a uniform picture, and a stalled one the same picture again
and again. No face in such a picture is no evidence of an empty room, so nothing of it is counted.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from fer.array_types import UInt8Array
from fer.i18n import gettext_noop as N_

CAMERA_SIZES = {"person": (640, 480), "class": (960, 540)}
"""Width and height of the camera's picture by view: the faces of a class are farther away and need
more pixels."""

MAX_UNIFORM_RANGE = 3
"""Range of grey levels in a uniform picture, in each channel.

As JPEG in the page's quality (`fer/ui/shared_js/server_live.js`), a blank picture has a range of 0,
and black with sensor noise of one level (standard deviation) has 2 or 3; noise of two levels, less
than that of a camera in a dark room, has more."""

STALL_SECONDS = 3.0
"""Seconds of the same picture after which the camera has stalled. A slow camera's picture is sent
several times within a second; two exposures never give the same file."""

UNIFORM_SECONDS = 1.0
"""Seconds of uniform pictures after which a loss is reported: many cameras start with some."""

_SAMPLE_STEP = 16


class CameraLoss(Enum):
    """How a camera was lost; the value is a sentence on what to do."""

    UNIFORM = N_(
        "The camera sends a picture of a single colour: open its shutter or lens cap, and allow it "
        "in the system's privacy settings. Nothing is counted until then; reading "
        "continues by itself."
    )
    STALLED = N_(
        "The camera sends the same picture again and again: close other programs that use it, or "
        "unplug it and plug it in again. Nothing is counted until then; reading continues by "
        "itself."
    )


def camera_settings() -> dict[str, Any]:
    """Return what the page's own scripts need to know of cameras."""
    return {
        "sizes": CAMERA_SIZES,
        "uniform_range": MAX_UNIFORM_RANGE,
        "stall_seconds": STALL_SECONDS,
        "uniform_seconds": UNIFORM_SECONDS,
        "losses": {loss.name.lower(): loss.value for loss in CameraLoss},
    }


@dataclass
class CameraMonitor:
    """Compares a camera's frames over time; one per visitor.

    Attributes:
        repeated: Whether the last frame was the same as the one before: it counts only once.
        uniform: Whether the last frame had a single colour: nothing of it counts.
    """

    repeated: bool = False
    uniform: bool = False
    _digest: bytes = b""
    _since: float = 0.0
    _uniform_since: float = 0.0

    def check(self, content: bytes, frame: UInt8Array, now: float) -> CameraLoss | None:
        """Return how the camera is lost, or None while it works.

        Args:
            content: The frame's file.
            frame: The frame decoded, RGB uint8 (h, w, 3).
            now: Seconds on a clock that doesn't go back.
        """
        digest = hashlib.blake2b(content, digest_size=16).digest()
        self.repeated = digest == self._digest
        if not self.repeated:
            self._digest, self._since = digest, now
        before, self.uniform = self.uniform, is_uniform(frame)
        if self.uniform and not before:
            self._uniform_since = now
        if self.uniform:
            return CameraLoss.UNIFORM if now - self._uniform_since >= UNIFORM_SECONDS else None
        return CameraLoss.STALLED if now - self._since >= STALL_SECONDS else None


def is_uniform(frame: UInt8Array) -> bool:
    """Return whether RGB uint8 (h, w, 3) has a single colour, apart from `MAX_UNIFORM_RANGE`."""
    # Nearly all frames differ in a few pixels already.
    return all(
        (_reduce(np.max, pixels) - _reduce(np.min, pixels) <= MAX_UNIFORM_RANGE).all()
        for pixels in (frame[::_SAMPLE_STEP, ::_SAMPLE_STEP], frame)
    )


def _reduce(function: Callable[..., UInt8Array], pixels: UInt8Array) -> UInt8Array:
    """Return the extreme of each channel, (3,), in two steps: one over both axes is far slower."""
    return function(function(pixels, axis=0), axis=0)
