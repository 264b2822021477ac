"""Face detection in photos, whichever way up they are.

MTCNN detects faces that are tilted by up to about 45 degrees. So the photo is searched as it is
and, only where no face is certain, also turned. An upside-down face is now and then detected as an
upright one, with the mouth taken for eyes; such faces are scored by the last network in all four
rotations, of which the upright one scores best.
"""

from dataclasses import replace
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray
from supervision import Detections

from fer.array_types import BoolArray, FloatArray, UInt8Array
from fer.images import as_rgb
from fer.vision.boxes import largest_first, longer_sides, merge_detections
from fer.vision.detections import boxes, confidences, select
from fer.vision.detector_protocols import ScoringDetector
from fer.vision.pose import face_rolls, roll_difference
from fer.vision.pyramid import PNET_WINDOW
from fer.vision.rotation import rotate_faces, rotate_image

ROTATIONS = (0, 90, 180, 270)

SURE_CONFIDENCE, DOUBTFUL_CONFIDENCE = 0.9995, 0.97
"""Confidence from which a face is upright as found: of 28 faces found upside down the surest had
0.9991, and of upright faces three in five have more. Beside such a face only those below the second
value may be another way up."""

MAX_REORIENTED = 16
"""Most faces of a search that are scored in all four rotations, the largest ones."""

REORIENTED_RATIO = 3.0
"""How many times nearer to 1 a face has to score in another rotation than where it was found."""

VERIFIED_SCALES, VERIFIED_SCORE = (0.8, 0.9, 1.0), 0.975
"""Sizes of the square, over the face's, at which the last network scores a face that decides
which way up the photo is, and its least mean score. Of faces 98 in 100 have more, of what was
mistaken for a face in 66 pictures without any, turned five ways, nothing but a dog's."""

FILLING_SHARE, FILLING_SCORE = 1 / 3, 0.93
"""Longer side of a face over the photo's from which this mean score will do: so large, nothing that
was mistaken for a face had more than 0.86."""

COARSE_SEARCHES, COARSEST_SHARE = {90: 2.0, 180: 2.0, 270: 2.0, 45: 3.2, -45: 3.2}, 1 / 6
"""Degrees by which a photo without certain faces is turned, and smallest face over that of the
first search, but never more than a share of the photo's longer side. All of them together take
under three times as long as the first search."""

MIN_SHARE, MIN_FACE_COUNT = 1 / 20, 3
"""Longer side of a face over the photo's which decides alone which way up the photo is, and number
of smaller ones that do together."""

TILTED_PHOTO = 20.0
"""Typical roll of the faces in degrees from which the photo is searched turned by as much, because
other faces may have been missed."""

WORKING_SIDE = 1280
"""Longer side of the copy of a photo that is turned, in pixels, as the detector searches it."""

RIGHT_ANGLE_TOLERANCE = 30.0
"""Degrees from a right angle within which a photo is taken for one turned by that angle."""


def detect_any_rotation(detector: ScoringDetector, image: UInt8Array) -> Detections:
    """Detect the faces of a photo that may be on its side or upside down.

    Args:
        detector: Detects faces that are about upright.
        image: RGB uint8 (h, w, 3).

    Returns:
        As `FaceDetector.detect`, in the photo's own pixels; the eye on the left is that of the
        upright face. `metadata["rotation"]` is 90, 180 or 270 where the photo is turned by so many
        degrees clockwise, else 0.
    """
    image = as_rgb(image)
    faces = _reorient(detector, image, detector.detect(image))
    sure = _are_verified(detector, image, faces)
    deciding = select(faces, sure) if sure.any() else _search_coarsely(detector, image)
    if not len(deciding):
        return replace(faces, metadata={"rotation": 0})
    typical = typical_roll(deciding)
    rotation = nearest_right_angle(typical)
    if abs(typical) >= TILTED_PHOTO:
        more = _search_tilted(detector, image, -_snap(typical))
        deciding = merge_detections(more, deciding)
        faces = merge_detections(deciding, faces) if sure.any() else deciding
    elif not sure.any():
        faces = merge_detections(deciding, faces)
    return replace(faces, metadata={"rotation": rotation})


def typical_roll(faces: Detections) -> float:
    """Return the roll, in degrees, about which the largest share of the faces is tilted.

    It is the mean of those within `RIGHT_ANGLE_TOLERANCE` of the face with the most around it.
    """
    rolls = face_rolls(faces)
    near = np.abs(roll_difference(rolls[:, None], rolls[None])) <= RIGHT_ANGLE_TOLERANCE  # (n, n)
    votes = near @ confidences(faces)
    angles = np.radians(rolls[near[votes.argmax()]])
    return float(np.degrees(np.angle(np.exp(1j * angles).sum())))


def nearest_right_angle(degrees: float) -> int:
    """Return 90, 180 or 270 for a roll near that, else 0."""
    quarter = round(degrees / 90) * 90
    return quarter % 360 if abs(degrees - quarter) <= RIGHT_ANGLE_TOLERANCE else 0


def _snap(degrees: float) -> float:
    """Return a right angle for a roll near it: turning by that moves pixels only."""
    quarter = round(degrees / 90) * 90
    return quarter if abs(degrees - quarter) < TILTED_PHOTO else degrees


def _search_coarsely(detector: ScoringDetector, image: UInt8Array) -> Detections:
    """Return the verified faces of the way up with the most of them; small ones are left out."""
    copy, detector, factor = _working_copy(image, detector)
    best = Detections.empty()
    for turn, coarseness in COARSE_SEARCHES.items():
        least = min(coarseness * detector.min_face, COARSEST_SHARE * max(copy.shape[:2]))
        coarse = detector.with_min_face(max(ceil(least), detector.min_face))
        faces = _detect_turned(coarse, copy, turn)
        faces = select(faces, _are_verified(coarse, copy, faces))
        if _are_decisive(faces, copy) and _total_confidence(faces) > _total_confidence(best):
            best = faces
    return _scale(best, factor)


def _search_tilted(detector: ScoringDetector, image: UInt8Array, degrees: float) -> Detections:
    """Return the faces that are detected in the picture turned clockwise by any angle."""
    if degrees % 90 == 0:
        return _detect_turned(detector, image, degrees)
    copy, detector, factor = _working_copy(image, detector)
    return _scale(_detect_turned(detector, copy, degrees), factor)


def _working_copy(
    image: UInt8Array, detector: ScoringDetector
) -> tuple[UInt8Array, ScoringDetector, FloatArray]:
    """Return a photo at most `WORKING_SIDE` long, its detector, and by what to enlarge places.

    Turned by other than right angles a photo needs twice its memory, and a panorama far more.
    """
    height, width = image.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1:
        return image, detector, np.ones(2)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    copy = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    least = max(ceil(detector.min_face * scale), PNET_WINDOW)
    return copy, detector.with_min_face(least), np.array([width, height]) / size


def _scale(faces: Detections, factor: FloatArray) -> Detections:
    """Return faces with their places enlarged, by (2,) across and down."""
    if not len(faces):
        return faces
    xyxy = (boxes(faces) * np.tile(factor, 2)).astype(np.float32)
    landmarks = (np.asarray(faces.data["landmarks"], np.float32) * factor).astype(np.float32)
    return replace(faces, xyxy=xyxy, data={"landmarks": landmarks})


def _are_decisive(faces: Detections, image: UInt8Array) -> bool:
    """Return whether faces are large or many enough to decide which way up a photo is."""
    large = longer_sides(boxes(faces)) >= MIN_SHARE * max(image.shape[:2])
    return bool(large.any()) or len(faces) >= MIN_FACE_COUNT


def _total_confidence(faces: Detections) -> float:
    return float(confidences(faces).sum())


def _detect_turned(detector: ScoringDetector, image: UInt8Array, degrees: float) -> Detections:
    """Return the faces detected in the picture turned clockwise, where they are in it."""
    rotated = rotate_image(image, degrees)
    faces = _reorient(detector, rotated, detector.detect(rotated))
    mapped = rotate_faces(faces, -degrees, rotated.shape[1::-1], image.shape[1::-1])
    inside = (mapped.xyxy[:, 2:] - mapped.xyxy[:, :2]).min(axis=1, initial=np.inf) >= 1
    return select(mapped, inside)


def _reorient(detector: ScoringDetector, image: UInt8Array, faces: Detections) -> Detections:
    """Return the faces, those that may not be upright in the rotation that scores best."""
    doubtful = _doubtful(faces)
    if not len(doubtful):
        return faces
    turns = np.repeat(ROTATIONS, len(doubtful)).astype(np.float32)
    queries = select(faces, np.tile(doubtful, len(ROTATIONS)))
    views = detector.score_faces(image, queries, face_rolls(queries) + turns)
    scores = confidences(views).reshape(len(ROTATIONS), -1)  # (4, n)
    better = np.flatnonzero(1 - scores[0] > REORIENTED_RATIO * (1 - scores.max(axis=0)))
    if not len(better):
        return faces
    kept = select(faces, np.setdiff1d(np.arange(len(faces)), doubtful[better]))
    reoriented = select(views, scores[:, better].argmax(axis=0) * len(doubtful) + better)
    both = Detections.merge([kept, reoriented]) if len(kept) else reoriented
    return largest_first(both)


def _doubtful(faces: Detections) -> NDArray[np.intp]:
    """Return the indices of the faces that may be another way up; see `SURE_CONFIDENCE`."""
    scores = confidences(faces)
    limit = DOUBTFUL_CONFIDENCE if (scores >= SURE_CONFIDENCE).any() else SURE_CONFIDENCE
    return np.flatnonzero(scores < limit)[:MAX_REORIENTED]


def _are_verified(detector: ScoringDetector, image: UInt8Array, faces: Detections) -> BoolArray:
    """Return which faces are detected with certainty or score high at several sizes, bool (n,).

    Where some are certain, the others are not scored again and don't count.
    """
    sure = confidences(faces) >= SURE_CONFIDENCE
    if sure.any() or not len(faces):
        return sure
    queries = select(faces, np.tile(np.arange(len(faces)), len(VERIFIED_SCALES)))
    scales = np.repeat(VERIFIED_SCALES, len(faces)).astype(np.float32)
    views = detector.score_faces(image, queries, face_rolls(queries), scales)
    scores = confidences(views).reshape(len(VERIFIED_SCALES), -1)
    filling = longer_sides(boxes(faces)) >= FILLING_SHARE * max(image.shape[:2])
    return np.asarray(scores.mean(axis=0) >= np.where(filling, FILLING_SCORE, VERIFIED_SCORE))
