"""Export of faces and their probabilities: rows, CSV and JSON."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from fer.array_types import Float32Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS
from fer.output_files import csv_text
from fer.vision.detections import (
    boxes,
    confidences,
    expression_labels,
    picture_rotation,
    probabilities,
)
from fer.vision.quality import QUALITY_COLUMNS, quality_table

if TYPE_CHECKING:
    import pandas as pd

CSV_COLUMNS = (
    "face",
    "expression",
    *EXPRESSIONS,
    "left",
    "top",
    "right",
    "bottom",
    "detector_confidence",
    *QUALITY_COLUMNS,
)

NO_FACE = "No face was found."
"""Note in the line of a picture without a face."""

_QUALITY_DIGITS = {
    "size": 1,
    "roll": 1,
    "yaw": 1,
    "sharpness": 1,
    "brightness": 3,
    "clipped": 3,
}
"""Decimal places in CSV and JSON: no more than the measurement has."""


class FaceRow(TypedDict):
    """One face: number from 1, probabilities 0 to 1 by name, box as xyxy in pixels.

    Its quality is what `fer.vision.quality.measure_quality` measures, by name; None where that
    isn't known.
    """

    face: int
    expression: str
    probabilities: dict[str, float]
    box: list[float]
    detector_confidence: float
    quality: dict[str, float | None]


class PictureDocument(TypedDict):
    """The faces of one picture, its size in pixels and the network's name.

    `rotation` is 90, 180 or 270 where the picture is turned by so many degrees clockwise, else 0;
    boxes are in the picture as it is. `notices` are sentences on how it was read, as
    `fer.images.DecodedImage` has them.
    """

    picture: str
    width: int
    height: int
    rotation: int
    model: str
    notices: list[str]
    faces: list[FaceRow]


def to_dataframe(
    detections: Detections | Iterable[Detections], uncertain_below: float | None = None
) -> "pd.DataFrame":
    """Return a table of faces, one row per face.

    Args:
        detections: What a `fer.Pipeline` returned for a picture, for each of several pictures, or
            for each frame of a stream; n may be 0.
        uncertain_below: Least probability, 0 to 1, at which an expression is named; None is the
            network's own, which the pipeline left in the faces' `metadata`. Of faces from
            elsewhere, without it, each is named.

    Returns:
        Columns `picture` (index, from 0), `face` (from 1), `track` (only of a stream),
        `expression` (one of the seven, "uncertain" or "turned away"), the seven probabilities,
        `left, top, right, bottom` in pixels, `detector_confidence` and what
        `fer.vision.quality.measure_quality` measures; NaN where that isn't known.

    Raises:
        TypeError: These are no detections.
    """
    import pandas as pd  # heavy

    pictures = [detections] if isinstance(detections, Detections) else list(detections)
    for faces in pictures:
        if not isinstance(faces, Detections):
            raise TypeError(
                "A table is made of what a fer.Pipeline returned, supervision.Detections or "
                f"several of them in a list, not of {type(faces).__name__}."
            )
    # Those without a face would only take time, and change the types of columns.
    found = [(number, faces) for number, faces in enumerate(pictures) if len(faces)]
    found = found or [(0, pictures[0] if pictures else Detections.empty())]
    columns = [_columns(number, faces, uncertain_below) for number, faces in found]
    names = ["picture", *CSV_COLUMNS]
    if any(faces.tracker_id is not None for _, faces in found):
        names.insert(2, "track")
    return pd.DataFrame({name: np.concatenate([one[name] for one in columns]) for name in names})


def _columns(
    picture: int, faces: Detections, uncertain_below: float | None
) -> dict[str, NDArray[Any]]:
    """Return the columns of the faces of one picture, each (n,)."""
    count = len(faces)
    if uncertain_below is None:
        uncertain_below = float(faces.metadata.get("uncertain_below", 0.0))
    return {
        "picture": np.full(count, picture),
        "face": np.arange(1, count + 1),
        "track": np.full(count, np.nan) if faces.tracker_id is None else faces.tracker_id,
        "expression": np.array(expression_labels(faces, uncertain_below), str),
        **dict(zip(EXPRESSIONS, probabilities(faces).T, strict=True)),
        **dict(zip(("left", "top", "right", "bottom"), boxes(faces).T, strict=True)),
        "detector_confidence": np.full(count, np.nan, np.float32)
        if faces.confidence is None
        else confidences(faces),
        **dict(zip(QUALITY_COLUMNS, quality_table(faces).T, strict=True)),
    }


def face_rows(detections: Detections, labels: Sequence[str]) -> list[FaceRow]:
    """Return one dictionary per face, ready for JSON.

    Args:
        detections: Faces with `confidence` and `data["probabilities"]` (n, 7); n may be 0.
        labels: The label of each face: one of the seven expressions, "uncertain" or "turned away".
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
            "quality": _quality_entry(measured),
        }
        for number, (label, row, xyxy, confidence, measured) in enumerate(
            zip(
                labels,
                probabilities(detections),
                boxes(detections),
                confidences(detections),
                quality_table(detections),
                strict=True,
            ),
            start=1,
        )
    ]


def _quality_entry(measured: Float32Array) -> dict[str, float | None]:
    """Return a face's `QUALITY_COLUMNS` by name, None for NaN."""
    return {
        name: None if math.isnan(value) else round(value, _QUALITY_DIGITS[name])
        for name, value in zip(QUALITY_COLUMNS, measured.tolist(), strict=True)
    }


def picture_document(
    name: str,
    size: tuple[int, int],
    detections: Detections,
    labels: Sequence[str],
    model: str,
    notices: Sequence[str] = (),
) -> PictureDocument:
    """Return what was read in one picture, ready for JSON.

    Args:
        name: The picture's.
        size: Its width and height in pixels.
        detections: Detections, as for `face_rows`.
        labels: Labels, as for `face_rows`.
        model: The network's name.
        notices: How it was read, in sentences.
    """
    width, height = size
    faces = face_rows(detections, labels)
    return {
        "picture": name,
        "width": width,
        "height": height,
        "rotation": picture_rotation(detections),
        "model": model,
        "notices": list(notices),
        "faces": faces,
    }


def describe_rotation(degrees: int, what: str = N_("photo")) -> str:
    """Return a sentence about a photo or video turned by some degrees clockwise, "" for 0."""
    if not degrees:
        return ""
    texts = {
        90: N_("The %(what)s looks turned by 90 degrees clockwise; it was read as turned."),
        270: N_(
            "The %(what)s looks turned by 90 degrees counter-clockwise; it was read as turned."
        ),
    }
    text = texts.get(
        degrees, N_("The %(what)s looks turned by %(degrees)s degrees; it was read as turned.")
    )
    return _(text, what=_(what), degrees=degrees)


def to_csv(rows: Sequence[FaceRow]) -> str:
    """Return the rows of `face_rows` as CSV with a header line, one line per face."""
    return csv_text([CSV_COLUMNS, *map(_csv_cells, rows)], line_end="\r\n")


def pictures_csv(
    documents: Sequence[PictureDocument], refused: Mapping[str, str] | None = None
) -> str:
    """Return what `picture_document` gave for several pictures as CSV, one line per face.

    A picture without a face, or that was refused, has one line, with the reason in the last column.

    Args:
        documents: What `picture_document` returned for each picture.
        refused: Names of other pictures, and why each was refused, in a sentence.
    """
    lines: list[Sequence[str | float | None]] = []
    empty = [None] * len(CSV_COLUMNS)
    for document in documents:
        rows = [(*_csv_cells(row), None) for row in document["faces"]]
        lines += [(document["picture"], *row) for row in rows or [(*empty, NO_FACE)]]
    lines += [(name, *empty, reason) for name, reason in (refused or {}).items()]
    return csv_text([("picture", *CSV_COLUMNS, "note"), *lines], line_end="\r\n")


def _csv_cells(row: FaceRow) -> list[str | float | None]:
    return [
        row["face"],
        row["expression"],
        *(row["probabilities"][name] for name in EXPRESSIONS),
        *row["box"],
        row["detector_confidence"],
        *(row["quality"][name] for name in QUALITY_COLUMNS),
    ]


def to_json(document: Mapping[str, object]) -> str:
    """Return a document as indented JSON text."""
    return json.dumps(document, indent=2, ensure_ascii=False)
