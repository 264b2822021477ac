"""Measure FER2013's own framing relative to the detector's boxes.

    python -m benchmarks.framing --dataset AutumnQiu/fer2013

A random sample of training pictures is enlarged, given a margin of repeated border pixels (so that
a box may leave the picture and isn't clipped), and searched for the face. For each face found: the
picture's side over the box's size, and the shift from the box's centre to the picture's. The
medians are the `CropFraming` that crops a face of a photograph as FER2013 did; quartiles show how
much they vary. Faces that are tilted so far that a photograph's crop would be turned don't count:
FER2013's pictures of them are not. Takes about a minute for 1,000 pictures on one core.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.face_pictures import fer2013_sample
from benchmarks.reporting import circumstances, write
from fer.labels import FER2013_DATASET_ID
from fer.threads import limit_threads
from fer.vision.crops import roll_correction
from fer.vision.detector import FaceDetector
from fer.vision.pose import face_rolls

SIZES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "sqrt(width * height)": lambda width, height: np.sqrt(width * height),
    "max(width, height)": np.maximum,
    "height": lambda width, height: height,
    "width": lambda width, height: width,
}
"""Ways to call a box one size; the steadiest serves."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    limit_threads(1)
    images = fer2013_sample(options.dataset, "train", options.sample, options.seed).images
    boxes, rolls, found = _detect(images, options.enlarge, options.margin, options.confidence)
    upright = np.array([roll_correction(roll) == 0 for roll in rolls])
    report = {
        **circumstances("benchmarks.framing", arguments),
        **{key: value for key, value in vars(options).items() if key != "output"},
        "found": int(found.sum()),
        "upright": int(upright.sum()),
        **measure(boxes[upright]),
    }
    print(json.dumps(report, indent=2))
    write(report, options.output)


def measure(boxes: np.ndarray) -> dict[str, object]:
    """Return the steadiest size's framing and all quartiles.

    Args:
        boxes: float (n, 4), xyxy in sides of the picture: (0, 0, 1, 1) is the picture itself.
    """
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    scales = {name: _with_spread(1 / size(width, height)) for name, size in SIZES.items()}
    shift_x, shift_y = (0.5 - (boxes[:, :2] + boxes[:, 2:]) / 2).T
    steadiest = min(scales, key=lambda name: scales[name]["spread"])
    shifts = {"shift_x": _quartiles(shift_x), "shift_y": _quartiles(shift_y)}
    return {
        "size": steadiest,
        "framing": {
            "scale": scales[steadiest]["median"],
            **{name: quartiles["median"] for name, quartiles in shifts.items()},
        },
        "scales": scales,
        "shifts": shifts,
    }


def _quartiles(values: np.ndarray) -> dict[str, float]:
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    return {"median": round(median, 4), "lower": round(lower, 4), "upper": round(upper, 4)}


def _with_spread(values: np.ndarray) -> dict[str, float]:
    """Return the quartiles, and the distance of the outer ones over the median as `spread`."""
    quartiles = _quartiles(values)
    spread = (quartiles["upper"] - quartiles["lower"]) / quartiles["median"]
    return {**quartiles, "spread": round(spread, 4)}


def _detect(
    images: np.ndarray, enlarge: int, margin: float, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the largest face of each picture with a face, and which pictures those are.

    Args:
        images: uint8 (n, h, w) grey.
        enlarge: Side to which they are enlarged, pixels.
        margin: Added on each side, in sides of the picture.
        confidence: Least score of a face.

    Returns:
        Boxes (found, 4) in sides of the picture without its margin, rolls (found,) in degrees, and
        bool (n,).
    """
    detector = FaceDetector(min_face=enlarge // 3, confidence=confidence)
    border = round(margin * enlarge)
    boxes, rolls, found = [], [], np.zeros(len(images), bool)
    for index, image in enumerate(images):
        large = cv2.resize(image, (enlarge, enlarge), interpolation=cv2.INTER_CUBIC)
        framed = cv2.copyMakeBorder(large, *[border] * 4, cv2.BORDER_REPLICATE)
        faces = detector.detect(framed)
        if len(faces):
            found[index] = True
            boxes.append((faces.xyxy[0] - border) / enlarge)
            rolls.append(face_rolls(faces)[0])
    return np.stack(boxes), np.array(rolls), found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default=FER2013_DATASET_ID, help="Hub id or folder")
    parser.add_argument("--sample", type=int, default=1000, help="pictures to measure")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--enlarge", type=int, default=192, help="side in pixels")
    parser.add_argument("--margin", type=float, default=0.25, help="border, in sides")
    parser.add_argument("--confidence", type=float, default=0.9, help="least score of a face")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser


if __name__ == "__main__":
    main()
