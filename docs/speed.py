"""The figures of docs/speed.md, from the JSON files that the benchmarks wrote."""

import json
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def speed(network: dict, live: dict, visitors: dict, recording: dict) -> str:
    """Return the section of docs/speed.md as Markdown.

    Args:
        network: What `benchmarks.speed` wrote.
        live: What `benchmarks.live` wrote.
        visitors: What `benchmarks.visitors` wrote.
        recording: What `benchmarks.recording` wrote.
    """
    rows = "\n".join(_row(name, scene) for name, scene in live["scenes"].items())
    video = recording["video"]
    machine, memory = live["machine"], recording["memory_mb"]["peak"]
    commands = "\n".join(file["command"] for file in (network, live, visitors, recording))
    faster = recording["times_real_time"]
    one_face, many, *plain = _shares(network["times"])
    return f"""\
Classifying one face crop takes {one_face} of the time of a ResNet-18 (224 pixels, one picture at a
time), and {many} per crop in a batch of 32: in int8, by ONNX Runtime, on two threads of
{network["machine"]["processor"]}. In float32, by PyTorch, it is {plain[0]} and {plain[1]}.

The table has the pipeline's frames per second on {machine["cores"]} cores ({live["threads"]}
thread), and how many times as fast that is as the same networks with a full detection of every
frame, and as {live["peer"]}. *Recall* is the share of a full detection's faces that are tracked. In
the same run, on {live["machine"]["processor"]}, that ResNet-18 took
{_median_yardstick(live):.0f} ms.

| scene | frames/s | full detection | PyPI `fer` | recall | ID switches per face and minute |
|---|---|---|---|---|---|
{rows}

{_crowd(visitors)}

A recording of {video["faces"]:.0f} faces at {video["height"]}p is analysed {faster:.1f} times as
fast as it plays, with at most {memory:.0f} MB of memory. These commands wrote the measurements into
[benchmarks/](../benchmarks), and `python -m docs.tables` wrote this section:

```bash
{commands}
```
"""


def settings(cache: dict, roll: dict, yaw: dict, framing: dict) -> str:
    """Return what was measured of the pipeline's settings, as Markdown.

    Args:
        cache: What `benchmarks.prediction_cache` wrote.
        roll: What `benchmarks.roll` wrote.
        yaw: What `benchmarks.yaw` wrote.
        framing: What `benchmarks.framing` wrote.
    """
    without, still = _cached(cache, "still")
    moving_without, moving = _cached(cache, "moving")
    upright, *turned = roll["photos_of_one_face"]
    rows = "\n".join(map(_turned_row, turned))
    live, tilts = roll["live"], roll["fer2013"].values()
    level, plain = ([row[name] for row in tilts] for name in ("accuracy", "accuracy_as_they_are"))
    yaws = {row["yaw"]: row for row in yaw["by_yaw"]}
    scale = framing["scales"][framing["size"]]
    commands = "\n".join(file["command"] for file in (cache, roll, yaw, framing))
    return f"""\
## What each step costs and brings

**Prediction cache.** A face that hasn't changed for a moment isn't classified again. At 30 frames a
second, {still["classified"]:.0%} of still faces and {moving["classified"]:.0%} of moving ones are
classified anew in each frame. The accuracy on still and moving faces is {still["accuracy"]:.3f} and
{moving["accuracy"]:.3f}; with every face classified in every frame it is
{without["accuracy"]:.3f} and {moving_without["accuracy"]:.3f}.

**Roll.** A tilted face is cropped level with its eyes, and a photo without upright faces is
searched in other rotations. A frame with a tilted face takes {live["tilted_ms"]:.1f} ms instead of
{live["upright_ms"]:.1f}, a photo without faces {roll["faceless"]["times_as_long"]:.1f} times as
long as one upright search. {upright["faces"]} photos of one face were turned clockwise and
counter-clockwise. The table has the share of faces that are detected and, of these, the share with
the same expression as before:

| photo turned by | detected | same expression | same, cropped as if upright |
|---|---|---|---|
{rows}

On FER2013's validation pictures the accuracy is {level[0]:.1%} upright, and {level[1]:.1%} and
{level[2]:.1%} when they are turned by 30 degrees clockwise and counter-clockwise. With crops as if
they were upright, the latter are {plain[1]:.1%} and {plain[2]:.1%}.

**Yaw.** On {yaw["heads"]} photographed heads, turned in three dimensions, the mean error of the
estimated yaw is {yaws[0]["mean_error"]:.0f} degrees at 0, {yaws[35]["mean_error"]:.0f} at 35 and
{yaws[55]["mean_error"]:.0f} at 55. A yaw of 55 is estimated {-yaws[55]["bias"]:.0f} degrees too
small on average.

**Framing.** The side of FER2013's pictures is {scale["median"]:.2f} times the size of MTCNN's box
(the square root of its area; quartiles {scale["lower"]:.2f} and {scale["upper"]:.2f}), so faces
are cropped at this ratio. The embedded weights keep an earlier measurement, which is in their
`preprocessor_config.json`.

```bash
{commands}
```
"""


def _turned_row(row: dict) -> str:
    change = f"{row['degrees']}°" if row["size"] == 1 else f"0°, {1 - row['size']:.0%} smaller"
    shares = (row[name] for name in ("recall", "same_expression", "same_expression_unlevelled"))
    return f"| {change} | {' | '.join(f'{share:.0%}' for share in shares)} |"


def _cached(cache: dict, motion: str) -> tuple[dict, dict]:
    """Return the figures without the prediction cache, and with its default limits."""
    rows = [row for row in cache["rows"] if row["motion"] == motion]
    return rows[0], rows[-1]


def _shares(times: dict) -> list[str]:
    """Return the ratios to the yardstick, without the yardstick's own."""
    return [
        f"{100 * row['ratio']:.2g}%" for name, row in times.items() if not name.startswith("resnet")
    ]


def _row(name: str, scene: dict) -> str:
    """Return a scene's row; what wasn't measured is a dash."""
    faster, agreement = scene["times_as_fast_as"], scene["agreement"]
    others = [f"{faster[who]:.1f}x" if who in faster else "-" for who in ("naive", "peer")]
    rate, switches = scene["ours"]["frames_per_second"], agreement["id_switches_per_face_minute"]
    cells = [name, f"{rate:.0f}", *others, f"{agreement['recall']:.3f}", f"{switches:.1f}"]
    return f"| {' | '.join(cells)} |"


def _crowd(visitors: dict) -> str:
    """Return what most visitors at a time get of the server."""
    number, rates = max(visitors["visitors"].items(), key=lambda entry: int(entry[0]))
    mean, slowest, late = rates["mean_rate"], rates["least_rate"], 1000 * rates["age_p99"]
    cores = visitors["machine"]["cores"]
    return f"""\
With the Live tab *on the server*, {number} visitors who each send ten frames per second have
{mean:.1f} of them analysed per second, the slowest visitor {slowest:.1f}. 99% of the results arrive
within {late:.0f} ms of their frame. Server and visitors shared {cores} cores."""


def _median_yardstick(live: dict) -> float:
    times = sorted(scene["yardstick_ms"] for scene in live["scenes"].values())
    return times[len(times) // 2]


def read_speed() -> str:
    """Return the section for the files in benchmarks/."""
    return "\n".join(
        text(*(json.loads((BENCHMARKS / f"{name}.json").read_text()) for name in names))
        for text, names in (
            (speed, ("speed", "live", "visitors", "recording")),
            (settings, ("prediction_cache", "roll", "yaw", "framing")),
        )
    )
