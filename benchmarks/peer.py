"""Other people's packages, driven over a pipe and run by an interpreter of their own.

    python -P peer.py NAME THREADS MIN_FACE

"fer" is PyPI's `fer` with MTCNN, "yunet" is YuNet as its authors ship it, in libfacedetection.

In: a line of JSON with the picture's shape, and, where faces are to be classified without being
looked for, their "rectangles" (x, y, width, height); then its bytes, RGB. Out: a line of JSON with
the boxes, xyxy, the probabilities of the seven expressions where the package has some, and what it
took in seconds. The first line out has the package's version and the smallest face that it looks
for: ours, where that can be set.
"""

import json
import sys
from importlib.metadata import version
from time import perf_counter, process_time

import numpy as np

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

YUNET_CONFIDENCE = 0.5
"""Least score that counts, the package's own default."""


class PypiFer:
    """PyPI's `fer`."""

    def __init__(self, threads: int, min_face: int) -> None:
        """Load it."""
        import cv2
        import facenet_pytorch  # noqa: F401  (LLVM ends the program if TensorFlow comes first)
        import torch
        from fer.fer import FER

        torch.set_num_threads(threads)
        self._to_bgr = lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        self._reader = FER(mtcnn=True)
        self._reader._mtcnn.min_face_size = min_face  # its own is 20 pixels
        self.about = {"version": version("fer"), "min_face": min_face}

    def read(self, image: np.ndarray, rectangles: list | None) -> dict:
        """Return boxes and probabilities; it asks for OpenCV's order of colours."""
        faces = self._reader.detect_emotions(self._to_bgr(image), rectangles)
        boxes = [[int(value) for value in face["box"]] for face in faces]
        rows = [[float(face["emotions"][name]) for name in EXPRESSIONS] for face in faces]
        return {"boxes": [[x, y, x + w, y + h] for x, y, w, h in boxes], "probabilities": rows}


class Yunet:
    """YuNet: detection only."""

    def __init__(self, threads: int, min_face: int) -> None:
        """Load it; it has its own smallest face."""
        import yuface

        self._detect = yuface.detect
        self.about = {"version": version("yuface"), "min_face": None}

    def read(self, image: np.ndarray, rectangles: list | None) -> dict:
        """Return boxes."""
        _, boxes, _ = self._detect(np.ascontiguousarray(image[..., ::-1]), YUNET_CONFIDENCE)
        return {"boxes": [[x, y, x + w, y + h] for x, y, w, h in boxes.astype(int).tolist()]}


def main() -> None:
    """Reply until there is no more to read."""
    name, threads, min_face = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    reader = {"fer": PypiFer, "yunet": Yunet}[name](threads, min_face)
    send(reader.about)
    while line := sys.stdin.buffer.readline():
        header = json.loads(line)
        content = sys.stdin.buffer.read(int(np.prod(header["shape"])))
        image = np.frombuffer(content, np.uint8).reshape(header["shape"])
        start, computed = perf_counter(), process_time()
        found = reader.read(image, header.get("rectangles"))
        spent = {"seconds": perf_counter() - start, "cpu": process_time() - computed}
        send({**spent, **found})


def send(message: dict) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
