"""Merging of the detections of two searches of a picture."""

import numpy as np
from supervision import Detections, OverlapMetric, box_iou_batch

from fer.array_types import BoolArray
from fer.vision.boxes import max_iou
from fer.vision.detections import areas, boxes, select

SAME_FACE_IOU = 0.5
"""Overlap over union from which on two boxes are of the same face."""

COVERED_CONTAINMENT = 0.6
"""Share of a box that a larger one covers, from which on only the larger is a face."""


def merge_detections(known: Detections, found: Detections) -> Detections:
    """Return the faces of both, each once, largest first.

    A face in both keeps its known box; one that a found face covers without being the same goes,
    because the search covered more of the picture.
    """
    if len(found):
        found = select(found, max_iou(boxes(found), boxes(known)) < SAME_FACE_IOU)
        known = select(known, ~_are_covered(known, found))
    both = Detections.merge([known, found]) if len(found) else known
    return largest_first(both)


def largest_first(faces: Detections) -> Detections:
    """Return faces in the order of their area."""
    return faces if len(faces) < 2 else select(faces, np.argsort(-areas(faces), kind="stable"))


def _are_covered(faces: Detections, others: Detections) -> BoolArray:
    """Return which boxes lie inside a larger box of the others, bool (n,)."""
    if not len(faces) or not len(others):
        return np.zeros(len(faces), bool)
    inside = box_iou_batch(faces.xyxy, others.xyxy, OverlapMetric.IOS) >= COVERED_CONTAINMENT
    larger = areas(others)[None, :] > areas(faces)[:, None]
    return np.asarray((inside & larger).any(axis=1))
