"""Measure the live pipeline beside full detection of each frame and PyPI's `fer`, in one run.

    python -m benchmarks.live --quick
    python -m benchmarks.live --peer ~/peer/bin/python --samples lesson.mp4 class.jpg

Blocks of a second are played in turn to each contender: ours (`Pipeline.process_frame` with the
film's times), the naive way (the same networks with a full detection of each frame; on every few
frames, to save time), PyPI's `fer` with MTCNN, and the yardstick, resnet18. Frames are made before
the clock starts. A rate is the median of the blocks' rates; stages are means per frame; "computing"
is CPU time, which depends less on the machine's other load than wall-clock time does.
Agreement compares tracked faces with the naive way's full detection of the same frame. Takes about
ten minutes on two cores, `--quick` under two.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
import torch
from supervision import Detections

from benchmarks.agreement import Agreement, Delays, Links, named
from benchmarks.contenders import FerPipeline, Naive, Peer, Yardstick
from benchmarks.reporting import circumstances, table, write
from benchmarks.scenes import Scene, View, made_scenes, sample_scene
from benchmarks.stopwatch import Spent
from fer.pipeline import Pipeline
from fer.threads import limit_threads

WARM_UP = 5
"""Frames at the start of a scene that aren't timed."""


@dataclass
class Times:
    """What one contender took: for each frame, and each block's rate."""

    frames: list[Spent] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def add(self, block: Sequence[Spent]) -> None:
        """Count a block's frames."""
        if block:
            self.frames += block
            self.rates.append(len(block) / sum(spent.seconds for spent in block))

    def figures(self) -> dict[str, object] | None:
        """Return rate and milliseconds; None where nothing was timed."""
        if not self.frames:
            return None
        totals = np.array([spent.seconds for spent in self.frames]) * 1000
        names = sorted({name for spent in self.frames for name in spent.stages})
        means = {
            name: round(1000 * float(np.mean([s.stages.get(name, 0.0) for s in self.frames])), 3)
            for name in names
        }
        return {
            "frames_per_second": round(median(self.rates), 2),
            "ms_mean": round(float(totals.mean()), 3),
            "ms_computing": round(1000 * float(np.mean([s.cpu for s in self.frames])), 3),
            "ms_median": round(float(np.median(totals)), 3),
            "ms_p95": round(float(np.quantile(totals, 0.95)), 3),
            "ms_longest": round(float(totals.max()), 3),
            "ms_by_stage": means,
        }


class Measurement:
    """One scene played to everybody.

    Args:
        scene: The film.
        pipeline: Ours.
        peer: PyPI's `fer`, or None.
        yardstick: The resnet18 beside.
        stride: The naive way and the peer get one frame in so many.
    """

    def __init__(
        self,
        scene: Scene,
        pipeline: Pipeline,
        peer: Peer | None,
        yardstick: Yardstick,
        stride: int,
    ) -> None:
        """Begin with nothing measured."""
        self.scene, self.peer, self.yardstick, self.stride = scene, peer, yardstick, stride
        self.ours, self.naive = FerPipeline(pipeline), Naive(pipeline)
        self.times = {name: Times() for name in ("ours", "naive", "peer")}
        self.yardsticks: list[float] = []
        self.agreement, self.delays = Agreement(), Delays(scene.newcomers)
        self._links, self._faces, self._frames = Links(), 0, 0

    def block(self, views: Sequence[View]) -> None:
        """Play some frames to everybody in turn."""
        tracked = [self.ours.read(view.image, view.time) for view in views]
        timed = [spent for _, spent in tracked[WARM_UP if self._frames == 0 else 0 :]]
        self.times["ours"].add(timed)
        checked = range(0, len(views), self.stride)
        full = {index: self.naive.read(views[index].image, views[index].time) for index in checked}
        self.times["naive"].add([spent for _, spent in full.values()])
        if self.peer:
            answers = [self.peer.read(views[index].image, views[index].time) for index in checked]
            self.times["peer"].add([spent for _, spent in answers])
        self.yardsticks.append(self.yardstick.seconds())
        self._frames += len(views)
        for index, (faces, _) in enumerate(tracked):
            self._compare(views[index], faces, full[index][0] if index in full else None)

    def _compare(self, view: View, faces: Detections, full: Detections | None) -> None:
        if view.ids is not None:
            self.delays.add(view.time, view.xyxy, view.ids, faces.xyxy)
        if full is None:
            return
        self._faces += len(full)
        if view.ids is None:
            ids = self._links.update(full.xyxy, view.time)
        else:
            ids = named(full.xyxy, view.xyxy, view.ids)
        self.agreement.add(view.time, full.xyxy, ids, faces.xyxy, faces.tracker_id)

    def figures(self) -> dict[str, object]:
        """Return everything, ready for JSON."""
        times = {name: times.figures() for name, times in self.times.items()}
        yardstick, ours = 1000 * median(self.yardsticks), times["ours"]
        mine = ours["frames_per_second"]
        others = [name for name in ("naive", "peer") if times[name]]
        return {
            "frames": self._frames,
            "faces_a_frame": round(self._faces / len(self.times["naive"].frames), 2),
            **times,
            "yardstick_ms": round(yardstick, 2),
            "times_as_fast_as": {
                name: round(mine / times[name]["frames_per_second"], 2) for name in others
            },
            "computing_less_than": {
                name: round(times[name]["ms_computing"] / ours["ms_computing"], 2)
                for name in others
            },
            "frame_over_yardstick": round(1000 / mine / yardstick, 3),
            "agreement": self.agreement.figures(),
            **({"newcomers": self.delays.figures()} if self.scene.newcomers else {}),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(options.threads)
    torch.manual_seed(0)
    pipeline = Pipeline.load(options.model, min_face=40)
    least = pipeline.detector.min_face
    peer = Peer(options.peer, options.threads, least) if options.peer else None
    yardstick, scenes = Yardstick(), {}
    for scene in chosen_scenes(options):
        scenes[scene.name] = measure(scene, pipeline, peer, yardstick, options)
        print(
            f"{scene.name}: {scenes[scene.name]['ours']['frames_per_second']} frames/s", flush=True
        )
    report = {
        **circumstances("benchmarks.live", arguments),
        "threads": options.threads,
        "weights": pipeline.classifier.fingerprint(),
        "peer": peer.name if peer else "absent: no --peer was given",
        "scenes": scenes,
    }
    print(f"\n{table([speed_row(*item) for item in scenes.items()])}")
    print(f"\n{table([agreement_row(*item) for item in scenes.items()])}")
    if options.output or not options.quick:
        write(report, options.output or Path(__file__).with_suffix(".json"))
    for other in filter(None, (peer, yardstick)):
        other.close()


def chosen_scenes(options: argparse.Namespace) -> list[Scene]:
    """Return the made-up scenes, or those asked for, and the samples."""
    made = made_scenes()
    names = options.scene or made
    return [*(made[name] for name in names), *map(sample_scene, options.samples)]


def measure(
    scene: Scene,
    pipeline: Pipeline,
    peer: Peer | None,
    yardstick: Yardstick,
    options: argparse.Namespace,
) -> dict[str, object]:
    """Play a scene to everybody and return the figures."""
    seconds, stride = options.seconds, options.stride
    if options.quick:
        seconds, stride = 7 if scene.newcomers else 2, 6
    measurement = Measurement(scene, pipeline, peer, yardstick, stride)
    for views in blocks(scene, seconds):
        measurement.block(views)
    return measurement.figures()


def blocks(scene: Scene, seconds: float) -> Iterator[list[View]]:
    """Yield a scene's frames, a second at a time."""
    length = max(1, round(scene.rate))
    frames = islice(scene.play(), round(seconds * scene.rate))
    while views := list(islice(frames, length)):
        yield views


def speed_row(name: str, figures: dict) -> dict[str, object]:
    """Return a scene's row of the first table."""
    ours, naive, peer = figures["ours"], figures["naive"], figures["peer"]
    faster = figures["times_as_fast_as"]
    return {
        "speed": name,
        "faces": figures["faces_a_frame"],
        "ours/s": ours["frames_per_second"],
        "naive/s": naive["frames_per_second"],
        "x naive": faster["naive"],
        "x computing": figures["computing_less_than"]["naive"],
        "peer/s": peer and peer["frames_per_second"],
        "x peer": faster.get("peer"),
        "yardstick ms": figures["yardstick_ms"],
        "p95 ms": ours["ms_p95"],
        "computing ms": ours["ms_computing"],
        **{f"{stage} ms": ours["ms_by_stage"].get(stage) for stage in STAGES},
    }


STAGES = ("detect", "follow", "classify", "smooth", "crop and rest")
"""What a frame's time is divided into; `process_frame` is all of the tracker and of its
networks."""


def agreement_row(name: str, figures: dict) -> dict[str, object]:
    """Return a scene's row of the second table."""
    agreement, new = figures["agreement"], figures.get("newcomers", {})
    return {
        "agreement": name,
        "checked": agreement["faces"],
        "recall": agreement["recall"],
        "missed": agreement["missed"],
        "extra": agreement["extra"],
        "switches": agreement["id_switches"],
        "a face-minute": agreement["id_switches_per_face_minute"],
        "new faces": new.get("newcomers"),
        "never": new.get("never_boxed"),
        "mean delay s": new.get("mean_delay"),
        "longest s": new.get("longest_delay"),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two seconds a scene")
    parser.add_argument(
        "--scene", action="append", choices=list(made_scenes()), help="only this; may be repeated"
    )
    parser.add_argument("--samples", type=Path, nargs="*", default=[], help="pictures and videos")
    parser.add_argument("--peer", type=Path, help="the interpreter that has PyPI's fer")
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    parser.add_argument("--seconds", type=float, default=12, help="of each scene")
    parser.add_argument("--stride", type=int, default=2, help="naive on one frame in so many")
    parser.add_argument("--output", type=Path, help="JSON; live.json here, --quick writes none")
    return parser


if __name__ == "__main__":
    main()
