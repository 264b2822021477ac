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
    analyzer.receivers.append(lambda faces, time: numbers.append(faces.tracker_id.tolist()))
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


def test_a_dissolve_gives_those_whom_it_replaces_new_numbers():
    def frame_at(index):
        share = min(1.0, max(0.0, (index - 25) / 25))
        picture = cv2.addWeighted(STREET, 1 - share, ROOM, share, 0)
        picture[100:360, 340:600] = STREET[100:360, 340:600]  # a presenter beside slides
        return picture

    _, numbers = analyzed(frame_at, 75)
    assert [numbers[0], numbers[-1]] == [[1, 2], [3, 2]]
    np.testing.assert_array_equal(np.unique(np.concatenate(numbers)), [1, 2, 3])
