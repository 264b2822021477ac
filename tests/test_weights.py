"""The embedded weights do what their metrics.json says."""

from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

from fer.model.bundle import read_evaluation
from fer.model.classifier import EMBEDDED, ExpressionClassifier
from fer.pipeline import Pipeline, top_labels
from fer.training.evaluation import evaluate
from fer.training.fer2013 import load_arrays, load_fer2013
from fer.vision.detector import FaceDetector

FER2013 = Path(__file__).parents[2] / "shared" / "data" / "fer2013"


@pytest.fixture(scope="module")
def classifier():
    return ExpressionClassifier.load()


def test_they_are_small_and_complete(classifier):
    assert classifier.model.num_parameters() < 5_000_000
    assert sum(path.stat().st_size for path in EMBEDDED.iterdir()) < 10_000_000
    assert classifier.metrics["parameters"] == classifier.model.num_parameters()
    assert "earlier version of the training code" in classifier.metrics["made_by"]
    assert classifier.metrics["training"]["training_pictures"] == 28_709


def test_the_evaluation_beside_them_is_about_them(classifier):
    assert read_evaluation(EMBEDDED, classifier)["accuracy"] == pytest.approx(
        classifier.metrics["validation"]["accuracy"], abs=0.005
    )


def test_a_smile_is_read_as_happy(classifier):
    faces = Pipeline(FaceDetector(), classifier)(astronaut())
    assert top_labels(faces, classifier.uncertain_below) == ["happy"]


def test_a_picture_without_a_face_gives_no_answer(classifier):
    faces = Pipeline(FaceDetector(), classifier)(np.full((240, 320, 3), 90, np.uint8))
    assert faces.data["probabilities"].shape == (0, 7)


@pytest.fixture(scope="module")
def validation():
    if not FER2013.is_dir():
        pytest.skip(f"there is no FER2013 in {FER2013}")
    return load_arrays(load_fer2013(str(FER2013))["validation"])


@pytest.mark.slow
def test_their_figures_can_be_measured_again(validation):
    figures = evaluate(ExpressionClassifier.load(int8=False), validation)
    written = ExpressionClassifier.load().metrics["validation"]
    assert figures["accuracy"] == pytest.approx(written["accuracy"], abs=0.002)
    assert figures["macro_f1"] == pytest.approx(written["macro_f1"], abs=0.002)


@pytest.mark.slow
def test_what_serves_is_as_good_and_calibrated(classifier, validation):
    figures, written = evaluate(classifier, validation), classifier.metrics["validation"]
    assert figures["accuracy"] == pytest.approx(written["accuracy"], abs=0.005)
    assert figures["macro_f1"] == pytest.approx(written["macro_f1"], abs=0.005)
    error = classifier.metrics["calibration"]["calibration_error"]
    assert figures["calibration_error"] == pytest.approx(error, abs=0.003)
    named = figures["uncertain"]
    assert (named["accuracy"] + named["ferplus_answers"]["accuracy"]) / 2 >= 0.795
