"""What the photo's page states of a face."""

import numpy as np
import pytest
from supervision import Detections

from fer.ui.photo.label_css import WIDE, place_tags
from fer.ui.photo.views import result_html
from fer.vision.quality import QUALITY_COLUMNS
from tests.fakes import sure

PICTURE = np.zeros((120, 160, 3), np.uint8)


def page(label="happy", **quality):
    data = {name: np.array([value], np.float32) for name, value in quality.items()}
    faces = Detections(
        xyxy=np.array([[10, 10, 110, 110]], np.float32),
        data={"probabilities": np.array([sure("happy")], np.float32), **data},
    )
    return str(result_html(PICTURE, faces, [label]))


@pytest.mark.parametrize(
    ("quality", "sentence"),
    [
        (
            (100, 2, -3, 211.6, 0.452, 0.01),
            "Seen with 100 pixels, sharpness 212, brightness 45%.",
        ),
        (
            (99.6, -11, 49, 40, 0.9, 0.25),
            "Seen with 100 pixels, turned about 49° to the right, tilted 11° to the left, "
            "sharpness 40, brightness 90%, 25% black or white.",
        ),
        (
            (100, np.nan, np.nan, 40, 0.9, 0),
            "Seen with 100 pixels, sharpness 40, brightness 90%.",
        ),
    ],
)
def test_a_panel_states_how_well_its_face_can_be_seen(quality, sentence):
    assert sentence in page(**dict(zip(QUALITY_COLUMNS, quality, strict=True)))


def test_a_face_that_was_not_measured_has_no_such_sentence():
    assert "Seen with" not in page()


def test_a_face_that_is_turned_away_keeps_its_bars_and_has_no_name():
    html = page("turned away")
    assert "too far away" in html and 'aria-label="Face 1 turned away"' in html
    assert 'aria-valuenow="90"' in html and "fer-top" not in html


def test_tags_and_lines_are_those_of_the_width_that_a_small_picture_has():
    picture = np.zeros((180, 320, 3), np.uint8)
    boxes = np.array([[20, 60, 70, 110], [75, 60, 125, 110]], np.float32)
    data = {"probabilities": np.array([sure("happy"), sure("surprise")], np.float32)}
    faces = Detections(xyxy=boxes, data=data)
    html = str(result_html(picture, faces, ["happy", "surprise"]))
    texts = ["happy 90%", "surprise 90%"]
    small, large = (place_tags(boxes, texts, (180, 320), width) for width in (320, WIDE))
    assert small != large
    assert all(f"--wide:{tag.inset}" in html and "--line:2px" in html for tag in small)
