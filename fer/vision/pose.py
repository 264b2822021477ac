"""How a face is turned, from the five landmarks that MTCNN gives it."""

import numpy as np

from fer.array_types import Float32Array


def roll(landmarks: Float32Array) -> Float32Array:
    """Return by how much each face is tilted in the picture's plane.

    Eye line, mouth line and the line from the eyes to the mouth are averaged, each weighted by its
    length: one noisy landmark moves the result little, and a face that looks aside, whose eye and
    mouth lines are short, is measured along its height.

    Args:
        landmarks: Eyes, nose and corners of the mouth, (n, 5, 2) in pixels.

    Returns:
        Degrees from -180 to 180, float32 (n,): 0 is upright, positive is clockwise as seen.
    """
    points = landmarks[..., 0] + 1j * landmarks[..., 1]  # (n, 5)
    left_eye, right_eye, _, left_mouth, right_mouth = points.T
    across = (right_eye - left_eye) + (right_mouth - left_mouth)
    down = (left_mouth + right_mouth - left_eye - right_eye) / 2
    return np.degrees(np.angle(across - 1j * down)).astype(np.float32)
