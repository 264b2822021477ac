"""Faces and their probabilities as plain rows, and these as CSV and JSON text."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

from supervision import Detections

from fer.labels import EXPRESSIONS

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula, full-width signs included."""

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


def picture_document(
    name: str, size: tuple[int, int], detections: Detections, labels: Sequence[str], model: str
) -> dict:
    """Return what was read in one picture, ready for JSON.

    Args:
        name: The picture's.
        size: Its width and height in pixels.
        detections: As for `face_rows`.
        labels: As for `face_rows`.
        model: The network's name.
    """
    width, height = size
    faces = face_rows(detections, labels)
    return {"picture": name, "width": width, "height": height, "model": model, "faces": faces}


def to_csv(rows: Sequence[dict]) -> str:
    """Return the rows of `face_rows` as CSV with a header line, one line a face."""
    return _csv([CSV_COLUMNS, *map(_cells, rows)])


def pictures_csv(documents: Sequence[dict]) -> str:
    """Return what `picture_document` gave for several pictures as CSV, one line a face."""
    lines = [
        (document["picture"], *_cells(row)) for document in documents for row in document["faces"]
    ]
    return _csv([("picture", *CSV_COLUMNS), *lines])


def _cells(row: dict) -> list:
    probabilities = (row["probabilities"][name] for name in EXPRESSIONS)
    return [
        *(row["face"], row["expression"], *probabilities),
        *(*row["box"], row["detector_confidence"]),
    ]


def _csv(lines: Iterable[Sequence]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(no_formula, line) for line in lines)
    return text.getvalue()


def no_formula(value: object) -> object:
    """Return a cell that a spreadsheet takes as text where it is text; numbers stay numbers.

    File names may begin as a formula does, and opening a table would compute it.
    https://owasp.org/www-community/attacks/CSV_Injection

    >>> no_formula("=1+1.jpg"), no_formula("a=1.jpg"), no_formula(-1.5)
    ("'=1+1.jpg", 'a=1.jpg', -1.5)
    """
    formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if formula else value


def to_json(document: dict) -> str:
    """Return a document as indented JSON text."""
    return json.dumps(document, indent=2, ensure_ascii=False)
