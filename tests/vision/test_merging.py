"""Faces of two searches, each once."""

import numpy as np
import pytest
from supervision import Detections

from fer.vision.merging import merge_detections


def boxes(*rows) -> Detections:
    return Detections(xyxy=np.array(rows, np.float32).reshape(-1, 4))


@pytest.mark.parametrize(
    ("known", "found", "expected"),
    [
        ([[0, 0, 10, 10]], [], [[0, 0, 10, 10]]),
        ([], [[0, 0, 10, 10]], [[0, 0, 10, 10]]),
        # The same face: the known box stays.
        ([[0, 0, 10, 10]], [[1, 0, 11, 10]], [[0, 0, 10, 10]]),
        # Beside one another, the larger first.
        ([[0, 0, 10, 10]], [[20, 0, 40, 20]], [[20, 0, 40, 20], [0, 0, 10, 10]]),
        # A part of a face that was followed by mistake goes.
        ([[0, 0, 10, 10]], [[0, 0, 20, 20]], [[0, 0, 20, 20]]),
        # A small face before a large one takes nothing away from it.
        ([[0, 0, 20, 20]], [[8, 12, 18, 22]], [[0, 0, 20, 20], [8, 12, 18, 22]]),
    ],
)
def test_merged_by_hand(known, found, expected):
    assert merge_detections(boxes(*known), boxes(*found)).xyxy.tolist() == expected
