"""Geometry of boxes, which are xyxy in pixels; overlap over union is supervision's."""

import numpy as np
from supervision import box_iou_batch

from fer.array_types import Float32Array, FloatArray


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


def max_iou(xyxy: Float32Array, others: Float32Array) -> FloatArray:
    """Return the largest overlap over union (n,) of each box with any other; 0 without others."""
    if not len(xyxy) or not len(others):
        return np.zeros(len(xyxy))
    return np.asarray(box_iou_batch(xyxy, others).max(axis=1))
