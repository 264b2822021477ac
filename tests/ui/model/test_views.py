"""The Model tab's evaluation: whose it is, its sections, and files of any content."""

import json
import re
import time
from types import SimpleNamespace

import pytest

from fer.evaluation.mistakes import describe_mistakes
from fer.i18n import gettext, use_language
from fer.model.classifier import EMBEDDED_WEIGHTS
from fer.model.evaluation_results import Evaluation, ReliabilityBin
from fer.model.hub import EVALUATION_FILE
from fer.model.model_metrics import ModelMetrics
from fer.ui.model.charts import coverage_chart, reliability_chart
from fer.ui.model.tab import find_evaluation
from fer.ui.model.views import OUTPUTS, label_set_rows, model_html
from tests.model.test_model_metrics import WRONG, places, with_value

REAL = json.loads((EMBEDDED_WEIGHTS / EVALUATION_FILE).read_text(encoding="utf-8"))

MISTAKES = [
    {
        "row": 6,
        "label": "sad",
        "prediction": prediction,
        "probability": 0.99,
        "label_probability": 0.01,
        "votes": {"happiness": 8, "NF": 2},
        "majority": "happy",
    }
    for prediction in ("happy", "neutral")
]

FULL = REAL | {"mistakes": MISTAKES}


def read(document):
    return Evaluation.from_json(document)[0]


def network(folder=None, weights="a", **metrics):
    return SimpleNamespace(
        folder=folder,
        metrics=ModelMetrics.from_json(metrics)[0],
        fingerprint=lambda: weights,
        name="n",
    )


def test_the_file_beside_the_weights_counts_if_it_is_about_them(tmp_path):
    (tmp_path / EVALUATION_FILE).write_text(json.dumps({"weights": "a", "accuracy": 0.5}))
    assert find_evaluation(network(tmp_path)).accuracy == 0.5
    bins = [{"confidence": 0.5, "accuracy": 0.5, "faces": 3}]
    damaged = {"corruption": "blur", "severity": "1 px", "accuracy": 0.4, "split": "validation"}
    validation = {"accuracy": 0.7, "reliability": bins}
    found = find_evaluation(network(tmp_path, "b", validation=validation, robustness=[damaged]))
    assert (found.split, found.accuracy) == ("validation", 0.7)
    assert [row.corruption for row in found.robustness] == ["blur"]
    test = {"accuracy": 0.6}
    assert find_evaluation(network(test=test)).split == "test"
    assert find_evaluation(network(test=test, validation={"accuracy": 0.7})).split == "test"
    assert find_evaluation(network(test=test, validation=validation)).split == "validation"
    assert find_evaluation(network()) == Evaluation()


@pytest.mark.parametrize("content", ["{", "[]", "null", "[" * 100_000, '{"weights": 3}'])
def test_a_file_of_another_form_is_none(tmp_path, content):
    (tmp_path / EVALUATION_FILE).write_text(content)
    assert find_evaluation(network(tmp_path)) == Evaluation()
    assert "comes without one" in model_html("n", Evaluation())


def test_all_sections_are_there():
    page = model_html("<me>", read(FULL))
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert len(headings) == 8 and "&lt;me&gt;" in page
    assert page.count("<svg viewBox") >= 2 and page.count('<li><p><span class="fer-chip"') == 2
    assert "2 not a face" in page and "Picture 7" in page
    assert "In 1 of the 2, most of FER+&#39;s voters see what the network names; in 0," in page
    low = next(row for row in FULL["robustness"] if row["severity"] == "16 px")
    assert f"--value:{100 * low['accuracy']:.1f}%" in page


def test_each_section_is_left_out_without_its_figures():
    whole = model_html("n", read(FULL))
    for key in (
        *("confusion_matrix", "reliability", "risk_coverage", "robustness", "by_share"),
        "mistakes",
    ):
        left = {name: value for name, value in FULL.items() if name != key}
        assert (
            len(re.findall("<h2>", model_html("n", read(left))))
            == len(re.findall("<h2>", whole)) - 1
        )


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_any_value_in_any_place_is_read(wrong):
    for place in [place for place in places(FULL) if len(place) < 3 or place[0] == "mistakes"]:
        page = model_html("n", read(with_value(FULL, place, wrong)))
        assert "<img" not in page and "nan" not in page, place


def test_a_reliability_diagram_has_a_dot_a_bin_in_its_place():
    bins = [
        ReliabilityBin(confidence=0.5, accuracy=1.0, faces=10),
        ReliabilityBin(confidence=1.0, accuracy=0.0, faces=40),
    ]
    chart = reliability_chart(bins, 0.1)
    dots = re.findall(r'<circle class="fer-share-first" cx="([\d.]+)" cy="([\d.]+)"', chart)
    assert dots == [("185.0", "8.0"), ("332.0", "190.0")]
    heights = [float(each) for each in re.findall(r'count-bar".*?height="([\d.]+)"', chart)]
    assert heights[1] == pytest.approx(4 * heights[0])
    assert "100% right at 50%" in chart and "calibration error 0.100" in chart


def test_coverage_has_a_line_a_label_set_and_the_threshold_in_use():
    entries = [
        {
            "threshold": 1 - a,
            "coverage": a,
            "accuracy": 1 - a / 2,
            "ferplus_agreement": {"accuracy": 1 - a / 4},
        }
        for a in (1.0, 0.5)
    ]
    points = read({"risk_coverage": entries}).risk_coverage
    chart = coverage_chart(points, points[1])
    assert chart.count("<polyline") == 2 and re.findall(r">(75%|88%)</text>", chart)
    assert "by FER2013&#39;s labels 50% of 100% of the faces, 75% of 50%" in chart
    for entry in entries:
        del entry["ferplus_agreement"]
    alone = coverage_chart(read({"risk_coverage": entries}).risk_coverage, None)
    assert alone.count("<polyline") == 1 and "<circle" not in alone


def test_a_label_without_faces_has_no_shares():
    matrix = [list(row) for row in FULL["confusion_matrix"]]
    matrix[1] = [0] * 7
    page = model_html("n", read({**FULL, "confusion_matrix": matrix}))
    assert page.count("<td>\N{EN DASH}</td>") == 7 and "nan" not in page
    assert "Confusion matrix" not in model_html("n", read({**FULL, "confusion_matrix": []}))
    none = model_html("n", read({**FULL, "confusion_matrix": [[0] * 7] * 7}))
    assert "Most often confused" not in none and none.count("<td>\N{EN DASH}</td>") == 49


def test_label_sets_are_distinguished():
    rows = label_set_rows(read(REAL))
    assert [row[:2] for row in rows] == [
        ("FER2013's head", "FER2013's labels"),
        ("combined", "FER2013's labels"),
        ("combined", "FER+'s majority"),
        ("combined", "the mean of both"),
        ("FER+'s head", "FER+'s majority of eight"),
    ]
    assert rows[0][2][0] == f"{REAL['accuracy']:.1%}" and rows[2][2][1] == "-"
    assert label_set_rows(read({"accuracy": 0.5}))[0][2] == ["50.0%", "-", "-"]


def test_without_votes_there_is_no_verdict():
    assert "In all 1, most" in describe_mistakes(read({"mistakes": MISTAKES[:1]}).mistakes)
    silent = read({"mistakes": [MISTAKES[0] | {"votes": {}}]}).mistakes
    assert len(silent) == 1 and describe_mistakes(silent) == describe_mistakes([]) == ""


def test_it_is_made_in_no_time():
    model_html("n", read(FULL))  # compiles the templates
    begun = time.thread_time()
    model_html("n", read(FULL))
    assert time.thread_time() - begun < 0.1  # it takes 5 ms


@pytest.mark.parametrize("output", ["fer2013", "combined"])
def test_the_output_fits_its_sentences_in_german(output):
    with use_language("de"):
        page = model_html("n", read(FULL | {"output": output}))
        name = gettext(OUTPUTS[output])
    assert f"eine Spalte, was benannt wird ({name})." in page
    assert f"dieselbe Störung haben ({name})." in page
