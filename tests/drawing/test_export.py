"""Rows, CSV and JSON of a hand-made pair of faces."""

import csv
import io
import json

import numpy as np
import pytest
import supervision as sv

from fer.drawing.export import (
    face_rows,
    no_formula,
    picture_document,
    pictures_csv,
    to_csv,
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


@pytest.mark.parametrize(
    "name", ["=1+1.jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "\t=1.jpg", "\r=1.jpg", "\uff1d1.jpg"]
)
def test_no_name_is_a_formula(name):
    table = pictures_csv([picture_document(name, (300, 200), PAIR, ["happy", "uncertain"], "m")])
    cells = [row["picture"] for row in csv.DictReader(io.StringIO(table, newline=""))]
    assert cells == [f"'{name}"] * 2


@pytest.mark.parametrize("value", [-1.5, -3, 0, "a=b.jpg", "2+2.jpg", "", None, float("-inf")])
def test_numbers_and_other_names_stay(value):
    assert no_formula(value) is value


def test_a_negative_number_stays_a_number():
    left = sv.Detections(xyxy=np.array([[-12.5, -3, 9, 9]], np.float32), data=PAIR[:1].data)
    left.confidence = np.ones(1, np.float32)
    (row,) = csv.DictReader(io.StringIO(to_csv(face_rows(left, ["happy"]))))
    assert (row["left"], row["top"]) == ("-12.5", "-3.0")


def test_json_reads_back():
    rows = face_rows(PAIR, ["happy", "uncertain"])
    assert json.loads(to_json({"faces": rows})) == {"faces": rows}


def test_no_face_gives_no_row_and_a_header():
    assert face_rows(sv.Detections.empty(), []) == []
    assert to_csv([]).splitlines() == [
        "face,expression,angry,disgust,fear,happy,sad,surprise,neutral,"
        "left,top,right,bottom,detector_confidence"
    ]
