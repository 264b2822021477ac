"""Cuts are recognized, and nothing else that changes much of a picture."""

import cv2
import numpy as np
import pytest
from skimage import data

from fer.vision.scene_change import SceneChangeDetector, subsample

STREET = cv2.resize(data.astronaut(), (640, 360), interpolation=cv2.INTER_AREA)
ROOM = cv2.resize(data.coffee(), (640, 360), interpolation=cv2.INTER_AREA)
WIDE = cv2.resize(data.astronaut(), (1600, 600), interpolation=cv2.INTER_AREA)


def cuts(frames) -> list[bool]:
    """Whether each frame follows a cut; all under fresh noise."""
    detector, grain = SceneChangeDetector(), np.random.default_rng(0)
    noisy = [
        cv2.add(frame, np.rint(grain.normal(0, 3, frame.shape)).astype(np.int16), dtype=cv2.CV_8U)
        for frame in frames
    ]
    return [detector.update(frame).cut for frame in noisy]


def brighter(image, gain, offset=0.0):
    return cv2.convertScaleAbs(image, alpha=gain, beta=offset)


def view(left, top=100):
    return np.ascontiguousarray(WIDE[top : top + 360, left : left + 640])


def hand(height):
    picture = STREET.copy()
    cv2.ellipse(picture, (320, 360), (260, height), 0, 0, 360, (190, 140, 120), -1)
    return picture


def zoomed(scale):
    height, width = round(360 / scale), round(640 / scale)
    part = STREET[(360 - height) // 2 :, (640 - width) // 2 :][:height, :width]
    return cv2.resize(part, (640, 360))


@pytest.mark.parametrize(
    "frames",
    [
        [STREET] * 3 + [ROOM] * 3,
        [ROOM] * 3 + [STREET] * 3,
        [STREET] * 3 + [brighter(ROOM, 0.4)] * 3,
        [brighter(STREET, 0.3)] * 3 + [brighter(ROOM, 0.3)] * 3,
        [view(40 * i) for i in range(3)] + [ROOM] * 3,  # out of a pan
        [STREET] * 3 + [data.chelsea()[:288, :512].repeat(2, 0)[:360].repeat(2, 1)[:, :640]] * 3,
    ],
)
def test_a_cut_is_recognized_once(frames):
    assert cuts(frames) == [False] * 3 + [True] + [False] * 2


def test_so_is_one_through_black_or_white():
    black, white = STREET * 0, STREET * 0 + 255
    assert cuts([STREET, STREET, black, black, ROOM]) == [False] * 4 + [True]
    assert cuts([STREET, STREET, white, ROOM]) == [False] * 3 + [True]


STILL = {
    "nothing": [STREET] * 6,
    "flash": [STREET, STREET, brighter(STREET, 1.7, 90), STREET, STREET],
    "white flash": [STREET, STREET, STREET * 0 + 255, STREET, STREET],
    "light switched off": [STREET, STREET, *[brighter(STREET, 0.3)] * 3],
    "fade to black and back": [brighter(STREET, abs(i - 5) / 5) for i in range(11)],
    "pan": [view(60 * i) for i in range(12)],
    "fast pan": [view(110 * i) for i in range(8)],
    "shaken camera": [view(400 + dx, 100 + dy) for dx, dy in 4 * [(0, 0), (70, 40), (-60, -50)]],
    "hand before the lens": [hand(height) for height in (1, 1, 120, 240, 300, 240, 120, 1)],
    "hand that is there at once": [hand(height) for height in (1, 1, 1, 280, 280, 1, 1)],
    "zoom": [zoomed(1.15**i) for i in range(7)],
}


@pytest.mark.parametrize("frames", STILL.values(), ids=STILL)
def test_nothing_else_is_a_cut(frames):
    assert not any(cuts(frames))


def test_the_first_frame_and_another_size_are_whole_changes_but_no_cuts():
    detector = SceneChangeDetector()
    first, second = detector.update(STREET), detector.update(STREET)
    assert (first.whole, first.cut, second.whole) == (True, False, False)
    turned = detector.update(np.ascontiguousarray(STREET.transpose(1, 0, 2)))
    assert (turned.whole, turned.cut) == (True, False)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (37, 52), (1080, 1920), (480, 640)])
def test_copies_are_small_whatever_the_size(shape):
    copy = subsample(np.full((*shape, 3), 7, np.uint8))
    assert max(copy.shape[:2]) == 48 and (copy == 7).all()
