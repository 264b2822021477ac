"""Corruptions of faces, and duplicates among them."""

import numpy as np
import pytest

from fer.data.duplicates import has_duplicate_in
from fer.evaluation.robustness import (
    CORRUPTIONS,
    blur,
    compress,
    cover,
    expose,
    motion,
    rotate,
    shrink,
)


@pytest.fixture
def face():
    smooth = np.add.outer(np.arange(48), np.arange(48)).astype(np.uint8) * 2
    smooth[10:20, 30:40] = 255
    return smooth


@pytest.mark.parametrize("corrupt", CORRUPTIONS.values(), ids=map(" ".join, CORRUPTIONS))
def test_every_corruption_changes_the_face_and_keeps_its_form(face, corrupt):
    before = face.copy()
    corrupted = corrupt(face)
    assert corrupted.shape == (48, 48)
    assert corrupted.dtype == np.uint8
    assert not np.array_equal(corrupted, face)
    np.testing.assert_array_equal(face, before)


def sharpness(image):
    return np.abs(np.diff(image.astype(int), axis=1)).mean()


def test_a_higher_severity_changes_the_face_more(face):
    assert sharpness(shrink(face, 12)) < sharpness(shrink(face, 32)) < sharpness(face)
    assert sharpness(blur(face, 3)) < sharpness(blur(face, 1)) < sharpness(face)
    assert sharpness(motion(face, 9)) < sharpness(motion(face, 5)) < sharpness(face)
    assert (
        np.abs(compress(face, 10) - face.astype(int)).mean()
        > np.abs(compress(face, 50) - face.astype(int)).mean()
    )


def test_light_by_hand():
    assert expose(np.array([[100, 200]], np.uint8), 2.0).tolist() == [[200, 255]]
    assert expose(np.array([[100, 200]], np.uint8), 0.25).tolist() == [[25, 50]]


def test_cover_hides_a_band_only(face):
    covered = cover(face, 0.25, 0.5)
    assert (covered[12:24] == 128).all()
    np.testing.assert_array_equal(covered[:12], face[:12])
    np.testing.assert_array_equal(covered[24:], face[24:])


def test_a_quarter_turn_is_exact(face):
    np.testing.assert_array_equal(rotate(face, 90), np.rot90(face))


def test_duplicates_are_found_in_other_light_but_not_similar_faces():
    generator = np.random.default_rng(0)
    training = generator.integers(20, 200, (600, 48, 48), np.uint8)
    brighter = (training[550] // 2 + 60).astype(np.uint8)
    noisy = (training[3] * 0.7 + generator.integers(0, 50, (48, 48))).astype(np.uint8)
    blank = np.full((48, 48), 7, np.uint8)
    found = has_duplicate_in(np.stack([training[5], brighter, noisy, blank]), training)
    assert found.tolist() == [True, True, False, False]
