"""What is drawn, and that nothing else changes."""

import numpy as np
import pytest
import supervision as sv

from fer.colors import COLORS
from fer.drawing.annotators import FaceAnnotator, PlainBoxAnnotator, display_ids, face_captions
from fer.labels import EXPRESSIONS, UNCERTAIN


def faces(*boxes, label="happy", p=0.92):
    row = np.full(7, (1 - p) / 6, np.float32)
    row[EXPRESSIONS.index(label)] = p
    return sv.Detections(
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        confidence=np.ones(len(boxes), np.float32),
        data={"probabilities": np.tile(row, (len(boxes), 1))},
    )


def rgb(name):
    return [int(COLORS[name][i : i + 2], 16) for i in (1, 3, 5)]


def test_box_has_the_colour_of_its_expression_in_rgb():
    picture = np.full((240, 320, 3), 128, np.uint8)
    drawn = FaceAnnotator().annotate(picture, faces([100, 80, 200, 180]), ["angry"])
    assert drawn.shape == picture.shape and drawn.dtype == np.uint8
    assert drawn[130, 100].tolist() == rgb("angry")  # left side of the box
    assert drawn[180, 150].tolist() == rgb("angry")  # bottom side


def test_input_is_untouched_and_the_rest_of_the_picture_too():
    picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    before = picture.copy()
    drawn = FaceAnnotator().annotate(picture, faces([100, 80, 200, 180]), ["happy"])
    assert np.array_equal(picture, before)
    changed = (drawn != picture).any(axis=2)
    assert changed.any()
    outside = np.ones_like(changed)
    outside[40:190, 90:210] = False  # the box, its line and the caption above it
    assert not changed[outside].any()
    assert not changed[90:170, 110:190].any()  # inside the box


def test_no_face_gives_an_equal_new_picture():
    picture = np.zeros((50, 60, 3), np.uint8)
    drawn = FaceAnnotator().annotate(picture, faces(), [])
    assert np.array_equal(drawn, picture) and drawn is not picture


def caption_size(box):
    """Height and width in pixels of what is drawn of a caption, which is a filled block."""
    picture = np.full((240, 320, 3), 77, np.uint8)
    drawn = FaceAnnotator().annotate(picture, faces(box, label="surprise"), ["surprise"])
    painted = (drawn != 77).any(axis=2)
    assert painted.any()
    rows, columns = (np.flatnonzero(painted.any(axis=axis)) for axis in (1, 0))
    assert painted[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > 0.95
    return len(rows), len(columns)


@pytest.mark.parametrize("box", [[0, 0, 100, 100], [250, 0, 320, 60], [0, 200, 40, 240]])
def test_caption_stays_inside_the_picture(box, monkeypatch):
    monkeypatch.setattr(sv.BoxAnnotator, "annotate", lambda self, scene, *_, **__: scene)
    height, width = caption_size([110, 100, 210, 200])  # nothing is in its way
    assert height >= 16 and width >= 60
    # Nothing of it is cut off but the one row or column by which rectangles are drawn larger.
    assert caption_size(box) == pytest.approx((height, width), abs=1)


@pytest.mark.parametrize("size", [(20, 20), (48, 48), (3000, 2000)])
def test_any_size_can_be_drawn_on(size):
    height, width = size
    picture = np.zeros((height, width, 3), np.uint8)
    drawn = FaceAnnotator(numbered=True).annotate(picture, faces([0, 0, width, height]), ["sad"])
    assert drawn.shape == picture.shape


def test_captions():
    two = faces([0, 0, 9, 9], [9, 9, 20, 20])
    assert face_captions(two, ["happy", UNCERTAIN]) == ["happy 92%", "uncertain"]
    assert face_captions(two, ["happy", UNCERTAIN], numbered=True) == ["1 happy 92%", "2 uncertain"]


def test_followed_faces_keep_their_track_numbers():
    two = faces([0, 0, 9, 9], [9, 9, 20, 20])
    assert display_ids(two) == [1, 2]
    two.tracker_id = np.array([7, 3])
    assert display_ids(two) == [7, 3]
    assert face_captions(two, ["happy", UNCERTAIN], numbered=True) == ["7 happy 92%", "3 uncertain"]


def test_plain_boxes_say_nothing_and_show_on_any_picture():
    for shade in (0, 128, 255):
        picture = np.full((240, 320, 3), shade, np.uint8)
        drawn = PlainBoxAnnotator().annotate(picture, faces([100, 80, 200, 180]))
        assert (picture == shade).all()
        seen = {tuple(colour) for colour in drawn[120:140, 90:110].reshape(-1, 3).tolist()}
        assert seen == {(0, 0, 0), (255, 255, 255), (shade,) * 3}
        assert (drawn[:70] == shade).all()  # no caption
    empty = np.zeros((50, 60, 3), np.uint8)
    assert np.array_equal(PlainBoxAnnotator().annotate(empty, faces()), empty)


def test_wrong_labels_are_refused():
    picture = np.zeros((50, 60, 3), np.uint8)
    with pytest.raises(ValueError, match="'joy' has no colour"):
        FaceAnnotator().annotate(picture, faces([1, 1, 20, 20]), ["joy"])
    with pytest.raises(ValueError, match="1 faces needs a label, got 0"):
        FaceAnnotator().annotate(picture, faces([1, 1, 20, 20]), [])
