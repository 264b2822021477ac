"""Geometry of boxes, xyxy in pixels, and by it the merging of two searches' faces."""

import numpy as np
from supervision import Detections, OverlapMetric, box_iou_batch

from fer.array_types import BoolArray, Float32Array, FloatArray
from fer.vision.detections import boxes, select

SAME_FACE_IOU = 0.5
"""Overlap over union from which on two boxes are of the same face."""

COVERED_CONTAINMENT = 0.6
"""Share of a box that a larger one covers, from which on only the larger is a face."""


def box_areas(xyxy: FloatArray) -> FloatArray:
    """Return the areas (n,) of boxes (n, 4)."""
    areas: FloatArray = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    return areas


def box_centers(xyxy: FloatArray) -> FloatArray:
    """Return the middles (n, 2) of boxes (n, 4)."""
    return (xyxy[:, :2] + xyxy[:, 2:]) / 2


def box_sizes(xyxy: FloatArray) -> FloatArray:
    """Return the mean sides (n,) of boxes (n, 4), at least a pixel."""
    return np.sqrt(np.maximum(box_areas(xyxy), 1.0))


def longer_sides(xyxy: FloatArray) -> FloatArray:
    """Return the longer side (n,) of each box (n, 4)."""
    sides: FloatArray = (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1, initial=0)
    return sides


def square_boxes(xyxy: FloatArray, scale: float = 1.0) -> FloatArray:
    """Return for each box (n, 4) the square about its centre with `scale` times its longer side."""
    halves = scale * (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1, keepdims=True) / 2
    return np.column_stack([box_centers(xyxy) - halves, box_centers(xyxy) + halves])


def clip_boxes(xyxy: FloatArray, resolution_wh: tuple[int, int]) -> FloatArray:
    """Return what of boxes (n, 4) is in a picture of a width and height."""
    return xyxy.clip(0, np.tile(resolution_wh, 2).astype(xyxy.dtype))


def intersection_areas(xyxy: FloatArray, others: FloatArray) -> FloatArray:
    """Return the area (n, m) that each of boxes (n, 4) shares with each of others (m, 4)."""
    low = np.maximum(xyxy[:, None, :2], others[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], others[None, :, 2:])
    areas: FloatArray = np.maximum(high - low, 0).prod(axis=2)
    return areas


def max_iou(xyxy: Float32Array, others: Float32Array) -> Float32Array:
    """Return the largest overlap over union (n,) of each box with any other; 0 without others."""
    return np.asarray(box_iou_batch(xyxy, others).max(axis=1, initial=0))


def merge_detections(known: Detections, found: Detections) -> Detections:
    """Return the faces of both, each once, largest first.

    A face in both keeps its known box; one that a found face covers without being the same goes,
    because the search covered more of the picture.
    """
    if len(found):
        found = select(found, max_iou(boxes(found), boxes(known)) < SAME_FACE_IOU)
        known = select(known, ~_are_covered(boxes(known), boxes(found)))
    both = Detections.merge([known, found]) if len(found) else known
    return largest_first(both)


def largest_first(faces: Detections) -> Detections:
    """Return faces in the order of their area."""
    return select(faces, np.argsort(-box_areas(boxes(faces)), kind="stable"))


def _are_covered(xyxy: Float32Array, others: Float32Array) -> BoolArray:
    """Return which boxes are inside a larger one of the others, bool (n,)."""
    inside = box_iou_batch(xyxy, others, OverlapMetric.IOS) >= COVERED_CONTAINMENT
    larger = box_areas(others) > box_areas(xyxy)[:, None]
    return np.asarray((inside & larger).any(axis=1))
