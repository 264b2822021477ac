"""Size, pose, sharpness and exposure of faces in made-up pictures."""

import cv2
import numpy as np
import pytest
from supervision import Detections

from fer.vision.quality import QUALITY_COLUMNS, is_turned_away, measure_quality


def faces(count: int = 1, **data) -> Detections:
    return Detections(xyxy=np.tile(np.array([10, 10, 90, 55], np.float32), (count, 1)), data=data)


def measure(crop: np.ndarray) -> dict[str, float]:
    return {name: float(values[0]) for name, values in measure_quality(faces(), [crop]).items()}


def textured(side: int = 96) -> np.ndarray:
    random = np.random.default_rng(0)
    blocks = random.integers(60, 200, (12, 12), np.uint8)
    return cv2.cvtColor(cv2.resize(blocks, (side, side)), cv2.COLOR_GRAY2RGB)


def test_size_is_that_of_the_box_in_pixels():
    assert measure(textured())["size"] == pytest.approx(60)


def test_a_blurred_face_is_less_sharp():
    sharp, blurred = textured(), cv2.GaussianBlur(textured(), (0, 0), 6)
    assert measure(sharp)["sharpness"] > 3 * measure(blurred)["sharpness"]


def test_sharpness_compares_faces_of_different_sizes():
    large = measure(textured(288))["sharpness"]
    assert measure(textured(96))["sharpness"] == pytest.approx(large, rel=0.25)
    assert measure(textured(9))["sharpness"] < large / 3  # the detail isn't there


def test_exposure_reports_mean_luminance_and_clipped_pixels():
    half = np.zeros((50, 50, 3), np.uint8)
    half[25:] = 255
    assert measure(half)["brightness"] == pytest.approx(0.5, abs=0.01)
    assert measure(half)["clipped"] > 0.95
    green = np.full((7, 7, 3), (0, 200, 0), np.uint8)
    assert measure(green)["brightness"] == pytest.approx(0.587 * 200 / 255, abs=0.01)
    assert measure(green)["clipped"] == 0


def test_the_pose_is_unknown_without_landmarks():
    measured = measure_quality(faces(2), [textured()] * 2)
    assert np.isnan(measured["roll"]).all() and np.isnan(measured["yaw"]).all()
    assert not is_turned_away(measured["yaw"]).any()
    aside = np.array([[30, 40], [44, 40], [50, 60], [30, 80], [44, 80]], np.float32)
    measured = measure_quality(faces(1, landmarks=aside[None]), [textured()])
    assert measured["yaw"][0] > 50 and measured["roll"][0] == 0
    assert is_turned_away(measured["yaw"]).tolist() == [True]


def test_no_face_has_empty_columns():
    measured = measure_quality(Detections.empty(), [])
    assert tuple(measured) == QUALITY_COLUMNS
    assert {values.shape for values in measured.values()} == {(0,)}
