"""The plots of an evaluation: what is drawn, and that nothing global is touched."""

import json
import sys
from dataclasses import replace

import pytest

from fer.cli.evaluation_summary import evaluation_plots
from fer.evaluation.plots import (
    confusion_plot,
    reliability_plot,
    risk_coverage_plot,
    robustness_plot,
)
from fer.model.classifier import EMBEDDED_WEIGHTS
from fer.model.evaluation_results import (
    CorruptionAccuracy,
    Evaluation,
    MajorityAccuracy,
    ReliabilityBin,
    SelectiveMetrics,
)
from fer.model.hub import EVALUATION_FILE


def test_confusion_shows_percent_of_each_label():
    figure = confusion_plot([[3, 1], [0, 0]], ["angry", "happy"])
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["75", "25"]  # no face is "happy"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["angry", "happy"]


def test_reliability_has_a_point_a_bin():
    bins = [
        ReliabilityBin(confidence=0.3, accuracy=0.2, faces=10),
        ReliabilityBin(confidence=0.9, accuracy=0.95, faces=5),
    ]
    upper, lower = reliability_plot(bins, 0.042).axes
    assert upper.lines[1].get_xydata().tolist() == [[0.3, 0.2], [0.9, 0.95]]
    assert "0.042" in upper.get_title()
    assert [bar.get_height() for bar in lower.patches] == [10, 5]


@pytest.mark.parametrize(("accuracy", "texts"), [(0.8, ["80% right"]), (None, [])])
def test_risk_coverage_marks_the_threshold_in_use(accuracy, texts):
    points = [SelectiveMetrics(0.2, 1.0, 0.6, None), SelectiveMetrics(0.5, 0.5, 0.9, None)]
    axes = risk_coverage_plot(points, SelectiveMetrics(0.4, 0.6, accuracy, None)).axes[0]
    assert [text.get_text() for text in axes.texts] == texts
    assert axes.get_legend().get_title().get_text() == "in use: 60% above"


def test_risk_coverage_shows_both_label_sets():
    points = [
        SelectiveMetrics(0.2, 1.0, 0.6, MajorityAccuracy(0.95)),
        SelectiveMetrics(0.5, 0.5, 0.9, None),
    ]
    chosen = SelectiveMetrics(0.4, 0.6, 0.8, MajorityAccuracy(0.9))
    axes = risk_coverage_plot(points, chosen).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["80% right", "90% right"]
    curves = [line for line in axes.lines if not line.get_label().startswith("_")]
    assert [line.get_xydata().tolist() for line in curves] == [
        [[100, 60], [50, 90]],
        [[100, 95]],
    ]


def test_robustness_has_a_bar_per_corruption():
    rows = [CorruptionAccuracy("none", "", 0.7), CorruptionAccuracy("size", "12 px", 0.4)]
    axes = robustness_plot(rows).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [pytest.approx(40)]
    assert "70.0" in axes.get_title()


def test_pyplot_stays_out():
    confusion_plot([[1]], ["angry"])
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_each_plot_names_the_output_that_it_is_about():
    text = (EMBEDDED_WEIGHTS / EVALUATION_FILE).read_text(encoding="utf-8")
    evaluation = Evaluation.from_json(json.loads(text))[0]
    first, both = "The FER2013 head", "Both heads combined, as on the page"
    titles = {name: figure.get_suptitle() for name, figure in evaluation_plots(evaluation).items()}
    assert titles == {
        "confusion": first,
        "reliability": first,
        "risk_coverage": both,
        "robustness": first,
    }
    one_head = evaluation_plots(replace(evaluation, by_share=[]))
    assert {figure.get_suptitle() for figure in one_head.values()} == {""}
