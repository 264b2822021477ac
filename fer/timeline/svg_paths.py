"""SVG paths of values over time: areas and lines in whole units, with gaps for NaN."""

import numpy as np

from fer.array_types import Float64Array

VIEWBOX_SIDE = 1000
"""Width and height of the SVG in its own units."""


def area_path(step: float, tops: Float64Array, bottoms: Float64Array, span: float) -> str:
    """Return the outline between two lines, 0 to 1, broken where there is a gap."""
    outlines = []
    for places, run in find_runs(step, tops, span):
        there = [f"{x} {y}" for x, y in zip(places, _heights(tops[run]), strict=True)]
        back = [f"{x} {y}" for x, y in zip(places, _heights(bottoms[run]), strict=True)]
        outlines.append("M" + "L".join(there + back[::-1]) + "Z")
    return "".join(outlines)


def line_path(step: float, values: Float64Array, span: float) -> str:
    """Return a line, 0 to 1, broken where there is a gap."""
    outlines = []
    for places, run in find_runs(step, values, span):
        points = zip(places, _heights(values[run]), strict=True)
        outlines.append("M" + "L".join(f"{x} {y}" for x, y in points))
    return "".join(outlines)


def find_runs(step: float, values: Float64Array, span: float) -> list[tuple[list[int], slice]]:
    """Return the runs of values without NaN: x coordinates, from edge to edge, and their bins."""
    there = np.concatenate([[False], ~np.isnan(values), [False]])
    starts, ends = np.flatnonzero(there[1:] != there[:-1]).reshape(-1, 2).T
    runs = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        middles = np.arange(start, end) + 0.5
        places = np.concatenate([[start], middles, [end]]) * step / span * VIEWBOX_SIDE
        runs.append((places.round().astype(int).tolist(), slice(start, end)))
    return runs


def _heights(values: Float64Array) -> list[int]:
    """Return values, 0 to 1, as y coordinates, the first and the last twice for the edges."""
    ends = np.concatenate([values[:1], values, values[-1:]])
    return [round(place) for place in (VIEWBOX_SIDE * (1 - ends)).tolist()]
