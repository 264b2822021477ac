"""The figures of docs/web.md, from the JSON file that `benchmarks.web` wrote."""

import json
from pathlib import Path

MEASURED = Path(__file__).parents[1] / "benchmarks" / "web.json"


def web(report: dict) -> str:
    """Return the section of docs/web.md as Markdown.

    Args:
        report: What `benchmarks.web` wrote.
    """
    machine, camera, load = report["machine"], report["camera"], report["first_load_mb"]
    rows = "\n".join(_row(name, scene) for name, scene in report["scenes"].items())
    requests = sum(scene["requests"] for scene in report["scenes"].values())
    return f"""\
In headless Chromium {_versions(report)} on {machine["cores"]} cores of {machine["processor"]} (load
{machine["load"]:.1f} at the start), with a camera of {camera["width"]} x {camera["height"]} pixels
and {camera["rate"]:.0f} pictures per second:

| in view | analysed frames/s | time per frame, median | processor time, mean | drawn pictures/s |
|---|---|---|---|---|
{rows}

The first visit loads {load["total"]} MB, compressed: {load["runtime"]} of ONNX Runtime,
{load["networks"]} of networks and {load["page"]} of the page. While the camera was on,
{requests or "no"} request{"" if requests == 1 else "s"} went out.
`{report["command"]}` measured it into [benchmarks/web.json](../benchmarks/web.json), and
`python -m docs.tables` wrote this section.
"""


def _row(name: str, scene: dict) -> str:
    """Return a scene's row."""
    results, pictures = scene["results_per_second"], scene["pictures_per_second"]
    times = f"{scene['milliseconds']:.0f} ms | {scene['processor_milliseconds']:.0f} ms"
    return f"| {name} | {results:.0f} | {times} | {pictures:.0f} |"


def _versions(report: dict) -> str:
    """Return the browser's version."""
    return " and ".join(sorted({scene["browser"] for scene in report["scenes"].values()}))


def read_web() -> str:
    """Return the section for the file in benchmarks/."""
    return web(json.loads(MEASURED.read_text()))
