"""Faces and their probabilities as plain rows, and these as CSV and JSON text."""

import csv
import io
import json
from collections.abc import Sequence

from supervision import Detections

from fer.labels import EXPRESSIONS

CSV_COLUMNS = (
    "face",
    "expression",
    *EXPRESSIONS,
    "left",
    "top",
    "right",
    "bottom",
    "detector_confidence",
)


def face_rows(detections: Detections, labels: Sequence[str]) -> list[dict]:
    """Return a dictionary a face, ready for JSON.

    Args:
        detections: Faces with `confidence` and `data["probabilities"]` (n, 7); n may be 0.
        labels: What each face is called, one of the seven expressions or "uncertain".

    Returns:
        Dictionaries with `face` (its number, from 1), `expression`, `probabilities` (a dictionary
        from name to 0..1), `box` (left, top, right, bottom in pixels) and `detector_confidence`.
    """
    return [
        {
            "face": number,
            "expression": label,
            "probabilities": {
                name: round(float(p), 4) for name, p in zip(EXPRESSIONS, row, strict=True)
            },
            "box": [round(float(value), 1) for value in xyxy],
            "detector_confidence": round(float(confidence), 4),
        }
        for number, (label, row, xyxy, confidence) in enumerate(
            zip(
                labels,
                detections.data.get("probabilities", ()),
                detections.xyxy,
                detections.confidence if detections.confidence is not None else (),
                strict=True,
            ),
            start=1,
        )
    ]


def to_csv(rows: Sequence[dict]) -> str:
    """Return the rows of `face_rows` as CSV with a header line, one line a face."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        writer.writerow(
            [
                row["face"],
                row["expression"],
                *(row["probabilities"][name] for name in EXPRESSIONS),
                *row["box"],
                row["detector_confidence"],
            ]
        )
    return text.getvalue()


def to_json(document: dict) -> str:
    """Return a document as indented JSON text."""
    return json.dumps(document, indent=2, ensure_ascii=False)
