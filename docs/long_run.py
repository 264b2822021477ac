"""The run over hours of video in docs/batch.md, from what `benchmarks.long_run` wrote.

python -m docs.long_run   draws the curve; `python -m docs.tables` writes the text
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer.plotting import ACCENT, GREY, SECONDARY, simplify_axes

MEASURED = Path(__file__).parents[1] / "benchmarks" / "long_run.json"
CURVE = Path(__file__).parent / "long_run.png"


def section(report: Mapping) -> str:
    """Return the paragraph of docs/batch.md as Markdown.

    Args:
        report: What `benchmarks.long_run` wrote.
    """
    machine, films = report["machine"], ", ".join(report["films"])
    hours, size = report["video_seconds"] / 3600, f"{report['table_mb']:.0f} MB"
    return f"""\
**{hours:.1f} hours of video in one run**: {report["files"]} files, each of which repeats one film
in a crop of its own ({films}). {report["workers"]} workers on {machine["cores"]} cores of
{machine["processor"]} read them in {report["hours"]:.2f} hours: {report["per_second"]:.1f} seconds
of video per second, with {report["cores_busy"]:.0%} of the cores busy. The tables have
{report["face_rows"]:,} rows of faces and {report["timeline_rows"]:,} of seconds in {size};
{report["refused"]} files were refused. Apart from the first tenth of the run, the peak memory of
the largest process was {_growth(report)} in the second half than in the first.

![Hours of video read, cores busy and memory over the run]({CURVE.name})

`{report["command"]}` measured it.
"""


def _growth(report: Mapping) -> str:
    growth = round(report["growth_mb"])
    return f"{abs(growth)} MB {'higher' if growth >= 0 else 'lower'}"


def plot(report: Mapping) -> Figure:
    """Draw hours of video read, cores busy and memory over the minutes of the run.

    Args:
        report: What `benchmarks.long_run` wrote.
    """
    curve = report["curve"]
    minutes = [point["seconds"] / 60 for point in curve]
    figure = Figure(figsize=(7.6, 5.4), layout="constrained")
    read, busy, memory = figure.subplots(3, 1, sharex=True)
    read.plot(minutes, [point["video_seconds"] / 3600 for point in curve], color=ACCENT)
    _label(read, "hours of video read")
    busy.plot(minutes[1:], [_busy(*pair) for pair in pairwise(curve)], color=ACCENT)
    _label(busy, "cores busy")
    for key, name, color in (
        ("all_mb", "all processes", SECONDARY),
        ("largest_mb", "the largest", ACCENT),
    ):
        memory.plot(minutes, [point[key] for point in curve], color=color, label=name)
    memory.legend(frameon=False, fontsize=9)
    _label(memory, "memory, MB")
    memory.set_xlabel("minutes", color=GREY)
    return figure


def _label(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_ylim(bottom=0)
    simplify_axes(axes)


def _busy(before: Mapping, after: Mapping) -> float:
    """Return how many cores were busy between two points of the curve."""
    return (after["computing"] - before["computing"]) / (after["seconds"] - before["seconds"])


def read_long_run() -> str:
    """Return the section for the file in benchmarks/."""
    return section(json.loads(MEASURED.read_text()))


if __name__ == "__main__":
    figure = plot(json.loads(MEASURED.read_text()))
    figure.savefig(CURVE, dpi=110, metadata={"Software": None})
