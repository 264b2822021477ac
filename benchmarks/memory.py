"""How much memory a process needs to follow the faces of a scene, measured in one of its own."""

from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from benchmarks.scenes import Scene, made_scenes, sample_scene

FRAMES = 60
"""Frames of a scene that are read; they are in memory, too."""

STATUS = Path("/proc/self/status")


def peak_memory(scene: Scene, threads: int, model: str | None) -> dict[str, float] | None:
    """Return the highest use of memory while a scene is followed; None where Linux isn't there.

    Args:
        scene: Whose frames are read.
        threads: Of the networks.
        model: Folder or Hub id of the network; None is the embedded one.

    Returns:
        `peak_mb`, the whole process; `growth_mb`, how much of it came with following.
    """
    if not STATUS.exists():
        return None
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_measure, scene.source, threads, model).result()


def _measure(source: str, threads: int, model: str | None) -> dict[str, float]:
    from fer.model.classifier import ExpressionClassifier
    from fer.pipeline import Pipeline, StreamState
    from fer.threads import limit_threads
    from fer.vision.detector import FaceDetector

    limit_threads(threads)
    made = made_scenes()
    scene = made[source] if source in made else sample_scene(Path(source))
    views = list(islice(scene.play(), FRAMES))
    classifier = ExpressionClassifier.load(model)
    pipeline, following = Pipeline(FaceDetector(), classifier), StreamState()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmRSS")
    for view in views:
        pipeline.process_frame(view.image, view.time, following)
    peak = resident("VmHWM")
    return {"peak_mb": round(peak, 1), "growth_mb": round(peak - before, 1)}


def resident(key: str, status: Path = STATUS) -> float:
    """Return VmRSS (now) or VmHWM (the peak) of a process in megabytes, as Linux counts them."""
    for line in status.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"{status} has no {key}.")
