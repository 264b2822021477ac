"""Outputs of the stateful steps of `fer` for scripted streams, for the golden files."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from supervision import Detections

from fer.array_types import Float32Array, UInt8Array
from fer.vision.box_smoother import BoxSmoother
from fer.vision.detections import track_ids
from fer.vision.expression_smoother import ExpressionSmoother
from fer.vision.frame_mapping import content_rectangle, frame_mappings
from fer.vision.pose import roll, yaw
from fer.vision.prediction_cache import PredictionCache
from fer.vision.roll_smoother import RollSmoother
from fer.vision.scene_change import SceneChangeDetector
from fer.vision.tracker import FaceTracker
from web.golden_steps import FACE, darkened
from web.golden_streams import draw

SHAPES = ((1, 1), (3, 3), (2, 5), (5, 2), *[(6, 6)] * 8)

LANDSCAPE, PORTRAIT = (0, 0, 640, 480), (0, 0, 480, 640)

UNCERTAIN_BELOW = 0.5

MAX_AGE, GAP = 0.25, 0.2
"""Seconds for which the smoothers of boxes and rolls remember a face, and for which it is not seen
once, besides the tenth of a second between two frames."""

FACE_LANDMARKS = ((110, 90), (150, 92), (128, 115), (115, 140), (146, 141))


def states(image: UInt8Array) -> dict[str, Any]:
    """Return inputs and what comes of them, by part."""
    return {
        "assignment": assignments(),
        "pose": poses(),
        "mappings": mappings(image),
        "rolls": rolls(),
        "tracker": tracker(),
        "crowd": crowd(),
        "box_smoother": box_smoother(),
        "smoother": smoother(),
        "cache": cache(image),
        "scenes": scenes(image),
    }


def assignments() -> list[dict[str, Any]]:
    """Return costs, the last ones with many equal, and the pairs of least cost."""
    generator, cases = np.random.default_rng(0), []
    for shape in SHAPES:
        costs = generator.integers(0, 3 if shape == SHAPES[-1] else 1000, shape)
        rows, columns = linear_sum_assignment(costs)
        cases.append({"costs": costs, "pairs": np.column_stack([rows, columns])})
    return cases


def poses() -> list[dict[str, Any]]:
    """Return landmarks of faces that are turned in the picture's plane and aside."""
    rows = []
    for degrees in range(0, 360, 45):
        angle = np.radians(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        nose = [0, 0], [0, 0], [degrees / 20, 0], [0, 0], [0, 0]
        points = ((np.array(FACE_LANDMARKS) + nose) @ turn).round(3)[None]
        rows.append({"landmarks": points[0], "roll": roll(points)[0], "yaw": yaw(points)[0]})
    return rows


def mappings(image: UInt8Array) -> dict[str, Any]:
    """Return how a frame's places change with its size, and a frame's part without black bars."""
    pairs = [(LANDSCAPE, PORTRAIT), (LANDSCAPE, (0, 0, 320, 240)), (PORTRAIT, (40, 0, 600, 480))]
    changes = [
        {"before": before, "now": now, "mappings": [asdict(m) for m in frame_mappings(before, now)]}
        for before, now in pairs
    ]
    places = [[(128, 0, 0)], [(30, 0, 0)], []]
    content = [{"places": p, "rectangle": content_rectangle(draw(image, p))} for p in places]
    return {"changes": changes, "content": content}


def tracker() -> list[dict[str, Any]]:
    """Return frames with two faces that cross, a gap, a cut, a jump and a turned frame."""
    left, right = np.array([100.0, 100, 160, 180]), np.array([400.0, 110, 462, 188])
    looks = np.array([[10.0, 20, 30], [40.0, 10, 5]])
    one = [([left + 30 * step, right - 28 * step], looks) for step in range(9)]
    gone = [([], looks[:0])] * 2
    back = [([left + 300, right - 200], looks), ([right - 190], looks[1:])]
    turned = right - 190 + [-80, 80, -80, 80]  # the middle of a turned frame stays where it was
    jump = [([turned], looks[1:]), ([left + 125, right], looks)]
    times = [0.1 * index for index in range(len(one + gone + back + jump))]
    faces = FaceTracker(min_hits=2)
    return [
        track_frame(faces, time, found, look, cut=index == 11, rotated=index == 13)
        for index, (time, (found, look)) in enumerate(
            zip(times, one + gone + back + jump, strict=True)
        )
    ]


def track_frame(
    faces: FaceTracker,
    time: float,
    found: Sequence[np.ndarray],
    looks: np.ndarray,
    cut: bool,
    rotated: bool,
) -> dict[str, Any]:
    """Track a frame's faces; return what was given and their numbers."""
    places = np.array(found, np.float32).reshape(-1, 4)
    ways = frame_mappings(LANDSCAPE, PORTRAIT) if rotated else ()
    tracked = faces.update(Detections(xyxy=places), time, looks, cut, ways)
    given = {"time": time, "boxes": places, "looks": looks, "cut": cut, "rotated": rotated}
    return {**given, "tracks": track_ids(tracked), "predicted": faces.predict(time + 0.1)}


def crowd() -> list[dict[str, Any]]:
    """Return frames with five faces that wander, look alike, and are missed now and then."""
    generator, faces, frames = np.random.default_rng(2), FaceTracker(min_hits=2), []
    places, looks = generator.uniform(50, 400, (5, 2)), generator.uniform(0, 30, (5, 3))
    steps = generator.uniform(-40, 40, (5, 2))
    for index in range(40):
        places += steps + generator.normal(0, 8, (5, 2))
        steps = np.where((places < 20) | (places > 500), -steps, steps)
        seen = np.flatnonzero(generator.random(5) < 0.85)
        corners = np.column_stack([places, places + generator.uniform(50, 70, (5, 2))])
        noisy = (looks + generator.normal(0, 7, (5, 3)))[seen].round(2)
        time = round(0.1 * index, 2)
        found = list(corners[seen].round(1))
        frames.append(track_frame(faces, time, found, noisy, index == 20, index == 30))
    return frames


def rolls() -> list[dict[str, Any]]:
    """Return landmarks of a face that tilts, its mean roll, and what is expected beside it."""
    smoother, frames, box = RollSmoother(MAX_AGE), [], np.array([FACE], np.float32)
    for index in range(8):
        time = index / 10 + GAP * (index >= 5)
        angle = np.radians(9 * index)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        points = (np.array(FACE_LANDMARKS) @ turn).round(3)[None]
        given = Detections(xyxy=box, tracker_id=np.array([1]), data={"landmarks": points})
        found = smoother.update(given, time)
        expected = smoother.predict_rolls(np.concatenate([box + 10, box + 500]))
        row = {"time": time, "landmarks": points[0], "roll": found.data["roll"][0]}
        frames.append({**row, "expected": expected})
    return frames


def box_smoother() -> list[dict[str, Any]]:
    """Return boxes and landmarks of a face that stands, sets off and jumps, and both smoothed."""
    generator, smoother, frames = np.random.default_rng(3), BoxSmoother(MAX_AGE), []
    for index in range(24):
        shift = max(0, index - 8) * 9 + (200 if index == 20 else 0)
        box = (np.array(FACE) + shift + generator.normal(0, 1, 4)).round(2)
        points = (np.array(FACE_LANDMARKS) + shift + generator.normal(0, 1, (5, 2))).round(2)
        given = Detections(
            xyxy=box[None].astype(np.float32),
            tracker_id=np.array([1]),
            data={"landmarks": points[None].astype(np.float32)},
        )
        time = (index / 10 if index < 14 else 1.4 + (index - 14) / 25) + GAP * (index >= 5)
        found = smoother.update(given, time)
        row = {"time": time, "box": box, "landmarks": points, "smoothed": found.xyxy[0]}
        frames.append({**row, "smoothed_landmarks": found.data["landmarks"][0]})
    return frames


def smoother() -> list[dict[str, Any]]:
    """Return probabilities and yaws of a face over time, averaged, and what it is named."""
    generator, faces, frames = np.random.default_rng(1), ExpressionSmoother(), []
    for index in range(30):
        row = generator.dirichlet([0.5] * 7).round(4).astype(np.float32)
        time, aside = index * (0.1 if index < 20 else 0.3), round(60 * float(np.sin(index / 4)), 3)
        frames.append({"time": time, "yaw": aside, "row": row, **smooth(faces, time, aside, row)})
    return frames


def smooth(
    faces: ExpressionSmoother, time: float, aside: float, row: Float32Array
) -> dict[str, Any]:
    """Return a face's state after another frame."""
    found = Detections(
        xyxy=np.array([FACE], np.float32),
        tracker_id=np.array([1]),
        data={"probabilities": row[None], "yaw": np.array([aside])},
    )
    data = faces.update(found, time, UNCERTAIN_BELOW).data
    return {
        "probabilities": data["probabilities"][0],
        "expression": int(data["expression"][0]),
        "mean_yaw": data["yaw"][0],
        "turned_away": bool(data["turned_away"][0]),
    }


def cache(image: UInt8Array) -> list[dict[str, Any]]:
    """Return crops, as lefts and gains, of three faces over time, and which are read again."""
    predictions, frames = PredictionCache(), []
    for index in range(24):
        crops = [(90, 256), (90 + index // 6 * 12, 256), (90, 256 - 9 * (index % 9))]
        pictures = [darkened(image[60:160, left : left + 100], gain) for left, gain in crops]
        due: list[int] = []
        keys = [picture.tobytes() for picture in pictures]

        def classify(crops: Sequence[UInt8Array], keys: Any = keys, due: Any = due) -> Float32Array:
            due += [keys.index(crop.tobytes()) for crop in crops]
            return np.zeros((len(crops), 7), np.float32)

        predictions.predict((1, 2, 3), pictures, index / 25, classify)
        frames.append({"time": index / 25, "crops": crops, "read": len(due)})
    return frames


def scenes(image: UInt8Array) -> list[dict[str, Any]]:
    """Return frames as places and gains, and whether each is a cut or changed as a whole."""
    places = [[[(60, 0, 0)], 256]] * 3 + [[[(60 + 20 * step, 5, 0)], 256] for step in range(4)]
    places += [[[(120, 0, 0)], 90], [[(120, 0, 0)], 256], [[(0, 0, 2), (256, 0, 1)], 256]]
    places += [[[(60, 0, 3), (316, 0, 3)], 256], [[(0, 0, 2), (256, 0, 1)], 200], [[], 256]]
    places += [[[(0, 0, 2), (256, 0, 1)], 256]]
    detector, frames = SceneChangeDetector(), []
    for where, gain in places:
        change = detector.update(darkened(draw(image, where), gain))
        frames.append({"places": where, "gain": gain, **asdict(change)})
    return frames
