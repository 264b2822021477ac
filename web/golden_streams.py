"""What is read of scripted streams, for the golden files.

A script is a list of frames, and a frame a list of places, [left, top, quarters], at which the
picture is drawn on black, turned by quarters of a turn; both languages draw them.
"""

from typing import Any

import numpy as np
from supervision import Detections

from fer.array_types import UInt8Array
from fer.model.classifier import ExpressionClassifier
from fer.pipeline import Pipeline, StreamState
from fer.vision.detections import expressions, track_ids
from fer.vision.detector import FaceDetector
from web.golden_steps import faces

Script = list[list[tuple[int, int, int]]]

SIZE, RATE = (512, 256), 10.0
"""Width and height of frames, and how many there are a second."""


def scripts() -> dict[str, Script]:
    """Return the scripts by name."""
    walk: Script = [[(8 * step, step % 3, 0)] for step in range(9)]
    gap: Script = [[(-400, 0, 0)]] * 2
    pair: Script = [[(64 - 4 * step, 0, 0), (256 + 3 * step, 0, 0)] for step in range(6)]
    away: Script = [[(256 + 10 * step, 0, 0)] for step in range(3)]
    return {
        "walk, gap, pair": walk + gap + pair + away,
        "upside down": [[(100 + 2 * step, 0, 2)] for step in range(5)],
    }


def draw(image: UInt8Array, places: list[tuple[int, int, int]]) -> UInt8Array:
    """Return a frame."""
    width, height = SIZE
    frame = np.zeros((height, width, 3), np.uint8)
    for left, top, quarters in places:
        turned = np.rot90(image, quarters)
        x, y = max(left, 0), max(top, 0)
        shown = turned[y - top : height - top, x - left : max(width - left, 0)]
        frame[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    return frame


def streams(image: UInt8Array) -> dict[str, Any]:
    """Return the scripts and what is read of each frame."""
    pipeline = Pipeline(FaceDetector(), ExpressionClassifier.load())
    return {
        "size": SIZE,
        "rate": RATE,
        "streams": [
            {"name": name, "script": script, "frames": read(pipeline, image, script)}
            for name, script in scripts().items()
        ],
    }


def read(pipeline: Pipeline, image: UInt8Array, script: Script) -> list[list[dict[str, Any]]]:
    """Return each frame's faces; a face that doesn't count yet has a negative track."""
    state, frames = StreamState(), []
    for index, places in enumerate(script):
        found = pipeline.process_frame(draw(image, places), index / RATE, state)
        both = (found, state.tentative)
        frames.append([row for each in both if len(each) for row in rows(each)])
    return frames


def rows(found: Detections) -> list[dict[str, Any]]:
    """Return faces with their tracks and expressions."""
    more = zip(track_ids(found), expressions(found), strict=True)
    return [
        {**face, "track": track, "expression": int(expression)}
        for face, (track, expression) in zip(faces(found), more, strict=True)
    ]
