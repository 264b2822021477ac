"""What `supervision.Detections` holds after each step, as arrays of known type.

The fields of `Detections` may be None and its `data` may hold arrays or lists of anything; these
functions return what is there as the agreed type, and refuse faces that lack a step.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from fer.array_types import BoolArray, Float32Array, Int64Array
from fer.labels import EXPRESSIONS, TURNED_AWAY, UNCERTAIN


def boxes(faces: Detections) -> Float32Array:
    """Return the boxes as xyxy in pixels, (n, 4)."""
    return np.asarray(faces.xyxy, np.float32)


def select(faces: Detections, which: BoolArray | NDArray[np.intp]) -> Detections:
    """Return the faces that a mask or an array of indices selects, in its order."""
    return cast(Detections, faces[which])  # only a string would return a field of `data`


def confidences(faces: Detections) -> Float32Array:
    """Return the detector's confidence of each face, (n,).

    Raises:
        ValueError: The faces don't come from a detector.
    """
    if faces.confidence is None:
        if len(faces):
            raise ValueError("These faces have no confidence; detect them first.")
        return np.empty(0, np.float32)
    return np.asarray(faces.confidence, np.float32)


def probabilities(faces: Detections) -> Float32Array:
    """Return the probabilities of `EXPRESSIONS`, (n, 7).

    Raises:
        ValueError: The faces were not classified.
    """
    shape = len(faces), len(EXPRESSIONS)
    rows = np.asarray(faces.data.get("probabilities", np.empty((0, shape[1]))), np.float32)
    if rows.shape != shape:
        raise ValueError(
            f'data["probabilities"] must be {shape}, one row per face, but is {rows.shape}; '
            "classify the faces first."
        )
    return rows


def expressions(faces: Detections) -> Int64Array:
    """Return the index into `EXPRESSIONS` that each face is given, (n,).

    That is the smoother's choice where there is one, else the most probable expression.
    """
    given = faces.data.get("expression")
    return np.asarray(probabilities(faces).argmax(axis=1) if given is None else given, np.int64)


def turned_away(faces: Detections) -> BoolArray:
    """Return which faces are turned too far away to name them, (n,).

    None is where the yaw isn't known: `fer.vision.quality` measures it.
    """
    return np.asarray(faces.data.get("turned_away", np.zeros(len(faces))), bool)


def expression_labels(faces: Detections, uncertain_below: float) -> list[str]:
    """Return each face's expression, "uncertain", or "turned away" where its yaw is too large.

    Args:
        faces: Faces with `data["probabilities"]` (n, 7), `data["expression"]` (n,) where something
            else than the most probable expression may be named, and `data["turned_away"]` (n,)
            where their yaw is known.
        uncertain_below: Least probability, 0 to 1, at which an expression is named.
    """
    rows, indices = probabilities(faces), expressions(faces)
    names = [
        EXPRESSIONS[index] if row[index] >= uncertain_below else UNCERTAIN
        for row, index in zip(rows, indices, strict=True)
    ]
    turned = turned_away(faces)
    return [TURNED_AWAY if away else name for name, away in zip(names, turned, strict=True)]


def track_ids(faces: Detections) -> list[int]:
    """Return the id of each face's track, n of them.

    Raises:
        ValueError: The faces were not tracked.
    """
    if faces.tracker_id is None:
        if len(faces):
            raise ValueError("These faces have no track ids; track them first.")
        return []
    return [int(track_id) for track_id in faces.tracker_id]


def picture_rotation(faces: Detections) -> int:
    """Return by how many degrees clockwise the photo or stream is turned: 0, 90, 180 or 270.

    0 also where other rotations weren't searched.
    """
    return int(faces.metadata.get("rotation", 0))
