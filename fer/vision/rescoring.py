"""Rescoring: MTCNN's last network scores tilted faces again, and those of a low score.

Tilted faces are turned upright for that; those of a low score are cropped closer, and mirrored.
"""

from dataclasses import replace

import numpy as np

from fer.array_types import Float32Array, UInt8Array
from fer.vision.boxes import box_areas, box_centers
from fer.vision.mtcnn import Candidates, MtcnnCascade, best_of
from fer.vision.pose import roll, roll_difference

RESCORE_FROM, RESCORE_BELOW = 0.5, 0.97
"""Range of scores of the last network in which a face is scored again; the mean score counts.

These, the crops and the default confidence were chosen on half of 570 pictures and collages without
faces and of 520 faces in annotated photos, shrunk and darkened ones among them. In the other half
234 of 238 faces pass, and none of what was mistaken for a face. `benchmarks/robustness.py` counts
false faces.
"""

MIRRORED_SCALE = 0.9
"""Side of the square that is scored mirrored, over the face's."""

TILTED_FROM, MAX_UPRIGHT_PASSES = 10.0, 3
"""Degrees of roll from which a face is scored again, turned upright, and how often at most."""

FACE_LENGTH = 1.14
"""Length of an upright face's box over the square root of its area, as the detector has it."""


def refine_upright(
    cascade: MtcnnCascade, image: UInt8Array, found: Candidates, threshold: float
) -> Candidates:
    """Return the faces, tilted ones as the last network scores them turned upright.

    It learned upright faces: their landmarks are several times as exact, and what was mistaken for
    a tilted face seldom scores high as an upright one. A strong tilt is underestimated at first,
    so that what is still tilted is scored once more.
    """
    rolls = np.zeros(len(found), np.float32)  # by which the scored squares were tilted
    for _ in range(MAX_UPRIGHT_PASSES):
        seen = roll(found.landmarks)
        tilted = np.abs(roll_difference(seen, rolls)) >= TILTED_FROM
        if not tilted.any():
            break
        squares = replace(found[tilted], xyxy=face_squares(found.xyxy[tilted]))
        level = cascade.score_faces(image, squares, seen[tilted])
        found = found.with_replaced(tilted, level)
        rolls = np.where(tilted, seen, rolls)
    return best_of(found, threshold) if rolls.any() else found


def rescore_uncertain(
    cascade: MtcnnCascade, image: UInt8Array, found: Candidates, confidence: float
) -> Candidates:
    """Return the faces that score enough; those of a low score are scored again before."""
    doubtful = found.score < RESCORE_BELOW
    if doubtful.any():
        queries = found[doubtful]
        squares = face_squares(queries.xyxy, MIRRORED_SCALE)
        again = cascade.rescore(
            image, queries, squares, suppress_small_rolls(roll(queries.landmarks))
        )
        found = found.with_replaced(doubtful, again)
    return found[found.score > confidence]


def face_squares(xyxy: Float32Array, scales: Float32Array | float = 1.0) -> Float32Array:
    """Return about each box (n, 4) the square in which the last network scores its face.

    An upright face's is as wide as its box is long; tilted faces have boxes of other proportions.
    """
    middles = box_centers(xyxy)
    halves = scales * FACE_LENGTH / 2 * np.sqrt(box_areas(xyxy))[:, None]
    return np.column_stack([middles - halves, middles + halves]).astype(np.float32)


def suppress_small_rolls(rolls: Float32Array | None) -> Float32Array | None:
    """Return by how many degrees the last network's squares are tilted; None where all are upright.

    Those of faces that are hardly tilted are not: they are cropped as they are in the picture.
    """
    if rolls is None:
        return None
    degrees = np.where(np.abs(roll_difference(rolls, 0)) < TILTED_FROM, 0, rolls)
    return degrees.astype(np.float32) if degrees.any() else None
