"""PyPI's `fer` with MTCNN, driven by `benchmarks.live` over a pipe; run by its own interpreter.

In: a line of JSON with the frame's shape, then its bytes, RGB. Out: a line of JSON with its boxes,
xyxy, and what it took in seconds. The first line out says its version and the least face it looks
for, which is ours, so that both search alike.
"""

import json
import sys
from importlib.metadata import version
from time import perf_counter, process_time

import cv2
import facenet_pytorch  # noqa: F401  (LLVM ends the program if TensorFlow comes first)
import numpy as np
import torch
from fer.fer import FER


def main() -> None:
    """Answer until there is no more to read."""
    torch.set_num_threads(int(sys.argv[1]))
    reader = FER(mtcnn=True)
    least = int(sys.argv[2])
    reader._mtcnn.min_face_size = least  # its own is 20 pixels, which takes twice the time
    say({"version": version("fer"), "min_face": least})
    while line := sys.stdin.buffer.readline():
        shape = json.loads(line)["shape"]
        content = sys.stdin.buffer.read(int(np.prod(shape)))
        # It asks for OpenCV's order of colours.
        frame = cv2.cvtColor(np.frombuffer(content, np.uint8).reshape(shape), cv2.COLOR_RGB2BGR)
        start, computed = perf_counter(), process_time()
        faces = reader.detect_emotions(frame)
        spent = {"seconds": perf_counter() - start, "cpu": process_time() - computed}
        boxes = [[int(value) for value in face["box"]] for face in faces]
        say({**spent, "boxes": [[x, y, x + w, y + h] for x, y, w, h in boxes]})


def say(message: dict) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
