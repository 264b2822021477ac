"""Frames of made-up faces, for the tests of the timeline."""

from collections.abc import Sequence
from io import StringIO

import numpy as np
import pandas as pd
from supervision import Detections

from fer.labels import EXPRESSIONS
from fer.timeline.methods import NetworkIdentity, TimelineMetadata
from fer.timeline.timeline import Timeline
from fer.vision.quality import QUALITY_COLUMNS

NETWORK = NetworkIdentity("you/name@v1", "0123456789abcdef" * 4, "int8", None)


def origin(title="a", network=NETWORK, **facts) -> TimelineMetadata:
    """Where a timeline comes from."""
    return TimelineMetadata(title, network, **facts)


def table_of(csv: str) -> pd.DataFrame:
    """A timeline's table in CSV."""
    return pd.read_csv(StringIO(csv))


def mix(**shares: float) -> list[float]:
    """Seven probabilities; what isn't named is 0."""
    return [shares.get(name, 0.0) for name in EXPRESSIONS]


def frame(rows: Sequence[Sequence[float]] = (), side=80, tracks=None, **data) -> Detections:
    """Faces with these probabilities and box sides in pixels, numbered from 1 unless told."""
    n = len(rows)
    boxes = np.zeros((n, 4), np.float32)
    boxes[:, 2:] = np.broadcast_to(np.array(side, np.float32), n)[:, None]
    return Detections(
        xyxy=boxes,
        confidence=np.ones(n, np.float32),
        tracker_id=np.arange(1, n + 1) if tracks is None else np.array(tracks, int),
        data={"probabilities": np.array(rows, np.float32).reshape(n, 7), **data},
    )


def random_frames(count: int, most: int = 9, seed: int = 0) -> list[tuple[Detections, float]]:
    """Frames with 0 to `most` faces each, five a second, with gaps, in the order of time."""
    rng = np.random.default_rng(seed)
    times = np.arange(count) / 5 + np.cumsum(rng.random(count) < 0.02) * 7.3
    return [
        (
            frame(
                rng.dirichlet(np.full(7, 0.4), n),
                rng.uniform(36, 90, n),
                rng.permutation(most + 3)[:n] + 1,
                turned_away=rng.random(n) < 0.1,
                **{name: rng.normal(0, 40, n) for name in QUALITY_COLUMNS},
            ),
            float(time),
        )
        for n, time in zip(rng.integers(0, most + 1, count), times, strict=True)
    ]


def recorded(frames: Sequence[tuple[Detections, float]], **settings) -> Timeline:
    timeline = Timeline(**settings)
    for faces, time in frames:
        timeline.add(faces, time)
    return timeline


def steady(seconds: int, faces: int, rate: int = 1, view: str = "class", **shares) -> Timeline:
    """The same faces in every frame."""
    rows = [mix(**shares)] * faces
    return recorded([(frame(rows), i / rate) for i in range(seconds * rate)], view=view)
