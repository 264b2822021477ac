import warnings
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch
from skimage import data
from supervision import Detections, box_iou_batch

from fer.images import ImageError
from fer.vision.detector import FaceDetector, matches_known
from fer.vision.pose import roll, roll_difference
from fer.vision.rotation import rotate_image

ASTRONAUT = data.astronaut()
FACE = (180, 61, 268, 172)
"""The astronaut's face: hairline to chin, between the ears; checked by eye."""


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def assert_shapes(faces: Detections, n: int) -> None:
    assert (faces.xyxy.shape, faces.xyxy.dtype) == ((n, 4), np.float32)
    assert (faces.confidence.shape, faces.confidence.dtype) == ((n,), np.float32)
    landmarks = faces.data["landmarks"]
    assert (landmarks.shape, landmarks.dtype) == ((n, 5, 2), np.float32)


def assert_near(xyxy: np.ndarray, expected, least_iou: float = 0.85) -> None:
    iou = box_iou_batch(np.reshape(xyxy, (1, 4)), np.reshape(expected, (1, 4)).astype(float))
    assert iou.item() > least_iou, f"{xyxy} is not near {expected}"


def test_the_astronaut(detector):
    faces = detector.detect(ASTRONAUT)
    assert_shapes(faces, 1)
    np.testing.assert_allclose(faces.xyxy[0], FACE, atol=6)
    assert faces.confidence[0] > 0.99


def test_landmarks_are_placed_as_in_a_face(detector):
    left_eye, right_eye, nose, left_mouth, right_mouth = detector.detect(ASTRONAUT).data[
        "landmarks"
    ][0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    np.testing.assert_allclose(left_eye, (205, 101), atol=5)


def test_a_mirrored_picture_has_a_mirrored_box(detector):
    mirrored = detector.detect(ASTRONAUT[:, ::-1])
    assert_near(mirrored.xyxy, (512 - FACE[2], FACE[1], 512 - FACE[0], FACE[3]))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((240, 320, 3), np.uint8),
        np.full((240, 320, 3), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        ASTRONAUT[:10, :10],
        ASTRONAUT[:1],
        ASTRONAUT[:, :1],
        ASTRONAUT[100:139, :],  # one pixel less than min_face
        ASTRONAUT[100:140, :],
        ASTRONAUT[300:, :],  # her suit
    ],
    ids=lambda picture: "x".join(map(str, picture.shape)),
)
def test_no_face_is_an_empty_value(detector, picture):
    faces = detector.detect(picture)
    assert_shapes(faces, 0)
    assert faces.is_empty()


@pytest.mark.parametrize(
    "picture",
    [
        cv2.cvtColor(ASTRONAUT, cv2.COLOR_RGB2GRAY),
        cv2.cvtColor(ASTRONAUT, cv2.COLOR_RGB2GRAY)[..., None],
        np.dstack([ASTRONAUT, np.full((512, 512), 255, np.uint8)]),
        ASTRONAUT / 255,
    ],
    ids=["grey", "grey with channel", "RGBA", "float"],
)
def test_other_arrays_are_converted(detector, picture):
    faces = detector.detect(picture)
    assert_shapes(faces, 1)
    assert_near(faces.xyxy, FACE)


def test_an_array_that_is_no_picture_is_refused(detector):
    with pytest.raises(ImageError, match="shape"):
        detector.detect(ASTRONAUT.transpose(2, 0, 1))


def test_autocast_changes_nothing(detector):
    plain = detector.detect(ASTRONAUT)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = detector.detect(ASTRONAUT)
    np.testing.assert_array_equal(mixed.xyxy, plain.xyxy)


def test_a_fold_of_the_suit_is_no_face(detector):
    camera = cv2.resize(ASTRONAUT[:384], (640, 480), interpolation=cv2.INTER_CUBIC)
    for shift in range(4):
        moved = np.roll(camera, shift, axis=1)
        assert len(detector.detect(moved)) == 1
        assert len(detector.with_min_face(20).detect(moved)) == 1


def test_a_face_that_its_frame_cuts_off_is_found(detector):
    tile = np.full((240, 320, 3), 60, np.uint8)
    tile[:, 60:260] = cv2.resize(ASTRONAUT[55:180, 172:276], (200, 240))
    assert len(detector.detect(tile)) == 1


def test_boxes_of_large_pictures_are_in_their_own_pixels(detector):
    enlarged = 4000 / 512
    large = cv2.resize(ASTRONAUT, (4000, 4000))
    detector = detector.with_min_face(90)
    faces, small = detector.detect(large), detector.detect(ASTRONAUT)
    assert_near(faces.xyxy / enlarged, FACE)
    np.testing.assert_allclose(faces.data["landmarks"] / enlarged, small.data["landmarks"], atol=4)


@pytest.mark.parametrize(("min_face", "n"), [(12, 1), (600, 1), (850, 0)])
def test_min_face_counts_the_pixels_of_a_large_picture(detector, min_face, n):
    large = cv2.resize(ASTRONAUT, (3000, 3000))  # the face is 650 high
    assert_shapes(detector.with_min_face(min_face).detect(large), n)


def test_no_face_is_smaller_than_min_face(detector):
    strict = detector.with_min_face(145)
    assert len(strict.detect(ASTRONAUT)) == 0
    assert len(strict.with_min_face(112).detect(ASTRONAUT)) == 1


def test_min_face_is_the_size_that_people_annotate(detector):
    """From forehead to chin; the detector's own boxes of such faces are often smaller."""
    least, found, own_sizes = detector.with_min_face(20), 0, []
    for size in (20.2, 21, 22, 23, 24):
        scale = size / (FACE[3] - FACE[1])
        for left, top in ((0, 0), (11, 4), (5, 7)):
            small = cv2.resize(ASTRONAUT[top:, left:], None, None, scale, scale, cv2.INTER_AREA)
            faces = least.detect(small)
            found += len(faces)
            own_sizes += (faces.xyxy[:, 2:] - faces.xyxy[:, :2]).max(axis=1).tolist()
    assert found >= 13
    assert min(own_sizes) < 20


def test_faces_side_by_side_come_largest_first(detector):
    half = cv2.resize(ASTRONAUT, (256, 256), interpolation=cv2.INTER_AREA)
    picture = np.zeros((512, 768, 3), np.uint8)
    picture[:256, :256] = half
    picture[:, 256:] = ASTRONAUT
    faces = detector.detect(picture)
    assert_shapes(faces, 2)
    assert_near(faces.xyxy[0], np.add(FACE, (256, 0, 256, 0)))
    assert_near(faces.xyxy[1], np.divide(FACE, 2), 0.7)


def test_two_astronauts(detector):
    faces = detector.detect(np.hstack([ASTRONAUT, ASTRONAUT]))
    left, right = sorted(faces.xyxy.tolist())
    assert_near(left, FACE)
    assert_near(right, np.add(FACE, (512, 0, 512, 0)))


@pytest.mark.parametrize("cut", [np.s_[:, 200:], np.s_[:, :250], np.s_[80:, :], np.s_[:150, :]])
def test_boxes_stay_in_the_picture(detector, cut):
    picture = ASTRONAUT[cut]
    height, width = picture.shape[:2]
    faces = detector.detect(picture, confidence=0.6)
    assert len(faces) == 1
    x1, y1, x2, y2 = faces.xyxy[0]
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height


def test_confidence_is_the_least_score(detector):
    sure = detector.detect(ASTRONAUT).confidence[0]
    assert len(detector.detect(ASTRONAUT, confidence=1)) == 0
    assert len(detector.detect(ASTRONAUT, confidence=float(sure) - 1e-4)) == 1


def test_another_smallest_face_shares_the_networks_and_leaves_the_first_alone(detector):
    other = detector.with_min_face(60)
    assert other.cascade is detector.cascade
    assert (other.min_face, other.confidence) == (60, 0.86)
    assert detector.min_face == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_face": 0}, "min_face is at least 12"),
        ({"min_face": 11}, "min_face is at least 12"),
        ({"min_face": "40"}, "min_face is at least 12 pixels, not '40'"),
        ({"min_face": float("nan")}, "min_face is at least 12 pixels, not nan"),
        ({"confidence": -0.1}, "confidence is a score from 0 to 1"),
        ({"confidence": 95}, "confidence is a score from 0 to 1"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        FaceDetector(**options)


def test_threads_may_share_a_detector(detector):
    pictures = [ASTRONAUT[:240, 100 + 8 * shift : 340] for shift in range(6)]
    alone = [detector.detect(picture).xyxy for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        together = [faces.xyxy for faces in threads.map(detector.detect, pictures)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_picture_is_left_alone_and_may_be_read_only(detector):
    picture = ASTRONAUT.copy()
    picture.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detector.detect(picture)
    np.testing.assert_array_equal(picture, ASTRONAUT)


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        ([100, 100, 200, 200], True),
        ([150, 100, 250, 200], True),  # a third of both together
        ([160, 100, 260, 200], False),  # a quarter
        ([110, 110, 140, 140], True),  # an eye
        ([50, 50, 250, 250], False),  # a face of which the known one is a part
        ([300, 100, 400, 200], False),
    ],
)
def test_proposals_about_a_known_face_by_hand(proposed, expected):
    known = np.array([[0, 400, 50, 450], [100, 100, 200, 200]], np.float32)
    assert matches_known(np.array([proposed], np.float32), known).tolist() == [expected]


def test_a_face_is_found_although_part_of_it_is_taken_for_one(detector):
    mouth = np.array([[205, 125, 240, 160]], np.float32)
    faces = detector.detect(ASTRONAUT, known_boxes=mouth)
    np.testing.assert_allclose(faces.xyxy[0], FACE, atol=6)


@pytest.mark.parametrize("degrees", [-45, 30, 40])
def test_a_tilted_face_has_exact_landmarks(detector, degrees):
    picture = ASTRONAUT[:256, 100:356]
    upright, tilted = (detector.detect(rotate_image(picture, angle)) for angle in (0, degrees))
    faces = tilted.data["landmarks"], upright.data["landmarks"]
    assert len(tilted) == len(upright) == 1
    assert abs(roll_difference(roll(faces[0]), roll(faces[1]))[0] - degrees) < 3  # 7 unlevelled
    assert tilted.box_area[0] == pytest.approx(upright.box_area[0], rel=0.12)
