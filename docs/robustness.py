"""The table and the plots of docs/robustness.md, from what `benchmarks.robustness` wrote.

python -m docs.robustness   draws the plots; `python -m docs.tables` writes the table
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer.plotting import ACCENT, GREY, SECONDARY, simplify_axes

FOLDER = Path(__file__).parent / "robustness"
MEASURED = Path(__file__).parents[1] / "benchmarks" / "robustness.json"

STYLES = {"ours": (ACCENT, "o"), "fer": (SECONDARY, "s"), "yunet": (GREY, "^")}
"""Colour and marker of each."""

PLOTS = {
    "recall": ("Recall of detection", ("ours", "fer", "yunet")),
    "agreement": ("Share that keeps its expression", ("ours", "fer")),
    "accuracy": ("Accuracy", ("ours", "fer")),
}
"""Title of each plot, and whom it shows."""

HEADINGS = (
    ("corruption", ""),
    ("recall", "ours"),
    ("recall", "fer"),
    ("recall", "yunet"),
    ("agreement", "ours"),
    ("agreement", "fer"),
    ("accuracy", "ours"),
    ("accuracy", "fer"),
)

UNITS = {"size": "face height", "blur": "sigma in a face of 48", "JPEG": "quality"}
"""What the severities of a corruption are, where that isn't clear."""

MIN_FACES_COMPARED = 10
"""Faces of which a share is worth a cell of the table, and a point of a plot."""

UNORDERED = ("light", "occlusion")
"""Corruptions whose severities aren't on one scale, so that no line joins them."""


def section(report: Mapping) -> str:
    """Return the section of docs/robustness.md as Markdown.

    Args:
        report: What `benchmarks.robustness` wrote.
    """
    rows = report["rows"]
    readers, clean = report["readers"], rows[0]
    table = "\n".join(f"| {' | '.join(_cells(rows, *key))} |" for key in corruptions(rows))
    widths = sorted(_width(row[metric]) for row in rows for metric in PLOTS if row[metric])
    typical, false = widths[len(widths) // 2], report["false_faces"]
    return f"""\
{report["fer2013"]} of FER2013's validation pictures and {report["photo_faces"]} faces of photos
were corrupted in each way. This package and {readers["fer"]}
detected and classified them; {readers["yunet"]} only detected them. All three find
{clean["recall"]["of"]} of the clean faces; recall is the share of those. *Same* is the share of the
faces found before and after that keep their expression. Accuracy is by FER2013's labels; where no
face is found, the middle of the picture is classified. A dash marks a share of fewer than
{MIN_FACES_COMPARED} faces. The plots and [robustness.json](../benchmarks/robustness.json) have 95%
intervals (Wilson's); half of them reach {typical:.0%} or more to either side, so that differences
of a few points mean nothing.

In {false["pictures"]} pictures without faces, among them dark and enlarged ones, this package finds
{false["ours"]} faces, `fer` {false["fer"]} and YuNet {false["yunet"]}.

| corruption | recall: ours | `fer` | YuNet | same: ours | `fer` | accuracy: ours | `fer` |
|---|---|---|---|---|---|---|---|
{table}

{_plots()}
`python -m docs.robustness` drew the plots and `python -m docs.tables` wrote this section, from
what this command measured:

```bash
{report["command"]}
```
"""


def corruptions(rows: Sequence[Mapping]) -> list[tuple[str, str]]:
    """Return kind and severity of each corruption, in order."""
    return list(dict.fromkeys((row["corruption"], row["severity"]) for row in rows))


def _plots() -> str:
    lines = [
        f"![{title}, by corruption](robustness/{name}.png)\n" for name, (title, _) in PLOTS.items()
    ]
    return "\n".join(lines)


def _cells(rows: Sequence[Mapping], kind: str, severity: str) -> list[str]:
    """Return a corruption's row of the table."""
    measured = {
        row["reader"]: row
        for row in rows
        if (row["corruption"], row["severity"]) == (kind, severity)
    }
    unit = f" ({UNITS[kind]})" if kind in UNITS else ""
    values = [measured[reader][metric] for metric, reader in HEADINGS[1:]]
    return [f"{kind} {severity}{unit}".strip(), *(_percent(value) for value in values)]


def _percent(measured: Mapping | None) -> str:
    return "-" if measured is None or _is_scarce(measured) else f"{measured['value']:.0%}"


def _is_scarce(measured: Mapping | None) -> bool:
    return measured is None or measured["of"] < MIN_FACES_COMPARED


def _width(measured: Mapping) -> float:
    low, high = measured["interval"]
    return (high - low) / 2


def plot(report: Mapping, metric: str) -> Figure:
    """Draw one metric over the severities of each corruption, with 95% intervals.

    Args:
        report: What `benchmarks.robustness` wrote.
        metric: One of `PLOTS`.
    """
    rows, (title, readers) = report["rows"], PLOTS[metric]
    kinds = [
        kind for kind in dict.fromkeys(kind for kind, _ in corruptions(rows)) if kind != "none"
    ]
    figure = Figure(figsize=(7.6, 6.6), layout="constrained")
    grid = figure.subplots(3, 3, sharey=True).flatten()
    for axes, kind in zip(grid, kinds, strict=False):
        _panel(axes, rows, metric, kind, readers)
    for axes in grid[len(kinds) :]:
        axes.axis("off")
    handles, labels = grid[0].get_legend_handles_labels()
    names = [report["readers"][label] for label in labels]
    figure.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0.38, 0.14),
        title=title,
        title_fontsize=12,
        alignment="left",
        frameon=False,
    )
    for axes in grid[::3]:
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return figure


def _panel(
    axes: Axes, rows: Sequence[Mapping], metric: str, kind: str, readers: Sequence[str]
) -> None:
    """Draw one kind of corruption, clean faces on the left."""
    severities = ["", *(severity for name, severity in corruptions(rows) if name == kind)]
    keys = {("none", ""), *((kind, severity) for severity in severities)}
    for index, reader in enumerate(readers):
        points = {
            row["severity"]: row[metric]
            for row in rows
            if row["reader"] == reader
            and (row["corruption"], row["severity"]) in keys
            and not _is_scarce(row[metric])
        }
        if not points:
            continue
        places = [severities.index(severity) + 0.12 * (index - 1) for severity in points]
        values = [point["value"] for point in points.values()]
        low, high = zip(*(point["interval"] for point in points.values()), strict=True)
        color, marker = STYLES[reader]
        axes.vlines(places, low, high, color=color, alpha=0.45, linewidth=1.5)
        line = "" if kind in UNORDERED else "-"
        axes.plot(places, values, marker + line, color=color, label=reader, markersize=4.5)
    axes.set_xticks(
        range(len(severities)), ["none", *(text.removesuffix(" px") for text in severities[1:])]
    )
    unit = ", px" if severities[-1].endswith(" px") else ""
    axes.set_title(f"{kind} ({UNITS[kind]}{unit})" if kind in UNITS else kind, fontsize=10)
    axes.set_ylim(0, 1.03)
    simplify_axes(axes)


def draw(report: Mapping, folder: Path) -> None:
    """Write the plots into a folder."""
    folder.mkdir(exist_ok=True)
    for metric in PLOTS:
        figure = plot(report, metric)
        figure.savefig(folder / f"{metric}.png", dpi=110, metadata={"Software": None})


def read_robustness() -> str:
    """Return the section for the file in benchmarks/."""
    return section(json.loads(MEASURED.read_text()))


if __name__ == "__main__":
    draw(json.loads(MEASURED.read_text()), FOLDER)
