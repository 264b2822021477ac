"""The figures of docs/batch.md, from what `benchmarks.scale` wrote, and arithmetic with them."""

import json
import math
from pathlib import Path

from docs.long_run import read_long_run

SCALE = Path(__file__).parents[1] / "benchmarks" / "scale.json"

MILLION_PHOTOS, VIDEO_HOURS = 1_000_000, 10_000

SECONDS_AN_HOUR = 3600

LINE_BITS = 1e9
"""Bits a second of the network link that files come through."""

JOB_CORES, JOB_MEMORY_GB, JOB_PRICE = 8, 32, 0.03
"""Of HF Jobs' flavor cpu-upgrade: cores, memory, and US dollars an hour."""

JOB_PRICES = "https://huggingface.co/docs/hub/jobs-pricing"

SHARDS = 64
"""In the examples of docs/batch.md."""


def scale(measured: dict) -> str:
    """Return the section of docs/batch.md as Markdown.

    Args:
        measured: What `benchmarks.scale` wrote.
    """
    machine, photos = measured["machine"], measured["photos"]
    runs = "\n".join(_run(name, figures) for name, figures in measured["runs"].items())
    return f"""\
Measured on {machine["cores"]} cores of {machine["processor"]}, {_rounds(measured)}, with {photos:,}
photos of 640 x 480 and a video of {measured["video_seconds"] / 60:g} minutes. A *unit* is a photo
or a second of video; *loop* calls `fer.Pipeline` for one photo after the other, *local 2* is
`fer run` with two workers, *ray 2* the same with Ray's workers.

| run | units/s | core seconds per unit | cores busy | memory growth |
|---|---|---|---|---|
{runs}

{_ratios(measured["runs"])}

Core time for a million photos like these, and for {VIDEO_HOURS:,} hours of such video:

| stage | per photo | a million photos | per second of video | {VIDEO_HOURS:,} hours of video |
|---|---|---|---|---|
{_stages(measured["stages"])}

{_limits(measured["runs"])}

{_job(measured)}

`{measured["command"]}` measured it, and `python -m docs.tables` wrote this section.
"""


def _rounds(measured: dict) -> str:
    return "once" if measured["rounds"] == 1 else f"the median of {measured['rounds']} rounds"


def _run(name: str, figures: dict) -> str:
    """Return a run's row; what wasn't measured is a dash."""
    growth = figures["growth_mb"]
    cells = [
        name,
        f"{figures['per_second']:.1f}",
        f"{figures['computing_seconds_each']:.3f}",
        f"{figures['cores_busy']:.0%}",
        "-" if growth is None else f"{growth:.0f} MB",
    ]
    return f"| {' | '.join(cells)} |"


def _ratios(runs: dict) -> str:
    """Return how much faster two workers are than the loops, and Ray's than those here."""
    two, one_thread, loop = (
        runs[f"photos, {name}"]["per_second"] for name in ("local 2", "loop, one thread", "loop")
    )
    text = f"""\
Two workers read

- {two / one_thread:.2f} times as many photos as the loop with one thread;
- {two / loop:.2f} times as many as the loop with its default threads, which fill over one core."""
    if "photos, ray 2" in runs:
        ray = runs["photos, ray 2"]["per_second"] / two
        text += f"\n\nTwo of Ray's workers read {ray:.2f} times as many as two of `fer run`'s own."
    return text


def _stages(stages: dict) -> str:
    """Return one row per stage, and one of all."""
    photos, video = stages["photos"], stages["video"]
    sums = {name: sum(one.values()) for name, one in stages.items()}
    rows = [_stage(name, photos[name], video[name], sums) for name in photos]
    total = _stage("all", sums["photos"], sums["video"], sums)
    return "\n".join([*rows, total])


def _stage(name: str, photo: float, second: float, sums: dict[str, float]) -> str:
    cells = [
        name,
        f"{1000 * photo:.1f} ms ({photo / sums['photos']:.0%})",
        f"{photo * MILLION_PHOTOS / SECONDS_AN_HOUR:,.1f} h",
        f"{1000 * second:.1f} ms ({second / sums['video']:.0%})",
        f"{second * VIDEO_HOURS:,.0f} h",
    ]
    return f"| {' | '.join(cells)} |"


def _limits(runs: dict) -> str:
    """Return what is used up first as workers are added."""
    photos, video = runs["photos, local 2"], runs["video, local 2"]
    writer = {
        name: _workers_of_a_writer(run) for name, run in (("photos", photos), ("video", video))
    }
    line = {name: _workers_of_a_line(run) for name, run in (("photos", photos), ("video", video))}
    memory = max(photos["worker_mb"], video["worker_mb"])
    gigabytes = photos["bytes_written_each"] * MILLION_PHOTOS / 1e9
    video_gigabytes = video["bytes_written_each"] * VIDEO_HOURS * SECONDS_AN_HOUR / 1e9
    return f"""\
As workers are added, the cores saturate first, since each worker fills one, and next
{_next(writer, line)}. The process that plans and writes keeps up with {writer["photos"]:,} workers
for photos and {writer["video"]:,} for video; a network link of {LINE_BITS / 1e9:g} Gbit/s brings
files for {line["photos"]:,} and {line["video"]:,}. With `--shard` each job has a writer of its own.
A worker takes {memory:.0f} MB of memory. The tables of a million photos take {gigabytes:.1f} GB,
those of {VIDEO_HOURS:,} hours of video {video_gigabytes:.0f} GB."""


def _workers_of_a_writer(run: dict) -> int:
    """Return with how many workers one process can keep up."""
    each = run["computing_seconds_each"] - run["coordinator_seconds_each"]
    return math.floor(each / run["coordinator_seconds_each"])


def _workers_of_a_line(run: dict) -> int:
    """Return for how many workers files can be fetched."""
    each = run["computing_seconds_each"] - run["coordinator_seconds_each"]
    return math.floor(LINE_BITS / 8 / run["bytes_read_each"] * each)


def _next(writer: dict[str, int], line: dict[str, int]) -> str:
    first = min(writer.values()) < min(line.values())
    return "the one process that writes" if first else "the network link"


def _job(measured: dict) -> str:
    """Return what HF Jobs take and cost."""
    sums = {name: sum(one.values()) for name, one in measured["stages"].items()}
    hours = {
        "a million photos": sums["photos"] * MILLION_PHOTOS / SECONDS_AN_HOUR / JOB_CORES,
        f"{VIDEO_HOURS:,} hours of video": sums["video"] * VIDEO_HOURS / JOB_CORES,
    }
    jobs = "\n".join(
        f"- {name} take {value:,.1f} hours of such a job ({_time(value / SHARDS)} with {SHARDS} "
        f"shards in parallel) and cost {value * JOB_PRICE:,.2f} dollars;"
        for name, value in hours.items()
    )
    return f"""\
On HF Jobs, `cpu-upgrade` has {JOB_CORES} cores and {JOB_MEMORY_GB} GB for {JOB_PRICE:.2f} dollars
an hour ([prices]({JOB_PRICES})). If its cores are as fast as those measured here:

{jobs}
- in addition, each job is paid for while it starts and installs `fer`."""


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.1f} hours"
    minutes = max(1, round(60 * hours))
    return f"{minutes} minute{'s' * (minutes > 1)}"


def read_scale() -> str:
    """Return the section for the files in benchmarks/."""
    return f"{scale(json.loads(SCALE.read_text()))}\n{read_long_run()}"
