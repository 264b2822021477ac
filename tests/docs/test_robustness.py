"""docs/robustness.md: its table and plots."""

from pathlib import Path

import pytest

from docs.robustness import MEASURED, PLOTS, draw, plot, section

SHARE = {"value": 0.5, "of": 40, "interval": [0.35, 0.65]}


@pytest.fixture
def tiny():
    severities = [("none", ""), ("size", "48 px"), ("size", "24 px"), ("light", "1/4")]
    rows = [
        {
            "corruption": corruption,
            "severity": severity,
            "reader": reader,
            "recall": SHARE,
            "agreement": SHARE if reader != "yunet" else None,
            "accuracy": SHARE if reader != "yunet" else None,
        }
        for corruption, severity in severities
        for reader in ("ours", "fer", "yunet")
    ]
    readers = {"ours": "this package", "fer": "PyPI fer 1", "yunet": "YuNet 2"}
    command = "python -m benchmarks.robustness"
    false = {"pictures": 6, "ours": 1, "fer": 2, "yunet": 3}
    return {
        **{"rows": rows, "readers": readers, "fer2013": 3, "photo_faces": 1},
        **{"command": command, "false_faces": false},
    }


def test_the_table_has_a_row_for_each_corruption(tiny):
    text = section(tiny)
    assert "| size 48 px (face height) | 50% | 50% | 50% | 50% | 50% | 50% | 50% |" in text
    assert "| light 1/4 |" in text
    assert "half of them reach 15% or more" in " ".join(text.split())
    assert "this package finds\n1 faces, `fer` 2 and YuNet 3." in text
    assert "```bash\npython -m benchmarks.robustness\n```" in text


@pytest.mark.parametrize("few", [None, {**SHARE, "of": 9}])
def test_what_was_not_measured_is_a_dash(tiny, few):
    tiny["rows"][4]["agreement"] = few  # of fer, at 48 pixels
    assert "| size 48 px (face height) | 50% | 50% | 50% | 50% | - | 50% | 50% |" in section(tiny)


@pytest.mark.parametrize(("metric", "lines"), [("recall", 3), ("accuracy", 2)])
def test_a_plot_has_a_panel_for_each_corruption_and_a_line_for_each_reader(tiny, metric, lines):
    panels = [axes for axes in plot(tiny, metric).axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == ["size (face height, px)", "light"]
    assert [len(axes.lines) for axes in panels] == [lines, lines]
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["none", "48", "24"]
    assert [line.get_linestyle() for line in panels[1].lines] == ["None"] * lines


@pytest.mark.slow
def test_all_plots_are_written(tiny, tmp_path):
    draw(tiny, tmp_path / "plots")
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == set(PLOTS)


def test_the_pictures_of_the_page_are_there():
    page = (Path(__file__).parents[2] / "docs" / "robustness.md").read_text()
    for name in PLOTS:
        assert f"(robustness/{name}.png)" in page
        assert (MEASURED.parents[1] / "docs" / "robustness" / f"{name}.png").is_file()
