import numpy as np
import pytest
from skimage.data import astronaut
from supervision import Detections

from fer.colors import COLORS
from fer.drawing.annotators import FaceAnnotator, PlainBoxAnnotator
from fer.drawing.video_annotator import VideoAnnotator
from tests.fakes import sure

BOXES = [[40, 120, 160, 260], [300, 200, 420, 330]]


def faces(boxes, *names: str) -> Detections:
    return Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        confidence=np.ones(len(boxes), np.float32),
        tracker_id=np.arange(7, 7 + len(boxes)),
        data={"probabilities": np.array([sure(n) for n in names], np.float32).reshape(-1, 7)},
    )


def drawn(image, detections, labels):
    frame = image.copy()
    VideoAnnotator(image.shape[1], image.shape[0]).draw(frame, detections, labels)
    return frame


def test_it_draws_what_the_photo_annotator_draws():
    image, found = astronaut(), faces(BOXES, "happy", "sad")
    film = drawn(image, found, ["happy", "uncertain"]).astype(int)
    photo = FaceAnnotator(numbered=True).annotate(image, found, ["happy", "uncertain"]).astype(int)
    changed = (photo != image).any(axis=2)
    assert changed.mean() > 0.02
    differs = np.abs(film - photo).max(axis=2) > 40
    assert differs.sum() < 0.15 * changed.sum()  # letters are set a pixel apart


def test_without_labels_all_boxes_are_alike():
    image, found = astronaut(), faces(BOXES, "happy", "sad")
    np.testing.assert_array_equal(
        drawn(image, found, None), PlainBoxAnnotator().annotate(image, found)
    )


def test_colours_are_those_of_the_labels():
    black = np.zeros((512, 512, 3), np.uint8)
    film = drawn(black, faces(BOXES[:1], "happy"), ["happy"])
    assert f"#{bytes(film[200, 40]).hex()}" == COLORS["happy"]  # the box
    assert f"#{bytes(film[118, 60]).hex()}" == COLORS["happy"]  # the caption


@pytest.mark.parametrize("box", [[-50, -40, 30, 30], [480, 0, 700, 90], [100, 500, 200, 700]])
def test_captions_stay_within_the_picture(box):
    black = np.zeros((512, 512, 3), np.uint8)
    film = drawn(black, faces([box], "sad"), ["sad"])
    assert (film == list(bytes.fromhex(COLORS["sad"][1:]))).all(axis=2).sum() > 1500


def test_a_picture_smaller_than_its_caption():
    tiny = np.zeros((10, 12, 3), np.uint8)
    assert drawn(tiny, faces([[2, 2, 9, 9]], "sad"), ["sad"]).shape == (10, 12, 3)


def test_no_face_leaves_the_frame_alone():
    np.testing.assert_array_equal(drawn(astronaut(), faces([]), []), astronaut())
