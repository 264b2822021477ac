"""Whatever metrics.json holds, its readers make their text; what isn't of its form is left out."""

import json
import logging
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from fer.model.card import model_card
from fer.model.classifier import EMBEDDED_WEIGHTS, ExpressionClassifier
from fer.model.hub import LocalModel, ModelError
from fer.model.hub_folder import read_evaluation
from fer.model.json_files import read_metrics
from fer.model.model_metrics import BaseNetwork, ModelMetrics, StageMetrics, TrainingRun
from fer.ui import build_demo
from fer.ui.about import about_html
from tests.fakes import fake_pipeline

WRONG = {
    "text": "3 million",
    "markup": "<img src=x onerror=alert(1)>",
    "quotes": "it's \"'",
    "null": None,
    "list": [],
    "texts": ["a", "b"],
    "object": {},
    "deep": {"accuracy": {"accuracy": [{}]}},
    "nan": float("nan"),
    "infinity": float("inf"),
    "below": -1,
    "huge": 1e308,
    "too long for a float": 10**400,
    "flag": True,
    "rows": [[1, "a"], None, {"name": 3}],
}

TYPICAL = ("text", "list", "deep", "nan", "too long for a float")

REAL = json.loads((EMBEDDED_WEIGHTS / "metrics.json").read_text(encoding="utf-8"))
"""Figures of a training, with each further entry that a reader knows."""
REAL["history"] = REAL["history"][:1]
REAL["test"] = REAL["validation"] | {
    "ferplus": {"accuracy": 0.8, "label_set": "majority", "pictures": 3500},
    "without_duplicates": {"accuracy": 0.7, "macro_f1": 0.7, "pictures": 3400},
    "calibration_error": 0.02,
    "precision": "int8",
}
REAL["robustness"] = [{"corruption": "noise", "severity": 0.1, "accuracy": 0.6, "split": "test"}]


def places(document: Any, place: tuple = ()) -> Iterator[tuple]:
    """Yield the way to each value inside a document."""
    entries = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        entries = list(enumerate(document[:1]))
    for key, value in entries:
        yield (*place, key)
        yield from places(value, (*place, key))


def with_value(document: Any, place: tuple, value: Any) -> Any:
    """Return the document with another value in a place."""
    changed = deepcopy(document)
    inside = changed
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return changed


def read_all(metrics: ModelMetrics) -> str:
    """Return what all readers of metrics make of them."""
    card = model_card(metrics, "me/tiny")
    return f"{about_html('x', 'int8', metrics)} {metrics.describe_accuracy()} {card}"


def test_the_real_file_is_of_the_form():
    metrics, left_out = ModelMetrics.from_json(REAL)
    assert (metrics.to_json(), left_out) == (REAL, [])
    assert "72.7%" in read_all(metrics)


def test_what_a_training_writes_is_read_whole():
    stage = StageMetrics("student/1", 3_000_000, 0.72, None, 38, 0, 1.5, "cpu")
    run = TrainingRun(28_709, 2.5, True, 1, "cpu", "x86_64", "3.12", {"torch": "2"}, 2, [stage])
    metrics = ModelMetrics(
        command="make",
        base_model=BaseNetwork("google/vit", None),
        training=replace(run, settings={"seed": 0, "ferplus": None}),
        history=[{"epoch": 1, "ferplus_accuracy": None}],
    )
    assert ModelMetrics.from_json(json.loads(json.dumps(metrics.to_json()))) == (metrics, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(value, id=name, marks=[] if name in TYPICAL else pytest.mark.long)
        for name, value in WRONG.items()
    ],
)
def test_any_value_in_any_place_is_read(wrong):
    for place in places(REAL):
        metrics, _ = ModelMetrics.from_json(with_value(REAL, place, wrong))
        text, words = about_html("x", "int8", metrics), str(metrics.describe_accuracy())
        assert "<img" not in text and "nan" not in text + words and "inf%" not in text, place
        if len(place) < 3 or place[-1] in ("accuracy", "label_set", "support"):
            read_all(metrics)


def test_an_invalid_metric_is_left_out_and_named(tmp_path, caplog):
    (tmp_path / "metrics.json").write_text('{"parameters": "3 million", "command": "make"}')
    with caplog.at_level(logging.WARNING):
        assert read_metrics(LocalModel(tmp_path, "a/b")) == ModelMetrics(command="make")
    assert "metrics.json of a/b has another form; left out: parameters." in caplog.text


@pytest.mark.parametrize(
    "content",
    [b"{", b"", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000, b"[]", b"null", b'"a"', b"NaN", b"3"],
    ids=lambda content: repr(content[:4]),
)
def test_a_file_that_is_no_object_is_left_out(tmp_path, content, caplog):
    (tmp_path / "metrics.json").write_bytes(content)
    assert read_metrics(LocalModel(tmp_path, "a/b")) == ModelMetrics()
    assert content == b"null" or "metrics.json of a/b" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [WRONG["text"], WRONG["too long for a float"], WRONG["deep"]])
def test_the_page_is_built(wrong):
    for place in (
        ("parameters",),
        ("validation",),
        ("validation", "combined", "ferplus_agreement"),
    ):
        metrics, _ = ModelMetrics.from_json(with_value(REAL, place, wrong))
        demo = build_demo(fake_pipeline(metrics=metrics))
        assert any(block.elem_id == "about-panel" for block in demo.blocks.values())


@pytest.mark.parametrize("content", ["[]", "null", "[" * 100_000, '{"weights": ["a"]}'])
def test_an_invalid_evaluation_is_one_sentence(tmp_path, content):
    (tmp_path / "evaluation.json").write_text(content)
    with pytest.raises(ModelError):
        read_evaluation(tmp_path, ExpressionClassifier.load())


OF_SEVEN = {"accuracy": 0.8, "pictures": 3500, "label_set": "majority"}


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({}, None),
        ({"test": None, "validation": {"accuracy": 0.7}}, None),
        (
            {"validation": {"accuracy": 0.6834, "pictures": 3589, "label_set": "FER2013's own"}},
            "68.3% of 3,589 pictures of the validation split (FER2013's own)",
        ),
        (
            {"validation": {"combined": {"ferplus_share": 0.5, "ferplus_agreement": OF_SEVEN}}},
            "80.0% of 3,500 pictures of the validation split (majority)",
        ),
        (
            {"validation": OF_SEVEN, "test": OF_SEVEN | {"accuracy": 0.7}},
            "70.0% of 3,500 pictures of the test split (majority)",
        ),
    ],
)
def test_accuracy_in_words(metrics, expected):
    assert ModelMetrics.from_json(metrics)[0].describe_accuracy() == expected
