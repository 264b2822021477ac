"""The report: sound HTML that fetches nothing, escapes texts, shows no more than its view."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from fer.i18n import use_language
from fer.labels import EXPRESSIONS
from fer.templates import chart_script
from fer.timeline.chart import timeline_html
from fer.timeline.marks import Mark
from fer.timeline.report import report_html
from fer.timeline.summary import summarise
from fer.timeline.summary_table import MAX_ROWS
from fer.timeline.timeline import Timeline
from fer.timeline.track_counts import MAX_TRACKS_PER_BIN
from tests.timeline.frames import NETWORK, frame, mix, origin, recorded, steady

VOID = {"meta", "img", "br", "link", "input", "hr"}
CAPTION = 'At 0:30 "surprise" <b>'
HOSTILE = """<script>alert("1")</script> & 'co' $title ${x}"""


class Page(HTMLParser):
    """Reads a page: its texts by element, its attributes, and whether all elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag):
        return [text for element, text in self.texts if element == tag]

    @property
    def whole(self):
        texts = [text for element, text in self.texts if element != "style"]
        return re.sub(r"\s+", " ", " ".join(texts))


@pytest.fixture(scope="module")
def lesson():
    """Six faces that are surprised from 0:30 to 0:40, then four whose expression is withheld."""
    calm, startled = mix(neutral=0.9, happy=0.1), mix(surprise=0.8, neutral=0.2)
    frames = [(frame([startled if 30 <= i < 40 else calm] * 6), i) for i in range(60)]
    frames += [(frame([mix(disgust=1.0)] * 4), i) for i in range(60, 70)]
    return recorded(frames)


@pytest.fixture(scope="module")
def full(lesson):
    images = [(CAPTION, np.full((40, 60, 3), 128, np.uint8))]
    network = replace(NETWORK, name=HOSTILE, accuracy=f"68% {HOSTILE}")
    return report_html(lesson, origin(HOSTILE, network, warning=HOSTILE, rate=5), images)


def test_fetches_nothing(full):
    page = Page(full)
    for _, attributes in page.tags:
        for name in ("src", "srcset", "href", "action", "data", "poster"):
            assert attributes.get(name, "data:").startswith("data:")
    assert not {"link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert page.all("script") == [chart_script()]  # ours alone, which the policy names
    assert "http://" not in full and "https://" not in full
    assert "url(" not in full and "@import" not in full
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_texts_are_escaped_once(full):
    page = Page(full)
    assert page.all("title") == page.all("h1") == [HOSTILE]
    assert page.whole.count(HOSTILE) == 6  # both, the warning, the network, twice its accuracy
    alts = [attributes["alt"] for tag, attributes in page.tags if tag == "img"]
    assert alts[-1] == CAPTION


def test_every_required_statement_is_there(full, lesson):
    text = Page(full).whole.replace("\N{NO-BREAK SPACE}", " ")
    assert summarise(lesson).sentence.replace("\N{NO-BREAK SPACE}", " ") in text
    assert "At 0:30 surprise rose from 0% to 80% for 10 s." in text
    for words in (
        "What anybody feels",
        "two times in three",
        "at work or in education",
        "Article 5(1)(f)",
        "Hatched: fewer than 5 faces to classify",
        "68% ",
        "5 a second",
        "with figures 1 min ",
        "under 40 pixels",
        "faces turned away 0% ",
        "aside by an estimate of 45 degrees or more",
    ):
        assert words in text, words


def test_the_chart_is_the_pages_own_and_marks_the_moments(full, lesson):
    moments = summarise(lesson).moments
    assert timeline_html(lesson, moments=moments, level=3) in full
    assert full.count('class="fer-moment"') == len(moments) > 0
    drawings = re.findall(r"<svg.*?</svg>", full)
    assert all(ElementTree.fromstring(drawing).tag == "svg" for drawing in drawings)
    assert len(drawings) == 4


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_bars_show_the_means(full, lesson, name):
    (share,) = re.findall(rf'aria-label="{name}" [^>]*aria-valuenow="(\d+)"', full)
    assert int(share) == pytest.approx(100 * summarise(lesson).mean[name], abs=0.5)


def test_nothing_withheld_is_in_the_report():
    reports = {
        report_html(steady(30, 4, **{name: 1.0}), origin("A lesson"))
        for name in ("happy", "disgust")
    }
    assert len(reports) == 1
    page = Page(reports.pop())
    assert "there is no figure to show" in page.whole
    assert not any("--value" in attributes.get("style", "") for _, attributes in page.tags)


@pytest.mark.parametrize("view", ["class", "person"])
def test_single_faces_are_listed_in_the_person_view_only(view):
    rows = [mix(happy=1.0)] * 4 + [mix(sad=1.0)] * 2
    timeline = recorded([(frame(rows, tracks=[3, 4, 5, 6, 8, 9]), 0)], view=view)
    page = Page(report_html(timeline, origin("Six")))
    rows = ["Face", "3", "4", "5", "6", "8", "9"] if view == "person" else []
    assert page.all("th") == rows


def test_times_of_marks_and_of_the_start_are_exact():
    timeline = steady(3, 1, view="person", happy=1.0)
    timeline.marks = (Mark(0.5, 2, "stretch"), Mark(1.25, 1.25, "event"))
    with use_language("de"):
        text = Page(report_html(timeline, origin("Half a second", start=65.5))).whole
    assert "0:00,5 \N{EN DASH} 0:02" in text and "0:01,25" in text
    assert "Zeiten zählen ab 1:05,5 der Aufnahme." in text


def test_many_tracks_are_cut_to_those_seen_longest():
    frames = [(frame([mix(happy=1.0)], tracks=[i + 1]), i) for i in range(MAX_ROWS + 5)]
    frames += [(frame([mix(sad=1.0)], tracks=[99]), 200 + i) for i in range(3)]
    page = Page(report_html(recorded(frames, view="person"), origin("Many")))
    assert "99" in page.all("th") and "6 more faces, seen no longer than these, are" in page.whole


def test_a_note_states_that_tracks_of_a_crowd_are_limited():
    timeline = steady(2, MAX_TRACKS_PER_BIN + 10, view="person", happy=1.0)
    text = Page(report_html(timeline, origin("Many"))).whole
    assert f"{MAX_TRACKS_PER_BIN - MAX_ROWS} more faces, seen no longer" in text
    assert f"Of each second {MAX_TRACKS_PER_BIN} faces are kept" in text


def test_pixels_are_those_of_the_recording_and_its_end_ends_the_time():
    timeline = steady(3, 1, rate=5, view="person", happy=1.0)
    text = Page(report_html(timeline, origin("4K", scale=2.0, duration=2.4))).whole
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Faces under 80 pixels" in text and "under 80 pixels" in text.split("Too small")[1]
    assert "watched 2.4 s" in text and "with figures" not in text


@pytest.mark.parametrize(
    ("timeline", "words"),
    [
        (Timeline(), "Nothing was recorded."),
        (recorded([(frame(), i) for i in range(3)], view="person"), "No face was found in 3"),
        (steady(1, 5, happy=1.0), "Moments need 10 seconds before them"),
        (steady(30, 5, happy=1.0), "No expression rose clearly"),
    ],
    ids=["empty", "no face", "one bin", "calm"],
)
def test_little_makes_a_report_too(timeline, words):
    page = Page(report_html(timeline, origin("Little")))
    assert words in page.whole and "not stated" in page.whole


@pytest.mark.parametrize(("alone", "drawn"), [(4, False), (3, True)])
def test_a_band_without_an_error_of_the_whole_is_explained(alone, drawn):
    joy, gloom = mix(happy=1.0), mix(sad=1.0)
    frames = [(frame([joy] if i < alone else [joy, gloom]), i) for i in range(4)]
    text = Page(report_html(recorded(frames, view="person"), origin())).whole
    assert "Its error is not known" in text
    assert ("that takes two or more classified faces on average" in text) == drawn
    assert ("The band in the plot is the error of those seconds" in text) == drawn


def test_only_pictures_of_moments_are_headed_as_such(full):
    calm, images = steady(40, 5, happy=1.0), [("0:10", np.zeros((9, 16, 3), np.uint8))]
    moments = "Moments of change"
    assert moments in Page(full).all("h2")
    assert moments in Page(report_html(calm, origin("Calm"))).all("h2")
    headings = Page(report_html(calm, origin("Calm"), images)).all("h2")
    assert "At a glance" in headings and moments not in headings


def test_other_pictures_are_distinguished_by_their_captions():
    images = [(f"0:{i}0", np.zeros((9, 16, 3), np.uint8)) for i in range(3)]
    page = Page(report_html(steady(40, 5, happy=1.0), origin("Calm"), images))
    assert [text for text in page.all("li") if ":" in text] == ["0:00", "0:10", "0:20"]


def test_the_template_is_packaged():
    settings = Path(__file__).parents[2].joinpath("pyproject.toml").read_text()
    assert '"fer.templates" = ["*.css", "*.html", "*.js"]' in settings


def test_the_offset_of_the_annotated_video_is_stated():
    timeline = steady(3, 1, view="person", happy=1.0)
    late, hardly = (
        report_html(timeline, origin("sound first", video_offset=video_offset))
        for video_offset in (3.0, 0.1)
    )
    assert "in the annotated video it comes 3\N{NO-BREAK SPACE}s later" in late
    assert "annotated video" not in hardly
