"""Rows, CSV and JSON of a hand-made pair of faces."""

import csv
import io
import json

import numpy as np
import supervision as sv

from fer.labels import EXPRESSIONS
from fer.show.tables import face_rows, to_csv, to_json

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


def test_json_reads_back():
    rows = face_rows(PAIR, ["happy", "uncertain"])
    assert json.loads(to_json({"faces": rows})) == {"faces": rows}


def test_no_face_gives_no_row_and_a_header():
    assert face_rows(sv.Detections.empty(), []) == []
    assert to_csv([]).splitlines() == [
        "face,expression,angry,disgust,fear,happy,sad,surprise,neutral,"
        "left,top,right,bottom,detector_confidence"
    ]
