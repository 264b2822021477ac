"""Measure how fast a recording is analysed, where the time goes, and how much memory it takes.

    python -m benchmarks.recording
    python -m benchmarks.recording --minutes 60 --frames 10
    python -m benchmarks.recording lesson.mp4 --rate 5 --view person

Without a file, six faces of skimage's astronaut move about for some seconds at 1280 x 720 and 30
frames a second; at 10 an hour fits into a file that is taken. The video is encoded once and
repeated up to the length asked for. Three threads work at a time, so a stage is given twice: the
seconds its thread was in it, waiting for a core included, and the seconds it was computing. The
slowest stage, and the sum of all over the number of cores, bound the speed. Memory is the whole
process's, at each quarter of the way.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time, thread_time

import av

from benchmarks.reporting import STATUS, circumstances, resident, table, write
from benchmarks.scenes import RATE, acted, grid_of_actors
from fer.pipeline import Pipeline
from fer.recording import AnalysisSettings, Progress, analysis, analyze
from fer.threads import limit_threads
from fer.video import Frame, VideoReader, VideoWriter, check_video

SIZE = (1280, 720)
CLIP = 20.0
"""Seconds that are filmed and encoded; longer videos repeat them."""


class Stages:
    """Seconds spent in each stage, as the clock goes and computing; a stage has one thread."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.spent: dict[str, float] = {}
        self.computing: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count a block as a stage's."""
        wall, own = perf_counter(), thread_time()
        try:
            yield
        finally:
            self.spent[stage] = self.spent.get(stage, 0.0) + perf_counter() - wall
            self.computing[stage] = self.computing.get(stage, 0.0) + thread_time() - own

    def rows(self, frames: int) -> list[dict[str, object]]:
        """Return milliseconds per frame of the video, by stage."""
        return [
            {
                "stage": name,
                "ms a frame": round(1000 * self.spent[name] / frames, 3),
                "computing": round(1000 * self.computing[name] / frames, 3),
            }
            for name in self.spent
        ]


class Memory:
    """The process's memory on the way; `mb` maps from quarters done to megabytes."""

    def __init__(self) -> None:
        """Let the peak start anew, where Linux is there to tell it."""
        self.mb: dict[str, float] = {}
        if STATUS.exists():
            Path("/proc/self/clear_refs").write_text("5")

    def look(self, progress: Progress) -> None:
        """Take note at each quarter."""
        quarter = f"{int(4 * progress.fraction) / 4:g}"
        if STATUS.exists() and quarter not in self.mb:
            self.mb[quarter] = round(resident("VmRSS"), 1)

    def peak(self) -> float | None:
        """Return the most that it was."""
        return round(resident("VmHWM"), 1) if STATUS.exists() else None


def timed(stages: Stages) -> tuple[type[VideoReader], type[VideoWriter], type]:
    """Return the recording's steps with a stopwatch in each."""

    class Reader(VideoReader):
        def __iter__(self) -> Iterator[Frame]:
            frames = super().__iter__()
            while True:
                with stages("decode"):
                    frame = next(frames, None)
                if frame is None:
                    return
                yield frame

    class Writer(VideoWriter):
        def write(self, *arguments: object) -> None:
            with stages("encode"):
                super().write(*arguments)

    class Annotator(analysis.FaceAnnotator):
        def draw(self, *arguments: object) -> None:
            with stages("draw"):
                super().draw(*arguments)

    return Reader, Writer, Annotator


def measure(video: Path, folder: Path, pipeline: Pipeline, view: str, rate: float) -> dict:
    """Analyse a video and return the figures."""
    stages, memory, info = Stages(), Memory(), check_video(video)
    frames = max(1, round(info.duration * info.frame_rate))
    follow = pipeline.process_frame

    def followed(*arguments: object) -> object:
        with stages("follow"):
            return follow(*arguments)

    pipeline.process_frame = followed
    parts = analysis.VideoReader, analysis.VideoWriter, analysis.FaceAnnotator
    analysis.VideoReader, analysis.VideoWriter, analysis.FaceAnnotator = timed(stages)
    start, own = perf_counter(), process_time()
    try:
        recording = analyze(video, folder, pipeline, AnalysisSettings(view, rate), memory.look)
    finally:
        analysis.VideoReader, analysis.VideoWriter, analysis.FaceAnnotator = parts
        pipeline.process_frame = follow
    seconds, computing = perf_counter() - start, process_time() - own
    table_of_bins = recording.timeline.table()
    return {
        "video": {
            **{"width": info.width, "height": info.height, "rate": round(info.frame_rate, 3)},
            "seconds": round(info.duration, 2),
            "megabits_a_second": round(video.stat().st_size * 8e-6 / info.duration, 2),
            "faces": round(float(table_of_bins["faces"].mean()), 2),
        },
        "seconds": round(seconds, 2),
        "times_real_time": round(info.duration / seconds, 2),
        "computing_seconds": round(computing, 2),
        "stages": stages.rows(frames),
        "memory_mb": {"peak": memory.peak(), "on_the_way": memory.mb},
        "written_mb": round(recording.video.stat().st_size / 1e6, 2),
        "warning": recording.warning,
    }


def made_video(folder: Path, seconds: float, every: int = 1) -> Path:
    """Film six moving faces, every so many-th frame, and repeat them to the length asked for."""
    clip = folder / "clip.mp4"
    scene = acted("six faces", SIZE, grid_of_actors(SIZE, (3, 2), 330))
    with VideoWriter(clip, *SIZE) as writer:
        for view in islice(scene.play(), 0, round(min(seconds, CLIP) * RATE), every):
            writer.write(view.image, view.time, every / RATE)
    return clip if seconds <= CLIP else repeated(clip, folder / "long.mp4", seconds)


def repeated(clip: Path, path: Path, seconds: float) -> Path:
    """Write the pictures of a clip again and again, without encoding them anew."""
    with av.open(str(clip)) as old, av.open(str(path), "w") as new:
        stream = old.streams.video[0]
        packets = [(p.pts, p.dts, p.duration, bytes(p)) for p in old.demux(stream) if p.size]
        copied = new.add_stream_from_template(stream)
        for turn in range(round(seconds / float(stream.duration * stream.time_base))):
            for pts, dts, duration, data in packets:
                packet, shift = av.Packet(data), turn * stream.duration
                packet.pts, packet.dts, packet.duration = pts + shift, dts + shift, duration
                packet.time_base, packet.stream = stream.time_base, copied
                new.mux(packet)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(options.threads)
    pipeline = Pipeline.load(options.model, min_face=40)
    with tempfile.TemporaryDirectory() as place:
        seconds = 60 * options.minutes if options.minutes else CLIP
        every = round(RATE) // options.frames
        video = options.video or made_video(Path(place), seconds, every)
        figures = measure(video, Path(place) / "out", pipeline, options.view, options.rate)
    figures["video"]["name"] = options.video.name if options.video else "six faces, made"
    report = {
        **circumstances("benchmarks.recording", arguments),
        **{"view": options.view, "rate": options.rate, "threads": options.threads},
        "weights": pipeline.classifier.fingerprint(),
        **figures,
    }
    print(table(report["stages"]), end="\n\n")
    print(json.dumps({name: value for name, value in figures.items() if name != "stages"}))
    if options.output:
        write(report, options.output)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path, nargs="?", help="six made-up faces if left out")
    parser.add_argument("--minutes", type=float, help="length of the made-up video")
    parser.add_argument(
        "--frames", type=int, default=30, choices=(10, 15, 30), help="a second of that video"
    )
    parser.add_argument("--view", default="person", choices=("class", "person"))
    parser.add_argument("--rate", type=float, default=5.0, help="analysed frames a second")
    parser.add_argument("--model", help="a folder or Hub id; the embedded weights if left out")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch")
    parser.add_argument("--output", type=Path, help="JSON")
    return parser


if __name__ == "__main__":
    main()
