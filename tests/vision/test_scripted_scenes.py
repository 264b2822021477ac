"""Track ids stay with people in scenes in which who is where is known."""

from collections import defaultdict
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from benchmarks.agreement import pairs
from fer.pipeline import Pipeline, StreamState
from fer.recording.frame_analyzer import FrameAnalyzer
from fer.video import Frame
from fer.vision.detector import FaceDetector
from tests.fakes import FakeClassifier
from tests.vision.scripted_scenes import SCRIPTS, SIZE, cast, frames

RATE, LIVE_RATE = 25.0, 10.0
"""Frames a second of a recording, and of a live stream."""

MIN_OVERLAP = 0.3
"""Overlap over union from which on a face is the person whose box it overlaps."""


@pytest.fixture(scope="module")
def people():
    return cast()


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(FaceDetector(), FakeClassifier())


def followed_live(script, people, pipeline) -> Iterator[tuple]:
    """Yield boxes by person, boxes of faces and their track ids, as of a live stream."""
    state = StreamState()
    for image, time, truth in frames(script, people, LIVE_RATE):
        faces = pipeline.process_frame(image, time, state)
        yield truth, faces.xyxy, faces.tracker_id


def followed_recording(script, people, pipeline) -> Iterator[tuple]:
    """Yield the same, as of a recording at the default rate."""
    analyzer = FrameAnalyzer(pipeline, "person", 5.0)
    for image, time, truth in frames(script, people, RATE):
        fitted, moved = fit(image, truth)
        faces = analyzer.analyze(Frame(fitted, time, 1 / RATE))
        if faces is not None:
            counts = faces.tracker_id > 0
            yield moved, faces.xyxy[counts], faces.tracker_id[counts]


def fit(image, truth):
    """Fit a frame of another size into the first one's, as `fer.video.VideoReader` does."""
    height, width = image.shape[:2]
    scale = min(SIZE[0] / width, SIZE[1] / height)
    inner = cv2.resize(image, (round(width * scale), round(height * scale)))
    x, y = (SIZE[0] - inner.shape[1]) // 2, (SIZE[1] - inner.shape[0]) // 2
    barred = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    barred[y : y + len(inner), x : x + inner.shape[1]] = inner
    return barred, {one: box * scale + np.tile([x, y], 2) for one, box in truth.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scene", "follow"),
    [
        ("cut", followed_live),
        ("short insert", followed_live),
        ("one leaves, another comes", followed_live),
        ("fast walker", followed_recording),
        ("turned phone", followed_recording),
    ],
)
def test_everybody_keeps_a_number_and_nobody_takes_it_over(people, pipeline, scene, follow):
    numbers, known, extra, matched = defaultdict(set), 0, 0, 0
    for truth, boxes, tracks in follow(SCRIPTS[scene], people, pipeline):
        persons = list(truth)
        xyxy = np.array([truth[person] for person in persons], np.float32).reshape(-1, 4)
        joined = pairs(xyxy, boxes, MIN_OVERLAP)
        for row, column in joined:
            numbers[persons[row]].add(int(tracks[column]))
        known, extra = known + len(persons), extra + len(boxes) - len(joined)
        matched += len(joined)
    assert all(len(each) == 1 for each in numbers.values())
    assert len(set.union(*numbers.values())) == len(numbers)
    assert extra == 0
    assert matched > 0.5 * known
