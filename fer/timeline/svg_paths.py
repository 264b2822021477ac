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


def band_line(
    step: float, values: Float64Array, band: tuple[Float64Array, Float64Array], span: float
) -> list[dict[str, str]]:
    """Return the paths of a line above a band and the line of 0, on a scale from -1 to 1.

    Args:
        step: Seconds of a bin; the first starts at 0.
        values: One value per bin, (n,); NaN where there is none.
        band: Its lower and upper edge, (n,) each.
        span: Length of the time axis in seconds.
    """
    low, middle, high = (np.clip((each + 1) / 2, 0, 1) for each in (band[0], values, band[1]))
    return [
        {"class": "fer-zero", "d": f"M0 {VIEWBOX_SIDE // 2}H{VIEWBOX_SIDE}"},
        {"class": "fer-band", "d": area_path(step, high, low, span)},
        {"class": "fer-line", "d": line_path(step, middle, span)},
    ]


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
