"""Head pose, estimated from MTCNN's five landmarks."""

import numpy as np
from supervision import Detections

from fer.array_types import Float32Array

WIDTH_OVER_NOSE_DEPTH = 2.0
"""Width of a face, between its eyes' and its mouth's, over how far the nose stands out before them.

Of a mean head it is about 1.7. Of photos turned in three dimensions by 15 to 65 degrees MTCNN
places the nose too near the middle and the far eye too far out, which 2.3 makes up for on average;
2.0 keeps heads whose landmarks are exact within the stated error, too.
"""


def roll(landmarks: Float32Array) -> Float32Array:
    """Return by how much each face is tilted in the picture's plane.

    Eye line, mouth line and the line from the eyes to the mouth are averaged, each weighted by its
    length: one noisy landmark moves the result little, and a face that is turned aside, whose eye
    and mouth lines are short, is measured along its height.

    Args:
        landmarks: Eyes, nose and corners of the mouth, (n, 5, 2) in pixels.

    Returns:
        Degrees from -180 to 180, float32 (n,): 0 is upright, positive is clockwise as seen.
    """
    points = landmarks[..., 0] + 1j * landmarks[..., 1]  # (n, 5)
    left_eye, right_eye, _, left_mouth, right_mouth = points.T
    across = (right_eye - left_eye) + (right_mouth - left_mouth)
    down = (left_mouth + right_mouth - left_eye - right_eye) / 2
    return np.asarray(np.degrees(np.angle(across - 1j * down)), np.float32)


def yaw(landmarks: Float32Array) -> Float32Array:
    """Estimate by how much each face is turned aside.

    The nose stands out before the plane of eyes and mouth, so it leaves their middle as the face
    turns, while eyes and corners of the mouth draw nearer to each other; see
    `WIDTH_OVER_NOSE_DEPTH`. Both are measured across the line from the eyes to the mouth, which
    keeps its direction when a face turns.

    The mean error is 6 degrees on heads of known pose, with pitch within 25 degrees and landmarks
    off by 2% of the face's size, and 8 on photographed faces turned in three dimensions by up to 45
    degrees, with MTCNN's own landmarks (`python -m benchmarks.yaw`). Of those turned further it
    finds fewer, and their yaw comes out too small.

    Args:
        landmarks: Eyes, nose and corners of the mouth, (n, 5, 2) in pixels.

    Returns:
        Degrees from -90 to 90, float32 (n,): 0 faces the camera, positive to the right as seen.
    """
    points = landmarks[..., 0] + 1j * landmarks[..., 1]  # (n, 5)
    left_eye, right_eye, _, left_mouth, right_mouth = points.T
    down = (left_mouth + right_mouth - left_eye - right_eye) / 2
    upright = points.T * np.exp(-1j * np.angle(-1j * down))
    left_eye, right_eye, nose, left_mouth, right_mouth = upright.real
    middle = (left_eye + right_eye + left_mouth + right_mouth) / 4
    width = (right_eye - left_eye + right_mouth - left_mouth) / 2
    aside = np.arctan2(WIDTH_OVER_NOSE_DEPTH * (nose - middle), np.maximum(width, 0))
    return np.asarray(np.degrees(aside), np.float32)


def roll_difference(rolls: Float32Array, others: Float32Array | float) -> Float32Array:
    """Return by how many degrees rolls are more than others, from -180 to 180."""
    return np.asarray((rolls - others + 180) % 360 - 180, np.float32)


def face_rolls(faces: Detections) -> Float32Array:
    """Return each face's roll in degrees, float32 (n,).

    That is `data["roll"]`, smoothed over time in a stream, else the landmarks'; 0 where nothing is
    known.
    """
    given, landmarks = faces.data.get("roll"), faces.data.get("landmarks")
    if given is not None:
        return np.nan_to_num(np.asarray(given, np.float32))
    if landmarks is None:
        return np.zeros(len(faces), np.float32)
    return roll(np.asarray(landmarks, np.float32))
