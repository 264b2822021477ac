"""Evaluations read from JSON, written as JSON, and merged."""

import json
from dataclasses import replace

import pytest

from fer.model.classifier import EMBEDDED_WEIGHTS
from fer.model.evaluation_results import (
    ClassMetrics,
    CombinedMetrics,
    CorruptionAccuracy,
    Evaluation,
    MajorityAccuracy,
)

AGREEMENT = MajorityAccuracy(0.8, "majority", 3500)
COMBINED = CombinedMetrics(0.5, 0.6, 0.7, 0.7, 0.02, AGREEMENT, None)


def test_the_embedded_file_is_read_and_written_whole():
    document = json.loads((EMBEDDED_WEIGHTS / "evaluation.json").read_text())
    evaluation, left_out = Evaluation.from_json(document)
    assert (evaluation.to_json(), left_out, evaluation.other) == (document, [], {})
    assert (
        evaluation.combined_agreement.accuracy
        == document["combined"]["ferplus_agreement"]["accuracy"]
    )
    assert evaluation.at_threshold.coverage == document["at_threshold"]["coverage"]


def test_the_names_of_older_files_are_read():
    agreement = {"accuracy": 0.8, "label_set": "majority", "pictures": 3500}
    at_threshold = {
        "threshold": 0.5,
        "answered": 0.9,
        "accuracy": 0.8,
        "ferplus_answers": agreement,
    }
    rows = [{"damage": "blur", "amount": "2 px", "accuracy": 0.5}]
    older = {"answers": "shown", "uncertain": at_threshold, "robustness": rows}
    evaluation, left_out = Evaluation.from_json(older)
    assert (evaluation.output, left_out, evaluation.other) == ("combined", [], {})
    assert evaluation.at_threshold.coverage == 0.9
    assert evaluation.at_threshold.ferplus_agreement == AGREEMENT
    assert evaluation.robustness == [CorruptionAccuracy("blur", "2 px", 0.5)]
    assert evaluation.to_json()["at_threshold"]["coverage"] == 0.9


def test_both_heads_combined_count_where_they_are_combined():
    assert Evaluation(combined=COMBINED).combined_agreement == AGREEMENT


@pytest.mark.parametrize(
    "evaluation",
    [
        Evaluation(),
        Evaluation(combined=replace(COMBINED, ferplus_share=0.0)),
        Evaluation(combined=replace(COMBINED, ferplus_agreement=None)),
    ],
)
def test_where_the_first_heads_own_metrics_count(evaluation):
    assert evaluation.combined_agreement is None


def test_what_is_not_of_its_form_is_left_out_and_its_place_listed():
    rows = [{"corruption": "blur", "severity": "2 px", "accuracy": 0.5}, {"corruption": "blur"}, 3]
    document = {
        "accuracy": 1.5,
        "pictures": True,
        "per_class": {"sad": {"recall": 0.4, "f1": "good"}},
        "confusion_matrix": [[1, -1]],
        "intervals": {"accuracy": [0.1], "macro_f1": None},
        "robustness": rows,
        "remark": "kept",
    }
    evaluation, left_out = Evaluation.from_json(document)
    assert left_out == [
        "pictures", "accuracy", "per_class.sad.f1", "confusion_matrix", "intervals.accuracy",
        "robustness[1]", "robustness[2]",
    ]  # fmt: skip
    assert evaluation.per_class == {"sad": ClassMetrics(None, 0.4, None, None)}
    assert evaluation.robustness == [CorruptionAccuracy("blur", "2 px", 0.5)]
    assert evaluation.to_json()["remark"] == "kept"


def test_nothing_unknown_is_written():
    assert Evaluation().to_json() == {}
    assert Evaluation(official=False, unreadable=0).to_json() == {
        "official": False,
        "unreadable": 0,
    }


def test_a_later_evaluation_replaces_what_it_has():
    first = Evaluation(split="test", accuracy=0.5, ferplus_accuracy=0.8, other={"remark": "first"})
    second = Evaluation(accuracy=0.6, other={"remark": "second"})
    assert first.updated(second) == replace(first, accuracy=0.6, other={"remark": "second"})
