"""A video's segments, analysed each by itself, as if it had been analysed in one piece.

The seconds before a segment were analysed twice, in the same moments: as the end of the segment
before and, not counted, as the beginning of this one. A track here and a track there are the same
where their boxes are, sample for sample.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from supervision import box_iou_batch

from fer.array_types import Float32Array, Float64Array
from fer.batch.tasks import Segment
from fer.drawing.face_export import describe_rotation
from fer.recording.frame_table import BOX_COLUMNS
from fer.terminal import count_of
from fer.timeline.formatting import format_time

if TYPE_CHECKING:
    import pyarrow as pa

SAME_TRACK_IOU = 0.5
"""Mean overlap over union, of the samples that two tracks have in common, from which on they are of
one face."""

Boxes = Mapping[int, Mapping[float, Float32Array]]
"""Boxes (4,) of tracks by their times."""


class TrackJoiner:
    """Joins the tracks of a video's segments, which are added in their order.

    Attributes:
        count: Tracks so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last: Boxes = {}

    def add(self, faces: "pa.Table", overlap: "pa.Table") -> "pa.Table":
        """Return the faces of the next segment with the tracks' ids in the whole video.

        Args:
            faces: Rows of `faces`, with track ids as in the segment.
            overlap: Rows of `faces` of the seconds before, with track ids as in the segment.
        """
        joined = join_tracks(self._last, _boxes(overlap))
        tracks = faces["track"].to_numpy()
        ids: dict[int, int] = {}
        for track in sorted(set(tracks.tolist())):
            ids[track] = joined.get(track) or self._next()
        renamed = _with_tracks(faces, [ids[track] for track in tracks.tolist()])
        self._last = _boxes(renamed)
        return renamed

    def _next(self) -> int:
        self.count += 1
        return self.count


def join_tracks(before: Boxes, after: Boxes) -> dict[int, int]:
    """Return for each track of a segment the earlier track that it continues, if there is one.

    Args:
        before: Boxes of the tracks at the end of a segment.
        after: Boxes of those at the beginning of the next one, at the same times.
    """
    ones, others = list(before), list(after)
    common = np.array(
        [[_sum_and_mean_iou(before[one], after[other]) for other in others] for one in ones]
    )
    if not common.size:
        return {}
    rows, columns = linear_sum_assignment(-common[..., 0])
    return {
        others[column]: ones[row]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if common[row, column, 1] >= SAME_TRACK_IOU
    }


def _sum_and_mean_iou(
    one: Mapping[float, Float32Array], other: Mapping[float, Float32Array]
) -> tuple[float, float]:
    """Return the sum and the mean of the IoU over the samples that both tracks have."""
    times = sorted(one.keys() & other.keys())
    if not times:
        return 0.0, 0.0
    pairs: Float64Array = np.array(
        [box_iou_batch(one[time][None], other[time][None])[0, 0] for time in times]
    )
    return float(pairs.sum()), float(pairs.mean())


def _boxes(faces: "pa.Table") -> dict[int, dict[float, Float32Array]]:
    corners = np.column_stack([faces[name].to_numpy() for name in BOX_COLUMNS]).astype(np.float32)
    found: dict[int, dict[float, Float32Array]] = {}
    keys = zip(faces["track"].to_pylist(), faces["time"].to_pylist(), strict=True)
    for (track, time), box in zip(keys, corners, strict=True):
        found.setdefault(track, {})[time] = box
    return found


def _with_tracks(faces: "pa.Table", tracks: list[int]) -> "pa.Table":
    import pyarrow as pa

    index = faces.schema.get_field_index("track")
    return faces.set_column(index, faces.schema.field(index), pa.array(tracks, pa.int32()))


def join_facts(segments: Sequence[tuple[Segment, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return what is known of a video from what is known of each segment."""
    errors = [facts["error"] for _, facts in segments if "error" in facts]
    if len(errors) == len(segments):
        return {"error": errors[0]}
    known = [facts for _, facts in segments if "error" not in facts]
    return {
        "frames": sum(facts["frames"] for facts in known),
        "faces": sum(facts["faces"] for facts in known),
        "notice": " ".join(dict.fromkeys(_notices(segments))) or None,
    }


def _notices(segments: Sequence[tuple[Segment, Mapping[str, Any]]]) -> Iterator[str]:
    """Yield sentences on what was left out, and on how the video was read."""
    warnings = [facts["warning"] for _, facts in segments if facts.get("warning")]
    unread = sum(facts.get("unread", 0) for _, facts in segments)
    turns = [facts["rotation"] for _, facts in segments if facts.get("rotation")]
    if unread:  # the same frame perhaps twice, in the seconds that segments have in common
        yield f"About {count_of(unread, 'picture')} could not be read."
    yield from warnings
    if turns:
        yield describe_rotation(turns[-1], "video")
    for segment, facts in segments:
        if "error" in facts:
            start = format_time(segment.start)
            end = "the end" if math.isinf(segment.end) else format_time(segment.end)
            yield f"From {start} to {end} nothing was read. {facts['error']}"
