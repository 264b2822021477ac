"""How faces look, coarsely."""

from functools import partial

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from fer.vision import appearance
from fer.vision.appearance import AppearanceMemory, appearance_cost, compute_descriptors

PICTURE = astronaut()
BOX = np.array([180, 61, 268, 172], np.float32)


def look(picture=PICTURE, box=BOX):
    return compute_descriptors(picture, np.array([box], np.float32))


@pytest.mark.parametrize(
    "other",
    [
        look(box=BOX + np.float32([6, -4, 8, 2])),
        look(cv2.convertScaleAbs(PICTURE, alpha=0.7)),
        look(cv2.resize(PICTURE, (256, 256), interpolation=cv2.INTER_AREA), BOX / 2),
        look(cv2.GaussianBlur(PICTURE, (0, 0), 4)),
    ],
)
def test_descriptors_of_the_same_face_are_close(other):
    assert appearance_cost(look(), other).item() < 0.6


@pytest.mark.parametrize(
    "other",
    [
        look(PICTURE[..., ::-1]),  # blue skin
        look(255 - PICTURE),
        look(box=BOX + np.float32([0, 250, 0, 250])),
    ],
)
def test_descriptors_of_other_faces_are_far_apart(other):
    assert appearance_cost(look(), other).item() > 1


def test_shapes_without_faces_and_beyond_the_picture():
    assert compute_descriptors(PICTURE, np.empty((0, 4), np.float32)).shape == (0, 63)
    outside = [[-50, -50, 10, 10], [505, 505, 600, 640], [700, 700, 701, 701], [3, 3, 3, 3]]
    rows = compute_descriptors(PICTURE, np.array(outside, np.float32))
    assert rows.shape == (4, 63) and np.isfinite(rows).all()
    assert appearance_cost(rows, rows[:2]).shape == (4, 2)


def test_a_descriptor_is_too_coarse_to_recognize_anybody():
    """A copy of four by four pixels looks the same."""
    blocks = PICTURE.copy()
    left, top, side = 134, 27, 180  # about the square that is described
    square = blocks[top : top + side, left : left + side]
    coarse = cv2.resize(square, (4, 4), interpolation=cv2.INTER_AREA)
    square[:] = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    assert appearance_cost(look(), look(blocks)).item() < 0.6


def described(monkeypatch, *frames):
    """Return how many faces are described anew in frames of (boxes, time, changed)."""
    counts, memory = [], AppearanceMemory()
    monkeypatch.setattr(appearance, "compute_descriptors", partial(counted, counts))
    for xyxy, time, changed in frames:
        rows = memory.compute_descriptors(
            PICTURE, np.array(xyxy, np.float32).reshape(-1, 4), time, changed
        )
        assert rows.shape == (len(xyxy), 63)
    return counts


def counted(counts, image, xyxy):
    counts.append(len(xyxy))
    return compute_descriptors(image, xyxy)


FAR = BOX + np.float32([200, 200, 200, 200])


@pytest.mark.parametrize(
    ("frames", "counts"),
    [
        ([([BOX], 0, False), ([BOX + 5], 0.04, False), ([BOX + 9], 0.08, False)], [1, 0, 0]),
        ([([BOX], 0, False), ([BOX], 0.04, False), ([BOX], 0.12, False)], [1, 0, 1]),
        ([([BOX], 0, False), ([BOX + 40], 0.04, False)], [1, 1]),
        ([([BOX], 0, False), ([BOX], 0.04, True)], [1, 1]),
        ([([BOX, FAR], 0, False), ([FAR, BOX], 0.04, False)], [2, 0]),
        ([([BOX, BOX + 50], 0, False), ([BOX, BOX + 50], 0.04, False)], [2, 2]),
        ([([BOX], 0, False), ([], 0.02, False), ([BOX], 0.04, False)], [1, 0, 1]),
    ],
    ids=["still", "for long", "moved", "cut", "two", "close", "lost"],
)
def test_a_description_is_kept_for_a_moment(monkeypatch, frames, counts):
    assert described(monkeypatch, *frames) == counts


def test_each_face_keeps_its_own_description():
    memory = AppearanceMemory()
    first = memory.compute_descriptors(PICTURE, np.array([BOX, FAR]), 0, False)
    again = memory.compute_descriptors(PICTURE, np.array([FAR + 1, BOX + 1]), 0.05, False)
    np.testing.assert_array_equal(again, first[::-1])
