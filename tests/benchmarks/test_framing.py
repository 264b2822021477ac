import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

import benchmarks.framing
from benchmarks.framing import measure
from fer.vision.crops import FER2013_FRAMING, CropFraming, crop_face


def test_the_size_that_varies_least_is_chosen():
    # Heights differ, widths are 0.5: the picture is twice as wide as any box.
    boxes = np.array([[0.2, 0.1, 0.7, bottom] for bottom in (0.6, 0.7, 0.8, 0.9)])
    report = measure(boxes)
    assert report["size"] == "width"
    assert report["scales"]["width"] == {"median": 2, "lower": 2, "upper": 2, "spread": 0}
    # Box centres at x 0.45, and at y 0.35, 0.4, 0.45, 0.5.
    assert report["framing"] == {"scale": 2, "shift_x": 0.05, "shift_y": 0.075}
    assert report["shifts"]["shift_y"] == {"median": 0.075, "lower": 0.0375, "upper": 0.1125}


def test_the_measured_framing_cuts_the_picture_out_again():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (100, 100, 3), np.uint8)
    # Equal areas of unequal shapes, so that sqrt(width * height) is steadiest.
    half_width = rng.uniform(0.25, 0.45, 200)
    half = np.stack([half_width, 0.1225 / half_width], axis=1)
    centre = np.array([0.48, 0.55])
    boxes = np.hstack([centre - half, centre + half])
    report = measure(boxes)
    assert report["size"] == "sqrt(width * height)"
    crop = crop_face(picture, boxes[0] * 100, CropFraming(**report["framing"]))
    np.testing.assert_array_equal(crop, picture)


def test_the_figures_in_the_repository_belong_together():
    path = Path(benchmarks.framing.__file__).with_suffix(".json")
    report = json.loads(path.read_text())
    spreads = {name: scale["spread"] for name, scale in report["scales"].items()}
    assert spreads[report["size"]] == min(spreads.values())
    assert report["framing"]["scale"] == report["scales"][report["size"]]["median"]
    assert report["framing"]["shift_y"] == pytest.approx(report["shifts"]["shift_y"]["median"])
    # `crop_face` calls a box by this size; another one would need other code there.
    assert report["size"] == "sqrt(width * height)"
    assert report["sample"] >= report["found"] >= report["upright"] > 0.7 * report["sample"]
    assert asdict(FER2013_FRAMING) == report["framing"]
