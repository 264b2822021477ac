"""Rows, CSV and JSON of a hand-made pair of faces."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import supervision as sv

from fer.drawing.face_export import (
    describe_rotation,
    face_rows,
    picture_document,
    to_csv,
    to_dataframe,
    to_json,
)
from fer.labels import EXPRESSIONS

PAIR = sv.Detections(
    xyxy=np.array([[10, 20, 110, 140], [200.25, 30, 240, 80]], np.float32),
    confidence=np.array([0.999, 0.95], np.float32),
    data={
        "probabilities": np.array(
            [[0.1, 0, 0, 0.7, 0, 0.1, 0.1], [0.2, 0.1, 0.1, 0.1, 0.2, 0.1, 0.2]], np.float32
        )
    },
)


def test_rows_name_every_probability():
    first, second = face_rows(PAIR, ["happy", "uncertain"])
    assert first["face"] == 1 and first["expression"] == "happy"
    assert first["probabilities"]["happy"] == 0.7
    assert tuple(first["probabilities"]) == EXPRESSIONS
    assert first["box"] == [10, 20, 110, 140]
    assert second["expression"] == "uncertain" and second["detector_confidence"] == 0.95


def test_csv_reads_back():
    rows = list(csv.DictReader(io.StringIO(to_csv(face_rows(PAIR, ["happy", "uncertain"])))))
    assert [row["face"] for row in rows] == ["1", "2"]
    assert float(rows[0]["happy"]) == 0.7
    assert float(rows[1]["right"]) == 240


def test_a_negative_number_stays_a_number():
    left = sv.Detections(xyxy=np.array([[-12.5, -3, 9, 9]], np.float32), data=PAIR[:1].data)
    left.confidence = np.ones(1, np.float32)
    (row,) = csv.DictReader(io.StringIO(to_csv(face_rows(left, ["happy"]))))
    assert (row["left"], row["top"]) == ("-12.5", "-3.0")


def test_json_reads_back():
    rows = face_rows(PAIR, ["happy", "uncertain"])
    assert json.loads(to_json({"faces": rows})) == {"faces": rows}


MEASURED = replace(
    PAIR,
    data={
        **PAIR.data,
        "size": np.array([109.54, 44.6], np.float32),
        "yaw": np.array([-3.21, 50.5], np.float32),
        "clipped": np.array([0.12345, 0], np.float32),
        "turned_away": np.array([False, True]),
    },
)


def test_quality_comes_last_and_is_empty_where_it_is_unknown():
    first, second = face_rows(MEASURED, ["happy", "turned away"])
    assert first["quality"]["size"] == 109.5 and first["quality"]["clipped"] == 0.123
    assert second["quality"]["yaw"] == 50.5 and second["quality"]["roll"] is None
    rows = list(csv.DictReader(io.StringIO(to_csv([first, second]))))
    assert rows[1]["expression"] == "turned away"
    assert rows[0]["yaw"] == "-3.2" and rows[0]["roll"] == ""
    assert json.loads(to_json({"faces": [first]}))["faces"][0]["quality"]["sharpness"] is None


def test_a_table_takes_faces_from_elsewhere():
    faces = sv.Detections(PAIR.xyxy, data={"probabilities": PAIR.data["probabilities"]})
    table = to_dataframe(faces)
    assert table["detector_confidence"].isna().all() and table["left"].tolist() == [10, 200.25]


@pytest.mark.parametrize(
    ("uncertain_below", "names"),
    [(None, ["happy", "turned away"]), (0.75, ["uncertain", "turned away"])],
)
def test_a_table_names_no_face_that_is_uncertain_or_turned_away(uncertain_below, names):
    table = to_dataframe(MEASURED, uncertain_below)
    assert table["expression"].tolist() == names
    assert table["yaw"].tolist() == pytest.approx([-3.21, 50.5])
    assert table["roll"].isna().all()


def test_a_table_of_something_else_is_refused():
    for other in ("photo.jpg", [[]], np.zeros((2, 4)), {"faces": 1}):
        with pytest.raises(TypeError, match=r"not of (str|list|ndarray)"):
            to_dataframe(other)


def test_a_table_names_by_the_network_that_classified():
    classified = replace(PAIR, metadata={"uncertain_below": 0.4})
    assert to_dataframe([classified, PAIR])["expression"].tolist() == [
        *("happy", "uncertain"),
        *("happy", "angry"),  # of an unknown network
    ]


def test_no_face_gives_no_row_and_a_header():
    assert face_rows(sv.Detections.empty(), []) == []
    assert to_csv([]).splitlines() == [
        "face,expression,angry,disgust,fear,happy,sad,surprise,neutral,"
        "left,top,right,bottom,detector_confidence,size,roll,yaw,sharpness,brightness,clipped"
    ]


@pytest.mark.parametrize(
    ("degrees", "sentence"),
    [
        (0, ""),
        (90, "The photo looks turned by 90 degrees clockwise; it was read as turned."),
        (180, "The photo looks turned by 180 degrees; it was read as turned."),
        (270, "The photo looks turned by 90 degrees counter-clockwise; it was read as turned."),
    ],
)
def test_the_rotation_of_a_photo_is_stated(degrees, sentence):
    faces = sv.Detections(
        xyxy=np.empty((0, 4)), confidence=np.empty(0), metadata={"rotation": degrees}
    )
    document = picture_document("a.jpg", (4, 3), faces, [], "m")
    assert document["rotation"] == degrees
    assert describe_rotation(document["rotation"]) == sentence
