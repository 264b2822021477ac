"""The values of a chart for its script, which displays, zooms and redraws them."""

import json
from collections.abc import Sequence

import numpy as np

from fer.array_types import Float64Array, Int64Array
from fer.i18n import gettext as _
from fer.timeline.expression_statistics import STACK_ORDER, Statistics, merged_statistics
from fer.timeline.timeline import Timeline

MAX_SERIES_COLUMNS = 960
"""Values of a series at most; more than the chart draws at first, for zooming."""


def chart_series(timeline: Timeline, tracks: Sequence[int]) -> str:
    """Return the values of a chart as JSON, in whole thousandths, null where there is none.

    Args:
        timeline: What is drawn.
        tracks: The tracks that have areas of their own.

    Returns:
        `step` (seconds of a value), `names` (of the areas, from the ground up), `labels` (what
        these are called), `areas` (for all
        faces, then for each track: a list of shares for each step), and `index` and `faces` (for
        each step).
    """
    whole = timeline.counts()[0]
    bins = int(whole[-1]) + 1 if len(whole) else 0
    group = max(1, -(-bins // MAX_SERIES_COLUMNS))
    slots, counted = -(-bins // group), timeline.included()

    def statistics(numbers: Int64Array, counts: Int64Array) -> Statistics:
        return merged_statistics(numbers // group, counts, slots, timeline.view == "class")

    everyone = statistics(*counted.counts())
    numbers, ids, counts = counted.track_counts()
    single = [statistics(numbers[ids == track], counts[ids == track]) for track in tracks]
    series = {
        "step": timeline.bin_seconds * group,
        "names": STACK_ORDER,
        "labels": [_(name) for name in STACK_ORDER],
        "areas": [_rows(each) for each in (everyone, *single)],
        "index": _thousandths(everyone["index"]),
        "faces": _thousandths(everyone["faces"]),
    }
    return json.dumps(series, separators=(",", ":"))


def _rows(statistics: Statistics) -> list[list[int] | None]:
    shares = np.column_stack([statistics[name] for name in STACK_ORDER]).astype(np.float64)
    return [
        None if np.isnan(row).any() else np.rint(1000 * row).astype(int).tolist() for row in shares
    ]


def _thousandths(values: Int64Array | Float64Array) -> list[int | None]:
    return [None if np.isnan(value) else round(1000 * value) for value in values.tolist()]
