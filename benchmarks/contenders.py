"""What is measured: our pipeline in streams and on single frames, other packages, ResNet-18."""

import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from supervision import Detections

from benchmarks.stopwatch import Spent, Stopwatch, Timed
from fer.pipeline import Pipeline, StreamState

REST = "crop and rest"
"""What no object of its own does."""


class FerPipeline:
    """`Pipeline.process_frame` on one stream.

    Args:
        pipeline: Its detector and classifier are timed from outside.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Begin a stream."""
        self.stopwatch = Stopwatch()
        self.pipeline = timed_pipeline(pipeline, self.stopwatch)
        self.state = StreamState()
        for name in ("stream_detector", "prediction_cache", "smoother"):
            inner = getattr(self.state, name)
            stage = "follow" if name == "stream_detector" else "smooth"
            setattr(self.state, name, Timed(inner, self.stopwatch, {}, stage))

    def read(self, image: np.ndarray, time: float) -> tuple[Detections, Spent]:
        """Return the faces of the next frame, and what it took."""
        return self.stopwatch.measure(
            REST, lambda: self.pipeline.process_frame(image, time, self.state)
        )


class Naive:
    """The same networks from scratch on every frame: a full detection, then all faces read.

    Args:
        pipeline: Its detector and classifier are timed from outside.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        """Keep the pipeline."""
        self.stopwatch = Stopwatch()
        self.pipeline = timed_pipeline(pipeline, self.stopwatch)

    def read(self, image: np.ndarray, time: float) -> tuple[Detections, Spent]:
        """Return the faces of a frame, and what it took."""
        return self.stopwatch.measure(REST, lambda: self.pipeline(image))


TITLES = {"fer": "PyPI fer {version} with MTCNN", "yunet": "YuNet (PyPI yuface {version})"}
"""The names of other packages."""


class Peer:
    """Another package, in an interpreter of its own: PyPI's `fer` has the name of ours.

    Args:
        python: The interpreter that has it; benchmarks/requirements.txt says how to make one.
        threads: How many threads it may use.
        min_face: Smallest face that it looks for, in pixels.
        package: "fer" with MTCNN, or "yunet"; see `benchmarks.peer`.

    Attributes:
        name: The package, its version and its smallest face.

    Raises:
        ValueError: It doesn't start there.
    """

    def __init__(self, python: Path, threads: int, min_face: int, package: str = "fer") -> None:
        """Start it and wait until it is ready."""
        script = Path(__file__).with_name("peer.py")
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [str(python), "-P", str(script), package, str(threads), str(min_face)],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )
        line = self._process.stdout.readline()
        if not line:
            raise ValueError(f"{package} does not start under {python}; see {script.name}.")
        about = json.loads(line)
        least = f" from {about['min_face']} pixels" if about["min_face"] else ""
        self.name = TITLES[package].format(**about) + least

    def read(
        self, image: np.ndarray, time: float, rectangles: Sequence[Sequence[int]] | None = None
    ) -> tuple[Detections, Spent]:
        """Return its faces in a frame, and what it took by its own clock.

        Args:
            image: RGB uint8 (h, w, 3).
            time: Seconds; of no interest to it.
            rectangles: Faces to classify as x, y, width and height, instead of looking for some.
        """
        header = {"shape": image.shape, "rectangles": rectangles}
        self._process.stdin.write(json.dumps(header).encode() + b"\n")
        self._process.stdin.write(np.ascontiguousarray(image).tobytes())
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        boxes = np.array(answer["boxes"], np.float32).reshape(-1, 4)
        rows = np.array(answer.get("probabilities", []), np.float32)
        data = {"probabilities": rows} if len(rows) else {}
        spent = Spent({"all": answer["seconds"]}, answer["cpu"])
        return Detections(xyxy=boxes, data=data), spent

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait(20)


class Yardstick:
    """torchvision's resnet18 on one 224 x 224 picture, 32-bit floats, two threads.

    It has a process of its own, so that its threads take no time while it waits.
    """

    def __init__(self) -> None:
        """Start the process."""
        spawn = get_context("spawn")
        self._process = ProcessPoolExecutor(1, spawn, torch.set_num_threads, (2,))

    def seconds(self) -> float:
        """Return how long it takes, the median of five calls."""
        return self._process.submit(run_resnet, 5).result()

    def close(self) -> None:
        """End the process."""
        self._process.shutdown()


def run_resnet(calls: int) -> float:
    """Return the median of the seconds that so many calls take, after one that isn't counted."""
    network, picture = resnet(), torch.zeros(1, 3, 224, 224)
    spent = []
    with torch.inference_mode():
        for _ in range(1 + calls):
            start = perf_counter()
            network(picture)
            spent.append(perf_counter() - start)
    return median(spent[1:])


@cache
def resnet() -> torch.nn.Module:
    """Return resnet18 with random weights."""
    from torchvision.models import resnet18

    return resnet18(weights=None).eval()


def timed_pipeline(pipeline: Pipeline, stopwatch: Stopwatch) -> Pipeline:
    """Return a pipeline of the same steps whose detector and classifier are timed."""
    return Pipeline(
        Timed(
            pipeline.detector,
            stopwatch,
            {"detect": "detect", "detect_any_rotation": "detect"},
            "follow",
        ),
        Timed(pipeline.classifier, stopwatch, {}, "classify"),
    )
