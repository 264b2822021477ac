"""Photos whichever way up they are."""

import cv2
import numpy as np
import pytest
from skimage import data
from supervision import Detections

from fer.vision.detections import boxes
from fer.vision.detector import FaceDetector
from fer.vision.photo_search import detect_any_rotation, nearest_right_angle, typical_roll
from fer.vision.pose import face_rolls, roll_difference
from fer.vision.rotation import rotate_image, rotate_points

ASTRONAUT = data.astronaut()[:256, 100:420]


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def upright(detector) -> Detections:
    return detector.detect(ASTRONAUT)


@pytest.mark.parametrize(
    ("degrees", "rotation"),
    [(45, 0), (-60, 0), (90, 90), (100, 90), (135, 0), (180, 180), (-90, 270)],
)
def test_a_face_is_found_any_way_up_in_the_photo_s_own_pixels(detector, upright, degrees, rotation):
    photo = rotate_image(ASTRONAUT, degrees)
    faces = detector.detect_any_rotation(photo)
    assert len(faces) == 1
    assert faces.metadata["rotation"] == rotation
    shift = np.array(photo.shape[1::-1]) / 2 - np.array(ASTRONAUT.shape[1::-1]) / 2
    middle = np.array(ASTRONAUT.shape[1::-1])[None] / 2
    expected = rotate_points(upright.data["landmarks"], middle, np.array([degrees])) + shift
    np.testing.assert_allclose(faces.data["landmarks"], expected, atol=5)
    x1, y1, x2, y2 = boxes(faces)[0]
    middle_of_face = expected[0].mean(axis=0)
    assert np.abs([(x1 + x2) / 2, (y1 + y2) / 2] - middle_of_face).max() < 14  # brow to chin
    assert faces.box_area[0] == pytest.approx(upright.box_area[0], rel=0.15)
    assert (boxes(faces) >= 0).all()
    assert (boxes(faces) <= np.tile(photo.shape[1::-1], 2)).all()


def test_an_upright_photo_has_the_faces_of_a_plain_search(detector, upright):
    faces = detector.detect_any_rotation(ASTRONAUT)
    np.testing.assert_array_equal(faces.xyxy, upright.xyxy)
    np.testing.assert_array_equal(faces.data["landmarks"], upright.data["landmarks"])
    assert faces.metadata["rotation"] == 0


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_turning_a_picture_without_faces_finds_none(detector, name):
    # Turned by 270 degrees MTCNN takes a part of the coffee for a face.
    faces = detector.detect_any_rotation(getattr(data, name)())
    assert (len(faces), faces.metadata["rotation"]) == (0, 0)


def test_most_faces_decide_which_way_up_a_photo_is(detector):
    tile = ASTRONAUT[:200, 20:220]
    on_its_side, upside_down = rotate_image(tile, 90), rotate_image(tile, 180)
    faces = detector.detect_any_rotation(np.hstack([on_its_side, upside_down, on_its_side]))
    assert faces.metadata["rotation"] == 90
    assert np.sum(np.abs(roll_difference(face_rolls(faces), 90)) < 8) == 2


@pytest.mark.parametrize(
    ("degrees", "quarter"), [(0, 0), (59, 0), (61, 90), (-61, 270), (-119, 270), (175, 180)]
)
def test_rolls_near_a_right_angle_give_that_rotation(degrees, quarter):
    assert nearest_right_angle(degrees) == quarter


def test_the_typical_roll_is_that_of_most_faces_also_across_180_degrees():
    faces = Detections(
        xyxy=np.tile(np.array([[0, 0, 9, 9]], np.float32), (4, 1)),
        confidence=np.ones(4, np.float32),
        data={"roll": np.array([178, -174, 3, 182], np.float32)},
    )
    assert typical_roll(faces) == pytest.approx(-178, abs=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (2, 70_000), (40_000, 3), (13, 600)])
def test_pictures_of_any_shape_are_searched(detector, shape):
    faces = detector.detect_any_rotation(np.zeros((*shape, 3), np.uint8))
    assert (len(faces), faces.metadata["rotation"]) == (0, 0)


@pytest.mark.parametrize("degrees", [90, 45])
def test_a_large_photo_is_searched_in_a_copy(detector, degrees):
    photo = rotate_image(ASTRONAUT, degrees)
    large = cv2.resize(photo, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    faces, small = detector.detect_any_rotation(large), detector.detect_any_rotation(photo)
    assert len(faces) == len(small) == 1
    np.testing.assert_allclose(faces.data["landmarks"] / 6, small.data["landmarks"], atol=3)
    np.testing.assert_allclose(faces.xyxy / 6, small.xyxy, atol=8)


class MouthForEyes:
    """A detector that takes an upside-down face for an upright one, and is less sure of that.

    The picture's first pixel is black as long as nobody turns it.
    """

    min_face = 20
    box = np.array([[30, 30, 70, 70]], np.float32)

    def with_min_face(self, min_face: int) -> "MouthForEyes":
        return self

    def detect(self, image: np.ndarray) -> Detections:
        return self.face(np.zeros(1), np.full(1, 1.0 if image[0, 0, 0] else 0.98))

    def score_faces(self, image, faces, rolls, scales=None) -> Detections:
        upside_down = np.abs(roll_difference(rolls, 180)) < 1
        return self.face(rolls, np.where(upside_down, 0.999, 0.985))

    def face(self, rolls: np.ndarray, confidence: np.ndarray) -> Detections:
        upright = np.array([[[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]]], np.float32)
        count, middle = len(rolls), np.array([[50, 50]])
        landmarks = np.repeat(upright, count, axis=0)
        return Detections(
            xyxy=np.repeat(self.box, count, axis=0),
            confidence=confidence.astype(np.float32),
            data={"landmarks": rotate_points(landmarks, np.repeat(middle, count, axis=0), rolls)},
        )


def test_an_upside_down_face_detected_as_upright_is_corrected():
    photo = np.full((100, 100, 3), 255, np.uint8)
    photo[0, 0] = 0
    faces = detect_any_rotation(MouthForEyes(), photo)
    assert len(faces) == 1
    assert abs(face_rolls(faces)[0]) == pytest.approx(180, abs=0.01)
    assert (faces.confidence[0], faces.metadata["rotation"]) == (1, 180)
