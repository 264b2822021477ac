"""Whatever is rendered is written in the visitor's language, to the last word.

In the language of these tests every text of the catalogue is in brackets. What is outside them is a
sentence that nobody marked as a text, or one that lost its translation on its way.
"""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fer import i18n
from fer.i18n import FOLDER, use_language
from fer.model.classifier import EMBEDDED_WEIGHTS
from fer.model.evaluation_results import Evaluation
from fer.model.hub import EVALUATION_FILE
from fer.model.model_metrics import ModelMetrics
from fer.recording import RecordingResult
from fer.timeline.compare import compare_timelines
from fer.timeline.comparison_table import comparison_html
from fer.timeline.marks import BASELINE, EVENT, LEFT_OUT, STRETCH, Mark
from fer.timeline.methods import NetworkIdentity, TimelineMetadata
from fer.timeline.report import report_html
from fer.timeline.summary import summarise
from fer.ui.about import about_html, notice_html
from fer.ui.job_queue import JobQueue
from fer.ui.live import views
from fer.ui.live.live_reading import named_faces
from fer.ui.live.timeline_recorder import (
    LIMIT_REACHED,
    MEMORY_FULL,
    TimelineRecorder,
    idle_html,
    lost_html,
)
from fer.ui.mark_editor import toolbar_html
from fer.ui.model.views import model_html
from fer.ui.photo.views import result_html as photo_html
from fer.ui.recording import queue_views as queue
from fer.ui.recording import views as recording
from fer.ui.recording.queued_recording import QueuedRecording
from fer.ui.recording.session import RecordingSession
from fer.vision.quality import QUALITY_COLUMNS
from tests.fakes import sure
from tests.timeline.frames import frame, mix, origin, recorded

READ_OUT = ("aria-label", "aria-valuetext", "alt", "placeholder", "title", "data-spoken")
"""Attributes that are texts."""

NAMES = {
    *("AI", "API", "Act", "BIDS", "CSV", "EU", "FER", "JSON", "MTCNN", "NaN", "ONNX", "Runtime"),
    *("SD", "float", "int", "min", "px"),
}
"""What has one name in all languages; file names, and what the fixtures call things, are below."""

PICTURE = np.full((120, 160, 3), 90, np.uint8)

IDENTITY = NetworkIdentity("n", "0" * 64, "int8", None)


@pytest.fixture(autouse=True)
def brackets(monkeypatch):
    def bracketed(text, found):
        return [f"⟦{text}⟧"] * 2 if isinstance(found, list) else f"⟦{text}⟧"

    german = json.loads((FOLDER / "de.json").read_text(encoding="utf-8"))
    known = {text: bracketed(text, found) for text, found in german.items()}
    monkeypatch.setattr(i18n, "catalogue", lambda language: known if language == "de" else {})
    with use_language("de"):
        yield


class Texts(HTMLParser):
    """The texts of a page that are seen or read out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.skipped, self.found = 0, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.skipped += tag in ("script", "style", "code")
        self.found += [value for name, value in attrs if name in READ_OUT]

    def handle_endtag(self, tag):
        self.skipped -= tag in ("script", "style", "code")

    def handle_data(self, data):
        if not self.skipped:
            self.found.append(data)


def untranslated(page, *names):
    """Return the words of a page that are in no brackets."""
    text = " ".join(Texts(str(page)).found)
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = inner
    words = re.findall(r"[^\W\d_]{2,}", text)
    return sorted({word for word in words if word not in NAMES and word not in names})


def lesson(view, **settings):
    """A minute with a moment of surprise, marks of each kind, and faces that weren't classified."""
    calm, startled = mix(neutral=0.9, happy=0.1), mix(surprise=0.8, neutral=0.2)
    frames = [
        (frame([startled if 30 <= i < 40 else calm] * 6, [80] * 5 + [20 + 40 * (i % 2)]), float(i))
        for i in range(60)
    ]
    timeline = recorded(frames, view=view, **settings)
    timeline.marks = (
        Mark(0, 20, BASELINE),
        Mark(5, 5, EVENT),
        Mark(25, 45, STRETCH),
        Mark(46, 58, STRETCH),
        Mark(58, 60, LEFT_OUT),
    )
    return timeline


@pytest.mark.parametrize("view", ["person", "class"])
def test_the_report(view):
    timeline = lesson(view)
    metadata = origin("0", IDENTITY, warning="0", rate=5.0, video_offset=2.0, start=3.0)
    page = report_html(timeline, metadata)
    assert untranslated(page, "onnxruntime") == []
    assert '<html lang="de">' in page


def test_a_report_of_nothing():
    page = report_html(recorded([]), origin("0", IDENTITY))
    assert untranslated(page, "onnxruntime") == []
    shy = recorded([(frame([mix(happy=1)] * 2), float(i)) for i in range(30)], view="class")
    page = report_html(shy, origin("0", IDENTITY, duration=30.0))
    assert untranslated(page, "onnxruntime") == []


def test_a_comparison():
    timelines = [("0", lesson("person")), ("1", lesson("person"))]
    assert untranslated(comparison_html(compare_timelines(timelines), ["a", "b"])) == []


def test_a_photo():
    measured = dict(zip(QUALITY_COLUMNS, (100, -11, 49, 40, 0.9, 0.25), strict=True))
    data = {name: np.array([value] * 2, np.float32) for name, value in measured.items()}
    faces = frame([sure("happy"), sure("sad", 0.3)], side=60, turned=np.array([90, 90]), **data)
    notices = ("1",)
    for labels in (["happy", "uncertain"], ["turned away", "sad"]):
        page = photo_html(PICTURE, faces, labels, [PICTURE, None], notices)
        assert untranslated(page) == []
    assert untranslated(photo_html(PICTURE, frame(), [])) == []


def test_the_live_tab():
    faces = frame([sure("happy")] * 9, turned=np.full(9, 180))
    few, shy = frame([sure("happy")] * 2), frame([sure("sad", 0.3)] * 6)
    recorder = TimelineRecorder(lesson("class"), 0.0)
    pages = [
        views.instructions(),
        views.face_to_confirm(),
        views.person_panel(frame(), [], 1.0),
        views.person_panel(faces, ["happy"] * 8 + ["uncertain"], 1.0),
        views.person_panel(few[:1], ["turned away"], 1.0),
        views.class_panel(few, 1.0, 0.4),
        views.class_panel(shy, 1.0, 0.4),
        views.camera_lost_panel("0"),
        views.refused_panel("0"),
        idle_html(),
        replace(recorder, reloaded=True).html(9.0),
        *(
            replace(recorder, running=False, end_reason=limit).html(9.0, "0")
            for limit in (LIMIT_REACHED, MEMORY_FULL)
        ),
        lost_html(),
        TimelineRecorder(recorded([]), 0.0).html(0.0),
        TimelineRecorder(recorded([]), 0.0, running=False).html(0.0),
        *(named["text"] for named in named_faces(faces, ["happy"] * 9)),
    ]
    assert [words for page in pages if (words := untranslated(page))] == []


def test_the_about_tab_and_the_notice():
    metrics = ModelMetrics.from_json(
        json.loads((EMBEDDED_WEIGHTS / "metrics.json").read_text(encoding="utf-8"))
    )[0]
    for device in (False, True):
        page = about_html("n", "int8", metrics, device_page=device)
        assert untranslated(page) == []
    assert untranslated(metrics.describe_accuracy()) == []
    assert untranslated(about_html("n", "int8", ModelMetrics(), "notice.html")) == []
    assert untranslated(notice_html()) == []


def test_the_model_tab():
    document = json.loads((EMBEDDED_WEIGHTS / EVALUATION_FILE).read_text(encoding="utf-8"))
    assert untranslated(model_html("n", Evaluation.from_json(document)[0])) == []
    assert untranslated(model_html("n", Evaluation())) == []


def test_the_recording_tab():
    timeline = lesson("person")
    summary = summarise(timeline)
    progress = SimpleNamespace(fraction=0.5, seconds_left=30.0)
    info = SimpleNamespace(duration=61.0, width=640, height=480, has_audio=True)
    metadata = TimelineMetadata("0", IDENTITY, 5.0, 9.0, None, 1.0, 2.0, start=3.0, limited=True)
    result = RecordingResult(timeline, metadata, *[Path("0")] * 5)
    one = QueuedRecording(0, "0", info=info, result=SimpleNamespace())
    failed = QueuedRecording(1, "0", info=info, failure=recording.FAILED)
    session = RecordingSession(recordings=(one, failed), shown=one)
    pages = [
        recording.instructions(),
        queue.unfinished_html(one, session, JobQueue(1)),
        queue.waiting_html(1, ""),
        queue.waiting_html(2, "0"),
        queue.progress_html(None, "", [None]),
        queue.progress_html(progress, "0", [60.0, 60.0]),
        queue.queue_html(session),
        queue.chosen_html(session, 11),
        queue.chosen_html(RecordingSession(recordings=(one,)), 1),
        recording.finished_html(summary, "0", 60.0),
        recording.finished_html(summary, None, None),
        recording.result_html(result, summary, "0"),
        recording.unusable(ValueError("0")).html(),
        recording.CANCELLED.html(),
        queue.NOTHING_TO_DO.html(),
        toolbar_html(),
    ]
    assert [words for page in pages if (words := untranslated(page))] == []


def test_a_word_outside_of_brackets_is_found():
    assert untranslated("<p>⟦Yes ⟦sad⟧⟧ und 5 s<style>no</style><i title='Oops'></i></p>") == [
        "Oops",
        "und",
    ]
