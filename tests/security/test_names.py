"""Names are text wherever they are shown: no file name, caption or figure becomes HTML."""

import ast
import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from markdown_it import MarkdownIt

from fer.data.dataset_report import HEADINGS, dataset_report_html
from fer.model.card import model_card
from fer.model.model_metrics import ModelMetrics
from fer.recording import analyze
from fer.timeline.annotation_tiers import interval_table
from fer.timeline.compare import compare_timelines
from fer.timeline.comparison_table import comparison_csv
from fer.timeline.exports.bids import to_events
from fer.timeline.exports.boris import to_boris
from fer.timeline.marks import Mark
from fer.timeline.methods import NetworkIdentity
from fer.timeline.report import report_html
from fer.timeline.serialization import to_csv
from fer.ui import build_demo
from fer.ui.about import about_html
from fer.ui.photo.handlers import PhotoHandlers
from tests.fakes import fake_pipeline
from tests.security.pictures import picture, video
from tests.timeline.frames import origin, steady

ROOT = Path(__file__).resolve().parents[2]

NAME = "<img src=x onerror=alert(1)>'\"`&lt;$x"
"""A name that runs a program where it is taken for HTML, and breaks out of quotes and code."""


class Elements(HTMLParser):
    """Collects the elements of a page that a name would have made."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if names.get("src") == "x" or any(name.startswith("on") for name in names):
            self.foreign.append(f"{tag} {attributes}")


def foreign_elements(page: str) -> list[str]:
    """Return the elements in a page, and in pictures of SVG inside it, that a name has made."""
    parser = Elements()
    parser.feed(page)
    for encoded in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page):
        parser.feed(base64.b64decode(encoded).decode())
    return parser.foreign


def test_the_check_itself():
    assert foreign_elements(f"<p>{NAME}</p>") and foreign_elements('<a onclick="x">')
    svg = base64.b64encode(f"<svg>{NAME}</svg>".encode()).decode()
    assert foreign_elements(f'<img src="data:image/svg+xml;base64,{svg}">')
    assert not foreign_elements("<p>&lt;img src=x onerror=alert(1)&gt;</p>")


def test_the_page():
    pipeline = fake_pipeline(metrics={"command": NAME, "validation": {"label_set": NAME}})
    pipeline.classifier.name = pipeline.classifier.precision = pipeline.classifier.notice = NAME
    demo = build_demo(pipeline)
    pages = [block.value for block in demo.blocks.values() if isinstance(block, gr.HTML)]
    assert [foreign_elements(page) for page in pages if page] == [[]] * len(
        list(filter(None, pages))
    )
    assert "onerror=alert(1)&gt;" in " ".join(filter(None, pages))


def test_figures_of_a_model():
    metrics = {"command": NAME, "validation": {"label_set": NAME, "views": NAME, "pictures": 3}}
    page = about_html(NAME, NAME, ModelMetrics.from_json(metrics)[0])
    assert foreign_elements(page) == []


def test_a_photo(tmp_path):
    photo = tmp_path / f"{NAME}.jpg"
    photo.write_bytes(picture())
    shown, reading = PhotoHandlers(fake_pipeline([[80, 60, 200, 180]])).read(str(photo), 20, False)
    assert "1 face found" in shown and foreign_elements(shown) == []
    assert reading.name == NAME


def test_a_recording(tmp_path):
    recording = tmp_path / f"{NAME}.mp4"
    recording.write_bytes(video())
    made = analyze(recording, tmp_path / "made", fake_pipeline([[50, 30, 120, 100]]))
    report = made.report.read_text(encoding="utf-8")
    assert "onerror=alert(1)&gt;" in report and foreign_elements(report) == []
    assert json.loads(made.json.read_text())["about"]


@pytest.mark.parametrize("view", ["person", "class"])
def test_a_report(view):
    pictures = [(NAME, np.zeros((9, 9, 3), np.uint8))]
    timeline = steady(3, 6, view=view, happy=1.0)
    network = NetworkIdentity(NAME, "0" * 64, "int8", NAME)
    page = report_html(timeline, origin(NAME, network, warning=NAME), pictures)
    assert page.count("onerror=alert(1)&gt;") >= 5 and foreign_elements(page) == []


def test_the_report_of_a_data_set():
    texts = {name: [NAME] for name in HEADINGS}
    page = dataset_report_html(NAME, texts, {name: [(b"png", NAME)] for name in HEADINGS})
    assert foreign_elements(page) == []


def test_a_model_card():
    figures = {"label_set": NAME, "official": False, "accuracy": 0.5, "pictures": 7}
    per_class = {"per_class": {NAME: {"recall": 0.5}}}
    metrics = {
        "command": f"{NAME}\n```\n{NAME}",
        "validation": figures | per_class,
        "calibration": {NAME: NAME},
        "training": {"dataset": NAME, "device": NAME, "machine": NAME, "teachers": [NAME, NAME]},
        "robustness": [{"damage": NAME, "amount": NAME, "accuracy": 0.5}],
        "base_model": {"name": NAME, "command": None},
    }
    card = model_card(ModelMetrics.from_json(metrics)[0], "me/tiny", [f"{NAME}.png", "a](b).png"])
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(card.text)
    assert html.count("onerror=alert(1)") >= 8
    assert foreign_elements(html) == []


def test_a_timeline_holds_no_text_that_could_be_a_formula():
    for view in ("person", "class"):
        timeline = steady(3, 6, view=view, happy=1.0)
        table = timeline.track_table() if view == "person" else timeline.table()
        assert all(np.issubdtype(kind, np.number) for kind in table.dtypes), to_csv(timeline)[:99]


def test_csv_is_written_in_a_few_places_only():
    """In each of them text is kept from being a formula, or is no visitor's."""
    writers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "fer").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if ast.unparse(node.func) in ("csv.writer", "csv.DictWriter")
        or (node.func.attr == "to_csv" and ast.unparse(node.func.value) == "table")
    }
    assert writers == {
        "fer/batch/collection.py",
        "fer/output_files.py",
        "fer/recording/frame_table.py",  # numbers, and marks that begin with their kind
        "fer/timeline/serialization.py",  # as the frame table
    }


def test_no_export_begins_a_cell_as_a_formula_does():
    timeline = steady(3, 6, happy=1.0)
    timeline.marks = (Mark(1.0, 1.0, "event", "=1+1"),)
    comparison = comparison_csv(compare_timelines([("=1", timeline), ("@b", timeline)]))
    table = interval_table(timeline, 3.0, 0.0, "film.mp4")
    text = comparison + to_boris(table) + to_csv(timeline) + to_events(table)
    cells = re.split(r"[,\t\n]", text)
    assert "'=1+1" in cells and "'=1" in cells and "'@b" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
