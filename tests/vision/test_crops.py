import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image
from supervision import Detections

from fer.vision.crops import (
    FER2013_FRAMING,
    MIN_ALIGNED_SIDE,
    ROLL_CORRECTION_FULL,
    ROLL_CORRECTION_START,
    CropFraming,
    crop_face,
    crop_faces,
    roll_correction,
)
from fer.vision.rotation import rotate_boxes, rotate_image, rotate_points

# Each pixel holds its own place: red its column, green its row.
ROWS, COLUMNS = np.mgrid[0:20, 0:30].astype(np.uint8)
PICTURE = np.stack([COLUMNS, ROWS, np.zeros_like(ROWS)], axis=2)


def places(crop: np.ndarray) -> tuple[list[int], list[int]]:
    """The columns and rows of the picture that a crop shows."""
    return crop[0, :, 0].tolist(), crop[:, 0, 1].tolist()


@pytest.mark.parametrize(
    ("xyxy", "framing", "columns", "rows"),
    [
        # a square box as it is
        ((4, 2, 8, 6), CropFraming(), range(4, 8), range(2, 6)),
        # 2 x 8: size 4 about the centre (10, 8)
        ((9, 4, 11, 12), CropFraming(), range(8, 12), range(6, 10)),
        # centre (6, 4), side 4 * 1.5 = 6
        ((4, 2, 8, 6), CropFraming(1.5), range(3, 9), range(1, 7)),
        # shifts are in sides of the square: 6 * 0.5 right, 6 / 6 up
        ((4, 2, 8, 6), CropFraming(1.5, 0.5, -1 / 6), range(6, 12), range(0, 6)),
        # over the upper left corner: border pixels go on
        ((-2, -2, 2, 2), CropFraming(), [0, 0, 0, 1], [0, 0, 0, 1]),
        # over the lower right corner
        ((28, 18, 32, 22), CropFraming(), [28, 29, 29, 29], [18, 19, 19, 19]),
        # wholly outside
        ((40, 5, 43, 8), CropFraming(), [29, 29, 29], [5, 6, 7]),
        # larger than the picture
        ((-1, -6, 31, 26), CropFraming(), [0, *range(30), 29], [*[0] * 6, *range(20), *[19] * 6]),
        # without an area
        ((7, 3, 7, 3), CropFraming(), [7], [3]),
        ((9, 3, 5, 8), CropFraming(2), [7], [5]),
        # a part of a pixel
        ((7.1, 3.1, 7.3, 3.3), CropFraming(), [7], [3]),
    ],
)
def test_crop_shows_these_places(xyxy, framing, columns, rows):
    crop = crop_face(PICTURE, xyxy, framing)
    assert places(crop) == (list(columns), list(rows))
    assert crop.shape == (len(columns), len(columns), 3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 600, 3), (600, 1, 3)])
def test_thin_pictures_are_cut_too(shape):
    crop = crop_face(np.full(shape, 9, np.uint8), (0, 0, 40, 50), CropFraming(1.2, 0.1, -0.1))
    assert crop.shape == (54, 54, 3)
    assert (crop == 9).all()


def test_a_crop_of_a_long_picture_takes_no_more_memory_than_itself():
    strip = np.zeros((20, 50_000, 3), np.uint8)
    tracemalloc.start()
    crop = crop_face(strip, (0, 0, 50_000, 20), CropFraming())
    assert tracemalloc.get_traced_memory()[1] < 3 * crop.nbytes
    tracemalloc.stop()
    assert crop.shape == (1000, 1000, 3)


def test_a_crop_is_a_copy():
    picture = PICTURE.copy()
    crop_face(picture, (4, 2, 8, 6), CropFraming())[:] = 255
    np.testing.assert_array_equal(picture, PICTURE)


def test_crop_faces_keeps_the_order_and_takes_none():
    faces = Detections(xyxy=np.array([[4, 2, 8, 6], [0, 0, 3, 3]], np.float32))
    assert [crop.shape[0] for crop in crop_faces(PICTURE, faces, CropFraming())] == [4, 3]
    assert crop_faces(PICTURE, Detections.empty(), CropFraming()) == []


@pytest.mark.parametrize("scale", [0, -1, float("nan")])
def test_a_framing_that_cuts_nothing_is_refused(scale):
    with pytest.raises(ValueError, match="above 0"):
        CropFraming(scale)


def tilted(degrees: float) -> Detections:
    """A face in the middle of `PICTURE` with landmarks tilted clockwise."""
    upright = np.array([[[13, 8], [17, 8], [15, 10], [13, 12], [17, 12]]], np.float32)
    landmarks = rotate_points(upright, np.array([[15, 10]]), np.array([degrees]))
    box = np.array([[11, 6, 19, 14]], np.float32)
    return Detections(xyxy=box, data={"landmarks": landmarks})


@pytest.mark.parametrize("degrees", [0.01 - ROLL_CORRECTION_START, 0, ROLL_CORRECTION_START - 0.01])
def test_a_face_that_is_hardly_tilted_keeps_its_pixels(degrees):
    crop = crop_faces(PICTURE, tilted(degrees), FER2013_FRAMING)[0]
    np.testing.assert_array_equal(crop, crop_face(PICTURE, (11, 6, 19, 14), FER2013_FRAMING))


@pytest.mark.parametrize("degrees", [-170, -95, -90, 90, 83, 180])
def test_a_face_of_a_turned_photo_has_the_pixels_it_has_in_the_upright_one(degrees):
    turns = round(degrees / 90)
    crop = crop_faces(PICTURE, tilted(degrees), CropFraming())[0]
    if abs(degrees - 90 * turns) < ROLL_CORRECTION_START:
        np.testing.assert_array_equal(crop, np.rot90(PICTURE[6:14, 11:19], turns))
    else:
        assert crop.shape == (MIN_ALIGNED_SIDE, MIN_ALIGNED_SIDE, 3)


def test_a_tilted_face_is_cut_out_level():
    face = np.zeros((80, 80, 3), np.uint8)
    face[30:36, 24:56] = 255  # a line through both eyes
    crop = crop_face(rotate_image(face, 30), (35, 35, 75, 75), CropFraming(), roll=30)
    scale = MIN_ALIGNED_SIDE / 40
    rows = np.flatnonzero(crop[:, MIN_ALIGNED_SIDE // 2, 0] > 127)
    line = crop[rows.min() + 2 : rows.max() - 1, round(6 * scale) : round(34 * scale)]
    assert (np.abs(line.astype(int) - 255) < 40).all()
    assert len(rows) / scale == pytest.approx(6, abs=1)


def test_a_slightly_tilted_face_has_the_crop_that_it_has_in_a_turned_photo():
    slight, more = _tilted_crop(7), _tilted_crop(37)
    assert cv2.norm(slight, more, cv2.NORM_L1) / more.size < 5  # 11 where one is left as it is


def _tilted_crop(degrees: float) -> np.ndarray:
    """Crop a line through both eyes that is tilted with its face."""
    face = np.zeros((80, 80, 3), np.uint8)
    face[30:36, 24:56] = 255
    picture = rotate_image(face, degrees)
    middle = np.array(picture.shape[1::-1]) / 2
    halves = np.array([17, 22])
    upright = np.concatenate([middle - halves, middle + halves])[None]
    box = rotate_boxes(upright, middle[None], np.array([degrees]))[0]
    return crop_face(picture, box, CropFraming(), degrees)


def test_the_framing_is_tilted_with_the_face():
    crop = crop_face(PICTURE, (11, 6, 19, 14), CropFraming(1.0, 0.0, 0.25), roll=90)
    np.testing.assert_array_equal(crop, np.rot90(PICTURE[6:14, 9:17]))  # its chin is on the left


def test_a_smoothed_roll_goes_before_the_landmarks():
    faces = tilted(90)
    faces.data["roll"] = np.zeros(1, np.float32)
    np.testing.assert_array_equal(
        crop_faces(PICTURE, faces, CropFraming())[0], PICTURE[6:14, 11:19]
    )


@pytest.mark.parametrize("degrees", [15, 30, 45])
def test_the_crop_of_a_tilted_face_is_as_large_as_upright(degrees):
    upright = np.array([[50, 50, 150, 180]], np.float32)
    box = rotate_boxes(upright, np.array([[100, 115]]), np.array([degrees]))[0]
    assert crop_face(np.zeros((300, 300, 3), np.uint8), box, CropFraming(), degrees).shape[0] == 114
    assert (box[2:] - box[:2]).prod() ** 0.5 > 114.4  # the box itself is larger


def test_levelling_grows_without_a_jump():
    turns = np.array([roll_correction(roll) for roll in np.arange(-180, 180, 0.5)])
    steps = np.diff(turns)
    assert steps[0] == 0  # also where 180 and -180 degrees meet
    assert (steps >= 0).all()
    assert (
        steps.max()
        <= 0.5 * ROLL_CORRECTION_FULL / (ROLL_CORRECTION_FULL - ROLL_CORRECTION_START) + 1e-9
    )
    assert [roll_correction(roll) for roll in (-90, 0, ROLL_CORRECTION_FULL, 45)] == [
        -90,
        0,
        ROLL_CORRECTION_FULL,
        45,
    ]


def test_a_face_of_unknown_roll_is_cut_out_as_it_is():
    faces = tilted(0)
    faces.data["roll"] = np.full(1, np.nan, np.float32)
    np.testing.assert_array_equal(
        crop_faces(PICTURE, faces, CropFraming())[0], PICTURE[6:14, 11:19]
    )


def test_a_small_tilted_face_is_hardly_blurred():
    rows, columns = np.mgrid[0:80, 0:80]
    stripes = np.where((rows + columns) // 3 % 2, 200, 50).astype(np.uint8)[..., None].repeat(3, 2)
    contrasts = [
        np.std(Image.fromarray(crop).resize((48, 48), Image.Resampling.BILINEAR))
        for crop in (crop_face(stripes, (25, 25, 49, 49), CropFraming(), roll) for roll in (0, 20))
    ]
    assert contrasts[1] > 0.95 * contrasts[0]  # 0.83 of it at the face's own size
