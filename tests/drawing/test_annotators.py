"""What is drawn, and that nothing else changes."""

import numpy as np
import pytest
import supervision as sv

from fer.colors import COLORS
from fer.drawing.annotators import FaceAnnotator, display_ids, face_captions
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


def caption_text(box):
    """The pixels of a caption's text: they alone have colours that picture and box have not."""
    picture = np.full((240, 320, 3), 77, np.uint8)
    drawn = FaceAnnotator().annotate(picture, faces(box, label="surprise"), ["surprise"])
    text = (drawn != 77).any(axis=2) & (drawn != rgb("surprise")).any(axis=2)
    rows, columns = (np.flatnonzero(text.any(axis=axis)) for axis in (1, 0))
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize("box", [[0, 0, 100, 100], [250, 0, 320, 60], [0, 200, 40, 240]])
def test_caption_stays_inside_the_picture(box):
    whole = caption_text([110, 100, 210, 200])  # nothing is in its way
    assert whole.shape[0] >= 8 and whole.shape[1] >= 60
    assert np.array_equal(caption_text(box), whole)


@pytest.mark.parametrize("size", [(20, 20), (48, 48), (3000, 2000)])
def test_any_size_can_be_drawn_on(size):
    height, width = size
    picture = np.zeros((height, width, 3), np.uint8)
    drawn = FaceAnnotator().annotate(picture, faces([0, 0, width, height]), ["sad"])
    assert drawn.shape == picture.shape


def test_captions():
    two = faces([0, 0, 9, 9], [9, 9, 20, 20])
    assert face_captions(two, ["happy", UNCERTAIN]) == ["1 happy 92%", "2 uncertain"]


def test_tracked_faces_have_their_track_numbers():
    two = faces([0, 0, 9, 9], [9, 9, 20, 20])
    assert display_ids(two) == [1, 2]
    two.tracker_id = np.array([7, 3])
    assert display_ids(two) == [7, 3]
    assert face_captions(two, ["happy", UNCERTAIN]) == ["7 happy 92%", "3 uncertain"]


def test_plain_boxes_have_no_caption_and_show_on_any_picture():
    for shade in (0, 128, 255):
        picture = np.full((240, 320, 3), shade, np.uint8)
        drawn = FaceAnnotator().annotate(picture, faces([100, 80, 200, 180]), None)
        assert (picture == shade).all()
        seen = {tuple(colour) for colour in drawn[120:140, 90:110].reshape(-1, 3).tolist()}
        assert seen == {(0, 0, 0), (255, 255, 255), (shade,) * 3}
        assert (drawn[:70] == shade).all()  # no caption
    empty = np.zeros((50, 60, 3), np.uint8)
    assert np.array_equal(FaceAnnotator().annotate(empty, faces(), None), empty)


def test_drawing_into_a_frame_gives_the_same():
    picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    frame, detected = picture.copy(), faces([100, 80, 160, 140], [170, 80, 230, 140])
    FaceAnnotator().draw(frame, detected, ["happy", "sad"])
    assert np.array_equal(frame, FaceAnnotator().annotate(picture, detected, ["happy", "sad"]))


def crowd(side, step):
    """A picture full of small faces, and their boxes."""
    places = [(x, y) for y in range(step, 1080 - step, step) for x in range(step, 1900, step)]
    boxes = [(x, y, x + side, y + side) for x, y in places]
    return np.full((1080, 1920, 3), 128, np.uint8), faces(*boxes)


def test_no_pixel_of_a_crowd_is_covered_but_by_lines():
    picture, detected = crowd(side=60, step=100)
    drawn = FaceAnnotator().annotate(picture, detected, ["happy"] * len(detected))
    for left, top, right, bottom in detected.xyxy.astype(int) + np.array([3, 3, -3, -3]):
        assert (drawn[top:bottom, left:right] == 128).all()


def test_lines_are_thin_beside_the_face():
    def line(side):
        box = [600, 400, 600 + side, 400 + side]
        drawn = FaceAnnotator().annotate(np.zeros((1080, 1920, 3), np.uint8), faces(box), ["sad"])
        return int((drawn[400 + side // 2, 590 : 600 + side // 2] > 0).any(axis=1).sum())

    assert line(30) <= 3 <= line(120) < line(400) <= 7


@pytest.mark.parametrize("tracked", [False, True])
def test_a_legend_names_the_colours_where_numbers_are_alone(tracked):
    picture, detected = crowd(side=30, step=100)
    if tracked:
        detected.tracker_id = np.arange(len(detected))
    for shown, has_legend in ((detected, not tracked), (detected[[0, 9]], False)):
        drawn = FaceAnnotator().annotate(picture, shown, ["happy"] * len(shown))
        below = drawn[980:]  # no box or number is there
        assert (below == rgb("happy")).all(axis=2).any() == has_legend
        assert (below != 128).any() == has_legend


def test_a_legend_covers_no_face():
    picture = np.full((300, 900, 3), 128, np.uint8)
    bottom = [[x, 270, x + 20, 290] for x in range(10, 890, 30)]
    detected = faces(*bottom)
    drawn = FaceAnnotator().annotate(picture, detected, ["happy"] * len(detected))
    dark = (drawn < 60).all(axis=2)
    assert dark[:60].sum() > 500  # the legend, at the top
    for left, top, right, below in detected.xyxy.astype(int) + np.array([2, 2, -2, -2]):
        assert (drawn[top:below, left:right] == 128).all()


def test_wrong_labels_are_refused():
    picture = np.zeros((50, 60, 3), np.uint8)
    with pytest.raises(ValueError, match="'joy' has no colour"):
        FaceAnnotator().annotate(picture, faces([1, 1, 20, 20]), ["joy"])
    with pytest.raises(ValueError, match="1 faces needs a label, got 0"):
        FaceAnnotator().annotate(picture, faces([1, 1, 20, 20]), [])


@pytest.mark.parametrize("box", [[-50, -40, 30, 30], [480, 0, 700, 90], [100, 500, 200, 700]])
def test_captions_of_faces_at_the_edge_are_whole(box):
    drawn = FaceAnnotator().annotate(np.zeros((512, 512, 3), np.uint8), faces(box), ["sad"])
    assert (drawn == rgb("sad")).all(axis=2).sum() > 1500


def test_a_picture_smaller_than_its_caption():
    tiny = np.zeros((10, 12, 3), np.uint8)
    drawn = FaceAnnotator().annotate(tiny, faces([2, 2, 9, 9], [3, 3, 8, 9]), ["sad", "sad"])
    assert drawn.shape == (10, 12, 3)
