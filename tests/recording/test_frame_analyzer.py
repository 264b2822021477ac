"""Changes of scene in recordings: cuts, and dissolves of one scene into another."""

import cv2
import numpy as np
import pytest

from fer.pipeline import Pipeline
from fer.recording.frame_analyzer import FrameAnalyzer
from fer.video import Frame
from tests.fakes import FakeClassifier, FakeDetector
from tests.vision.test_scene_change import ROOM, STREET

SIZE = 320, 180
BOXES = [[20, 20, 80, 80], [200, 80, 260, 140]]
RATE = 25


def analyzed(frame_at, count):
    """Return an analyzer that was shown frames, and the numbers of its faces as they counted."""
    analyzer, numbers = (
        FrameAnalyzer(Pipeline(FakeDetector(BOXES), FakeClassifier()), "person", 5),
        [],
    )
    analyzer.sample_callbacks.append(lambda faces, time: numbers.append(faces.tracker_id.tolist()))
    for index in range(count):
        picture = cv2.resize(frame_at(index), SIZE)
        analyzer.analyze(Frame(picture, index / RATE, 1 / RATE))
    analyzer.count_pending()
    return analyzer, numbers


@pytest.mark.parametrize("index", [20, 22])
def test_a_cut_is_known_whether_or_not_its_frame_is_a_regular_sample(index):
    """Boxes are not interpolated across it."""
    analyzer, _ = analyzed(lambda frame: STREET if frame < index else ROOM, 30)
    assert analyzer.cut_time == index / RATE


def slides_that_fade(index):
    """A frame of two scenes, a second each, with a second from one to the other."""
    share = min(1.0, max(0.0, (index - 25) / 25))
    picture = cv2.addWeighted(STREET, 1 - share, ROOM, share, 0)
    picture[100:360, 340:600] = STREET[100:360, 340:600]  # a presenter beside them
    return picture


def test_a_dissolve_gives_those_whom_it_replaces_new_numbers():
    _, numbers = analyzed(slides_that_fade, 75)
    assert [numbers[0], numbers[-1]] == [[1, 2], [3, 2]]
    assert set(np.concatenate(numbers).tolist()) == {1, 2, 3}


def test_so_it_does_in_a_stream_of_a_video():
    frames = [
        Frame(cv2.resize(slides_that_fade(index), SIZE), index / RATE, 1 / RATE)
        for index in range(75)
    ]
    faces = list(Pipeline(FakeDetector(BOXES), FakeClassifier()).stream(frames))
    assert faces[-1].tracker_id.tolist() == [3, 2]
