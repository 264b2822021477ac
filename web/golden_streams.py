"""Outputs of the whole pipeline for scripted streams, for the golden files.

A frame has a time, a size, and places, [left, top, quarters], at which the picture is drawn on
black, turned by quarters of a turn; both languages draw them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from supervision import Detections

from fer.array_types import UInt8Array
from fer.model.classifier import ExpressionClassifier
from fer.pipeline import Pipeline, StreamState
from fer.vision.detections import expressions, track_ids
from fer.vision.detector import FaceDetector
from web.golden_steps import faces

Places = list[tuple[int, int, int]]

SIZE, RATE = (512, 256), 10.0
"""Width and height of frames, and how many there are a second, unless stated otherwise."""


@dataclass(frozen=True)
class Frame:
    """A frame: seconds, what is drawn, and width and height."""

    time: float
    places: Places
    size: tuple[int, int] = SIZE


def scripts() -> dict[str, list[Frame]]:
    """Return the scripts by name."""
    walk: list[Places] = [[(8 * step, step % 3, 0)] for step in range(9)]
    gap: list[Places] = [[(-400, 0, 0)]] * 2
    pair: list[Places] = [[(64 - 4 * step, 0, 0), (256 + 3 * step, 0, 0)] for step in range(6)]
    away: list[Places] = [[(256 + 10 * step, 0, 0)] for step in range(3)]
    inverted = evenly([(100 + 2 * step, 0, 2)] for step in range(5))
    nobody = [Frame(1.0 + second, []) for second in range(6)]
    upright = [Frame(6.1 + step / RATE, [(120, 0, 0)]) for step in range(3)]
    lying = evenly([(160 + 2 * step, 0, 0)] for step in range(4))
    held = [Frame(0.4 + step / RATE, [(4 * step, 130, 0)], SIZE[::-1]) for step in range(4)]
    return {
        "walk, gap, pair": evenly(walk + gap + pair + away),
        "upside down, and then upright": inverted + nobody + upright,
        "phone turned": lying + held,
    }


def evenly(frames: Iterable[Places]) -> list[Frame]:
    """Return frames at `RATE`, from 0 on."""
    return [Frame(index / RATE, places) for index, places in enumerate(frames)]


def draw(image: UInt8Array, places: Places, size: tuple[int, int] = SIZE) -> UInt8Array:
    """Return a frame's pixels."""
    width, height = size
    frame = np.zeros((height, width, 3), np.uint8)
    for left, top, quarters in places:
        turned = np.rot90(image, quarters)
        x, y = max(left, 0), max(top, 0)
        shown = turned[y - top : height - top, x - left : max(width - left, 0)]
        frame[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    return frame


def streams(image: UInt8Array) -> list[dict[str, Any]]:
    """Return the scripts with what is read of each frame."""
    pipeline = Pipeline(FaceDetector(), ExpressionClassifier.load())
    return [
        {"name": name, "frames": read(pipeline, image, script)}
        for name, script in scripts().items()
    ]


def read(pipeline: Pipeline, image: UInt8Array, script: list[Frame]) -> list[dict[str, Any]]:
    """Return each frame with its faces; a face that doesn't count yet has a negative track."""
    state, frames = StreamState(), []
    for frame in script:
        pixels = draw(image, frame.places, frame.size)
        found = pipeline.process_frame(pixels, frame.time, state)
        both = (found, state.tentative)
        seen = [row for each in both if len(each) for row in rows(each)]
        frames.append({**asdict(frame), "faces": seen})
    return frames


def rows(found: Detections) -> list[dict[str, Any]]:
    """Return faces with their tracks and expressions."""
    more = zip(track_ids(found), expressions(found), strict=True)
    return [
        {**face, "track": track, "expression": int(expression)}
        for face, (track, expression) in zip(faces(found), more, strict=True)
    ]
