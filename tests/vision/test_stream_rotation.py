"""Streams that stand on their head or lie on their side."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut
from supervision import Detections

from fer.vision.detector import FaceDetector
from fer.vision.stream_detector import StreamDetector
from fer.vision.stream_rotation import FORGOTTEN_AFTER, SEARCHES, StreamRotation

FRAME = np.full((60, 100, 3), 90, np.uint8)
BOX = np.array([[10, 20, 30, 50]], np.float32)


def face(rotation: int = 0, number: int = 1) -> Detections:
    return Detections(
        xyxy=BOX.copy(),
        confidence=np.ones(1, np.float32),
        tracker_id=np.array([number]),
        data={
            "landmarks": np.tile(np.float32([12, 24]), (1, 5, 1)),
            "roll": np.zeros(1, np.float32),
        },
        metadata={"rotation": rotation},
    )


class Scripted:
    """A detector that finds what it is told when it searches any way up."""

    def __init__(self, *turns: int | None) -> None:
        self.turns, self.times = list(turns), 0

    def detect_any_rotation(self, image):
        self.times += 1
        turn = self.turns.pop(0) if self.turns else None
        return Detections.empty() if turn is None else face(turn)


def turns(detector, found, step=0.2):
    """Return by how much the stream is turned after each frame, with a face or without."""
    stream, degrees = StreamRotation(), []
    for index, seen in enumerate(found):
        stream.update(detector, FRAME, face() if seen else Detections.empty(), index * step)
        degrees.append(stream.degrees)
    return degrees


def test_two_searches_must_agree():
    assert turns(Scripted(180, 180), [False] * 3) == [0, 180, 180]
    assert turns(Scripted(180, 90, 90), [False] * 4) == [0, 0, 90, 90]
    assert turns(Scripted(180, None, 180, 180), [False] * 9)[-1] == 180


def test_upright_faces_end_the_search():
    detector = Scripted(0, 180, 180)
    assert turns(detector, [True] * 9) == [0] * 9
    assert detector.times == 1


def test_a_face_that_was_mistaken_for_upright_is_turned():
    assert turns(Scripted(180, 180), [True] * 3) == [0, 180, 180]


@pytest.mark.parametrize(("seconds", "times"), [(1.4, 2), (6, 3), (120, 7), (1800, 35)])
def test_an_empty_stream_is_searched_ever_less_often_down_to_once_a_minute(seconds, times):
    turns(detector := Scripted(), [False] * round(seconds / 0.2))
    assert detector.times == times


def test_somebody_who_comes_late_into_a_turned_stream_is_found():
    empty = [None] * 6  # at 0, 1, 3, 7, 15 and 31 seconds
    assert turns(Scripted(*empty, 180, 180), [False] * 330)[-1] == 180


@pytest.mark.parametrize("found", [None, 90])
def test_faces_that_no_search_confirms_are_searched_often_for_a_moment_only(found):
    """Neither where it finds nothing, nor where it finds another rotation each time."""
    detector = Scripted(*([found, 180] * 20 if found else []))
    turns(detector, [True] * 600)
    assert SEARCHES <= detector.times <= SEARCHES + 7


def test_a_stream_without_turned_faces_becomes_upright_again():
    frames = int(FORGOTTEN_AFTER / 0.2)
    degrees = turns(Scripted(90, 90), [False, False, True] + [False] * (frames + 2))
    assert degrees[2] == 90 and degrees[frames] == 90 and degrees[-1] == 0


@pytest.mark.parametrize(
    ("degrees", "box", "point"),
    [
        (90, [10, 10, 40, 30], [36, 12]),  # x and y are at 60 - y and x
        (180, [70, 10, 90, 40], [88, 36]),
        (270, [20, 70, 50, 90], [24, 88]),
    ],
)
def test_faces_come_back_where_they_are_in_the_frame(degrees, box, point):
    stream = StreamRotation()
    stream.degrees = degrees
    frame = FRAME if degrees == 180 else FRAME.transpose(1, 0, 2)
    shape = stream.to_upright(frame).shape
    assert shape == FRAME.shape
    faces = stream.from_upright(face(), frame)
    assert faces.tracker_id.tolist() == [1]
    assert faces.metadata["rotation"] == degrees
    assert (faces.data["roll"] - degrees) % 360 == 0
    np.testing.assert_allclose(faces.xyxy[0], box, atol=1e-4)
    np.testing.assert_allclose(faces.data["landmarks"][0, 0], point, atol=1e-4)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_video_is_tracked_as_if_it_were_upright(quarters):
    image = np.ascontiguousarray(astronaut()[:300, 60:460])
    stream, detector = StreamDetector(), FaceDetector()
    frame = np.ascontiguousarray(np.rot90(image, -quarters))
    for index in range(5):
        faces = stream.update(detector, frame, 0.1 * index)
    assert stream.rotation.degrees == 90 * quarters
    assert len(faces) == 1 and faces.tracker_id[0] > 0
    patch = frame[slice(*faces.xyxy[0, 1::2].astype(int)), slice(*faces.xyxy[0, ::2].astype(int))]
    upright = detector.detect(image).xyxy[0].astype(int)
    expected = np.rot90(image[upright[1] : upright[3], upright[0] : upright[2]], -quarters)
    size = expected.shape[1::-1]
    assert np.abs(cv2.resize(patch, size).astype(int) - expected).mean() < 30
    assert abs((faces.data["roll"][0] - 90 * quarters + 180) % 360 - 180) < 10
