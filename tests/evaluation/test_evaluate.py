"""The metrics of an evaluation, on a network with known outputs."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fer.data.arrays import FerArrays
from fer.evaluation.evaluate import (
    evaluate,
    reliability,
    risk_coverage,
    selective_metrics,
    ten_views,
)
from fer.model.backend import ONE_HEAD
from fer.model.evaluation_results import (
    COMBINED,
    FER2013_HEAD,
    ReliabilityBin,
)


def name_brightness(pixel_values):
    """Name class k where the picture's grey level is k; the second head always says neutral."""
    level = pixel_values.mean(axis=(1, 2, 3)).round().astype(int).clip(0, 6)
    ferplus = 8 * np.eye(8, dtype=np.float32)[np.zeros_like(level)]
    return {"logits": 4 * np.eye(7, dtype=np.float32)[level], "ferplus_logits": ferplus}


def as_they_are(crops, do_center_crop=True):
    """Hand pictures over as they are, or of 40 pixels."""
    values = np.stack(crops)[:, None].astype(np.float32)
    return values[:, :, 4:44, 4:44] if do_center_crop else values


@pytest.fixture
def classifier():
    return SimpleNamespace(
        network=name_brightness,
        precision="float32",
        preprocess=as_they_are,
        columns=list(range(7)),
        heads=replace(ONE_HEAD, ferplus_share=0.75),
        uncertain_below=0.5,
    )


@pytest.fixture
def faces():
    """Eight faces of grey levels 0 to 6 and 6; the last is labelled 0, so 7 of 8 are right."""
    levels = np.array([0, 1, 2, 3, 4, 5, 6, 6])
    images = np.repeat(levels.astype(np.uint8), 48 * 48).reshape(8, 48, 48)
    votes = np.zeros((8, 10), np.float32)
    votes[:4, 0] = 10  # neutral
    votes[4:6, 1] = 10  # happiness
    return FerArrays(images, np.array([0, 1, 2, 3, 4, 5, 6, 0]), votes)


@pytest.mark.parametrize("views", [False, True])
def test_metrics_of_the_fer2013_head(classifier, faces, views):
    figures = evaluate(classifier, faces, views)
    assert figures.output == FER2013_HEAD
    assert figures.accuracy == pytest.approx(7 / 8)
    assert figures.pictures == 8
    assert figures.per_class["angry"].recall == pytest.approx(0.5)
    assert figures.ferplus.accuracy == pytest.approx(4 / 6)
    low, high = figures.intervals.accuracy
    assert low < 7 / 8 <= high
    certainty = np.exp(4) / (np.exp(4) + 6)
    assert figures.calibration_error == pytest.approx(abs(certainty - 7 / 8), abs=1e-6)
    assert figures.at_threshold.coverage == 1.0
    assert figures.at_threshold.ferplus_agreement == figures.combined.ferplus_agreement
    assert figures.at_threshold.accuracy == figures.combined.accuracy == pytest.approx(1 / 8)
    assert [row.accuracy for row in figures.by_share] == pytest.approx(
        [7 / 8, 7 / 8, 1 / 8, 1 / 8, 1 / 8]
    )


def test_metrics_of_the_combined_heads(classifier, faces):
    figures = evaluate(classifier, faces, output=COMBINED)
    assert figures.output == COMBINED
    assert figures.accuracy == pytest.approx(1 / 8)  # the second head outvotes the first
    assert figures.ferplus_agreement.accuracy == pytest.approx(4 / 6)
    assert figures.ferplus.accuracy == pytest.approx(4 / 6)


def test_reliability_by_hand():
    top = np.array([0.95, 0.95, 0.55])
    probabilities = np.stack([top, 1 - top], axis=1)
    low, high = reliability(probabilities, np.array([0, 1, 0]))
    assert low == ReliabilityBin(pytest.approx(0.55), 1.0, 1)
    assert high == ReliabilityBin(pytest.approx(0.95), 0.5, 2)


def test_coverage_falls_as_the_threshold_rises():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(7), 500)
    labels = probabilities.argmax(axis=1)
    points = risk_coverage(probabilities, labels, np.zeros((500, 8)))
    shares = [point.coverage for point in points]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert {point.accuracy for point in points} == {1.0}


def test_faces_that_are_named_beside_both_label_sets():
    shown = np.full((3, 7), 0.05)
    shown[[0, 1, 2], [3, 6, 6]] = 0.9, 0.8, 0.3  # happy, neutral, neutral
    votes = np.zeros((3, 8))
    votes[[0, 1, 2], [1, 3, 0]] = 1  # happiness, sadness, neutral
    figures = selective_metrics(shown, np.array([3, 6, 6]), votes, 0.5)
    assert figures.coverage == pytest.approx(2 / 3)
    assert figures.accuracy == 1.0
    assert figures.ferplus_agreement.accuracy == 0.5
    assert selective_metrics(shown, np.array([3, 6, 6]), votes, 0.95).ferplus_agreement is None


def test_where_no_face_is_above_the_threshold_there_is_no_accuracy():
    probabilities = np.array([[0.6, *[0.4 / 6] * 6]])
    point = selective_metrics(probabilities, np.array([0]), np.zeros((1, 8)), 0.9)
    assert (point.threshold, point.coverage, point.accuracy) == (0.9, 0.0, None)


def test_ten_views_by_place():
    places = np.broadcast_to(np.arange(48.0), (1, 1, 48, 48))  # each pixel holds its column
    firsts = [view[0, 0, 0, [0, -1]].tolist() for view in ten_views(places, 40)]
    middle, left, right = [4, 43], [0, 39], [8, 47]
    expected = [middle, middle[::-1], middle, middle[::-1], middle, middle[::-1]]
    assert firsts == [*expected, left, left[::-1], right, right[::-1]]


@pytest.mark.parametrize(("side", "room"), [(44, 2), (48, 0)])
def test_what_a_view_lacks_is_the_mean(side, room):
    faces = np.broadcast_to(
        np.arange(1.0, 49.0), (1, 1, 48, 48)
    )  # each pixel holds its column, from 1
    up, down, left, right = (view[0, 0] for view in list(ten_views(faces, side))[2::2])
    lacking = 4 - room
    for view in (up, down):
        assert (view == 0).all(axis=1).sum() == lacking
    for view in (left, right):
        assert (view == 0).all(axis=0).sum() == lacking
    assert left[0, lacking] == 1
    assert right[0, -1 - lacking] == 48
