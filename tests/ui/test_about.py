"""The About tab: metrics from any metrics file, the law and the notice."""

import base64
import re
from pathlib import Path

import pytest

from fer.model.model_metrics import ModelMetrics
from fer.ui.about import about_html, metrics_html, notice_html

METRICS = {
    "validation": {
        "label_set": "FER2013's own labels",
        "views": "single",
        "pictures": 3589,
        "accuracy": 0.7123,
        "macro_f1": 0.6987,
        "per_class": {"happy": {"recall": 0.9, "precision": 0.885, "support": 895}},
    },
    "parameters": 3_149_000,
    "command": "python train.py --seed <1>",
}


def read(metrics):
    return ModelMetrics.from_json(metrics)[0]


def test_all_metrics_are_displayed():
    text = metrics_html("embedded", "int8", read(METRICS))
    for figure in (
        "computing in int8",
        "were measured in float32, on FER2013",
        "71.2%",
        "69.9%",
        "3.1 M",
        "90%",
        "88%",
        "895",
        "--seed &lt;1&gt;",
        "single view",
        "3,589",
    ):
        assert figure in text


def test_the_accuracy_of_both_heads_combined_comes_first():
    agreement = {"accuracy": 0.8123, "pictures": 3500, "label_set": "majority"}
    combined = {"ferplus_share": 0.5, "ferplus_agreement": agreement}
    validation = METRICS["validation"] | {"combined": combined}
    text = metrics_html("embedded", "int8", read({"validation": validation}))
    assert text.index("81.2%") < text.index("71.2%")
    assert "combines two heads" in text
    assert "two heads" not in metrics_html("embedded", "int8", read(METRICS))


@pytest.mark.parametrize(
    "metrics",
    [
        {},
        {"validation": None},
        {"validation": {"per_class": {}}},
        {"command": "python train.py"},
    ],
)
def test_a_model_without_metrics_is_reported(metrics):
    assert "comes without metrics" in metrics_html("x", "float32", read(metrics))


@pytest.mark.parametrize(
    "metrics",
    [
        {"validation": {"accuracy": 0.5}},
        {"parameters": 2_000_000},
        {"validation": {"per_class": {"sad": {"recall": 0.4}}}},
        {"validation": {"per_class": {"contempt": {"recall": 0.4}, "sad": {}}}},
    ],
)
def test_absent_keys_are_left_out(metrics):
    text = metrics_html("x", "float32", read(metrics))
    assert "without metrics" not in text and "None" not in text and "nan" not in text


def test_names_are_escaped():
    assert "&lt;model&gt;" in about_html("<model>", "int8", read({}))


def test_the_law_and_the_limits_are_named():
    text = about_html("x", "int8", read({}))
    for words in ("5(1)(f)", "2 February 2025", "does not know what a person feels", "memory"):
        assert words in text


def test_a_notice_for_the_people_in_view_can_be_saved():
    page = about_html("embedded weights", "int8", read({}))
    link = re.search(r'href="data:text/html[^,]*,([^"]+)"\s+download="notice.html"', page)
    notice = base64.b64decode(link[1]).decode()
    assert notice == notice_html()
    for part in ("What is done", "Who is responsible", "You may object", "Article 50(3)"):
        assert part in notice


def test_every_text_about_the_law_names_the_duty_to_inform():
    root = Path(__file__).parents[2]
    pages = [
        path.relative_to(root)
        for folder in ("fer", "docs")
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in (".py", ".html", ".md") and "5(1)(f)" in path.read_text()
    ]
    assert pages
    assert [path for path in pages if "50(3)" not in (root / path).read_text()] == []


def test_the_about_tab_states_what_is_sent_in_either_place():
    page = about_html("", "int8", read({}), device_page=True)
    assert "on this device</em>, nothing" in page
    assert "on this device" not in about_html("", "int8", read({}))
