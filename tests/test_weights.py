"""The embedded weights do what their metrics.json says."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut
from transformers import pipeline

from fer.data.fer2013 import load_arrays, load_fer2013
from fer.evaluation.evaluate import evaluate
from fer.labels import EXPRESSIONS
from fer.model.classifier import EMBEDDED_WEIGHTS, ExpressionClassifier
from fer.model.hub_folder import read_evaluation
from fer.pipeline import Pipeline
from fer.vision.crops import CropFraming, crop_face
from fer.vision.detections import expression_labels
from fer.vision.detector import FaceDetector

FER2013 = Path(__file__).parents[2] / "shared" / "data" / "fer2013"


@pytest.fixture(scope="module")
def classifier():
    return ExpressionClassifier.load()


def test_they_are_small_and_complete(classifier):
    assert classifier.model.num_parameters() < 5_000_000
    assert sum(path.stat().st_size for path in EMBEDDED_WEIGHTS.rglob("*")) < 10_000_000
    assert classifier.metrics.parameters == classifier.model.num_parameters()
    assert "earlier version of the training code" in classifier.metrics.made_by
    assert classifier.metrics.training.training_pictures == 28_709


def test_the_evaluation_beside_them_is_about_them(classifier):
    assert read_evaluation(EMBEDDED_WEIGHTS, classifier).accuracy == pytest.approx(
        classifier.metrics.validation.accuracy, abs=0.005
    )


def test_page_and_readme_state_the_same_figures(classifier):
    evaluated = read_evaluation(EMBEDDED_WEIGHTS, classifier).combined
    assert classifier.metrics.validation.combined == evaluated


def test_a_smile_is_read_as_happy(classifier):
    faces = Pipeline(FaceDetector(), classifier)(astronaut())
    assert expression_labels(faces, classifier.uncertain_below) == ["happy"]


def test_transformers_pipeline_classifies_as_the_page_does(classifier):
    image = astronaut()
    box = FaceDetector().detect(image).xyxy[0]
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    crops = [crop_face(image, box, CropFraming(**classifier.framing)), image, noise]
    shown = ExpressionClassifier.load(int8=False).classify(crops)
    for crop, float32, int8 in zip(crops, shown, classifier.classify(crops), strict=True):
        rows = by_transformers()(Image.fromarray(crop), top_k=7)
        scores = {row["label"]: row["score"] for row in rows}
        assert scores == pytest.approx(dict(zip(EXPRESSIONS, float32, strict=True)), abs=1e-4)
        np.testing.assert_allclose(int8, float32, atol=0.05)  # bytes are rounded


def by_transformers():
    return pipeline("image-classification", model=str(EMBEDDED_WEIGHTS), device="cpu")


def test_a_picture_without_a_face_has_no_probabilities(classifier):
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
    written = ExpressionClassifier.load().metrics.validation
    assert figures.accuracy == pytest.approx(written.accuracy, abs=0.002)
    assert figures.macro_f1 == pytest.approx(written.macro_f1, abs=0.002)


@pytest.mark.slow
def test_what_serves_is_as_good_and_calibrated(classifier, validation):
    figures, written = evaluate(classifier, validation), classifier.metrics.validation
    assert figures.accuracy == pytest.approx(written.accuracy, abs=0.005)
    assert figures.macro_f1 == pytest.approx(written.macro_f1, abs=0.005)
    error = classifier.metrics.calibration["calibration_error"]
    assert figures.calibration_error == pytest.approx(error, abs=0.003)
    named = figures.at_threshold
    assert (named.accuracy + named.ferplus_agreement.accuracy) / 2 >= 0.795
    assert figures.combined.both_label_sets.calibration_error < 0.03


@pytest.mark.slow
def test_transformers_pipeline_classifies_the_validation_faces_as_the_page_does(
    classifier, validation
):
    faces = list(validation.images[:1000])
    rows = by_transformers()([Image.fromarray(face) for face in faces], top_k=1, batch_size=100)
    named = np.array([EXPRESSIONS.index(row["label"]) for (row,) in rows])
    in_float32 = ExpressionClassifier.load(int8=False).classify(faces)
    assert (named == in_float32.argmax(axis=1)).all()
    assert (named == classifier.classify(faces).argmax(axis=1)).mean() > 0.98  # int8 at near ties
