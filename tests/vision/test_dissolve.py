"""Dissolves are recognized, with what they replace, and nothing else that changes slowly."""

import cv2
import numpy as np
import pytest

from fer.vision.dissolve import DissolveDetector
from fer.vision.scene_change import SceneChangeDetector
from tests.vision.test_scene_change import ROOM, STREET, brighter, view, zoomed

RATE = 12
SIZE = 160, 90
"""Of the pictures, which are compared at a third of it."""


def dissolves(seconds, frame_at) -> list[tuple[float, bool]]:
    """Times of the dissolves in a recording, and whether each replaced the middle of the picture.

    Args:
        seconds: In which the picture changes; for 1.5 seconds before and after it stays.
        frame_at: Returns the picture at a share of this time.
    """
    detector, cuts, found = DissolveDetector(), SceneChangeDetector(), []
    grain = np.random.default_rng(0)
    for index in range(round((3 + seconds) * RATE)):
        time = index / RATE
        picture = cv2.resize(frame_at(min(1.0, max(0.0, (time - 1.5) / seconds))), SIZE)
        noise = np.rint(grain.normal(0, 3, picture.shape)).astype(np.int16)
        picture = cv2.add(picture, noise, dtype=cv2.CV_8U)
        if cuts.update(picture).cut:
            detector.clear()
        dissolve = detector.update(picture, time)
        if dissolve:
            found.append((time, dissolve.is_replaced(np.array([70, 35, 90, 55], np.float32))))
    return found


def faded(share, first=STREET, second=ROOM):
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def beside_slides(share):
    """The middle of the picture stays."""
    picture = faded(share)
    picture[120:240, 260:380] = STREET[120:240, 260:380]
    return picture


def lit(share):
    """A lamp on one side goes out."""
    return (STREET * np.linspace(1, 1 - 0.9 * share, 640)[None, :, None]).astype(np.uint8)


def coloured(share):
    """Red light becomes blue."""
    return (STREET * np.array([1 - 0.8 * share, 0.3, 0.2 + 0.8 * share])).astype(np.uint8)


def moved_lamp(share):
    """One lamp goes out and another one on, on the other side."""
    left = np.linspace(1, 0.1, 640)[None, :, None]
    return (STREET * ((1 - share) * left + share * left[:, ::-1])).astype(np.uint8)


@pytest.mark.parametrize("seconds", [0.4, 1.0, 2.0])
def test_a_dissolve_is_recognized_once(seconds):
    for first, second in ((STREET, ROOM), (ROOM, brighter(STREET, 0.5))):
        found = dissolves(seconds, lambda share, a=first, b=second: faded(share, a, b))
        assert len(found) == 1 and found[0][1]
        assert 1.5 + seconds / 2 < found[0][0] < 1.5 + seconds + 0.5


def test_what_stays_in_a_dissolve_is_not_replaced():
    assert [replaced for _, replaced in dissolves(1.0, beside_slides)] == [False]


@pytest.mark.parametrize(
    "frame_at",
    [
        lambda share: STREET,
        lambda share: STREET if share < 0.5 else ROOM,  # a cut
        lambda share: brighter(STREET, 1 - 0.9 * share),
        lambda share: brighter(STREET, 1 - share),
        lambda share: brighter(STREET, abs(1 - 2 * share)),  # to black and back
        lit,
        coloured,
        moved_lamp,
        lambda share: view(round(600 * share)),
        lambda share: zoomed(1 + share),
    ],
)
@pytest.mark.parametrize("seconds", [0.4, 1.0, 2.0])
def test_what_else_changes_slowly_is_no_dissolve(seconds, frame_at):
    assert dissolves(seconds, frame_at) == []
