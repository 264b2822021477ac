"""Two networks on one photo: each with its own crops, its labels and its time."""

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from fer.model.classifier import ExpressionClassifier, ModelError
from fer.ui import model_name
from fer.ui.model import tab
from fer.ui.model.tab import NO_PHOTO, NOT_LOADED, ModelEvents
from fer.ui.model.two_networks import (
    MAX_COMPARED,
    SecondNetwork,
    compare_networks,
    comparison_html,
)
from fer.ui.photo.handlers import PhotoHandlers, PhotoResult
from fer.ui.sessions import Sessions
from tests.async_runner import run_async
from tests.fakes import FakeClassifier, fake_pipeline, sure

PICTURE = np.full((120, 900, 3), 90, np.uint8)
BOXES = [[60 * i, 10, 60 * i + 50, 70] for i in range(14)]
TOKEN = "0" * 32


def decoded(pixels=PICTURE):
    return SimpleNamespace(pixels=pixels, notices=())


def result(boxes=BOXES):
    faces = fake_pipeline(boxes)(PICTURE)
    return PhotoResult(Path("a.jpg"), (900, 120), faces, ["happy"] * len(boxes), "n")


class Counting(FakeClassifier):
    """Keeps the crops of each call."""

    def __init__(self, *rows, scale=1.1, **settings) -> None:
        super().__init__(*rows, **settings)
        self.framing, self.calls = {"scale": scale}, []

    def classify(self, crops):
        self.calls.append([crop.shape[0] for crop in crops])
        return super().classify(crops)


def test_each_network_gets_its_own_crops_of_the_largest_faces():
    one, two = Counting(sure("happy")), Counting(sure("sad", 0.5), sure("happy", 0.8), scale=2)
    found = compare_networks(result(), lambda _: decoded(), (one, two))
    assert found.left_out == 14 - MAX_COMPARED == 2 and len(found.crops) == MAX_COMPARED
    assert len(one.calls) == len(two.calls) > 2  # warmed up, then timed
    assert two.calls[0][0] > 1.5 * one.calls[0][0]
    assert all(reading.milliseconds > 0 for reading in found.readings)
    page = comparison_html(found)
    assert "Both name 6 of the 12 faces alike." in page
    assert "2 smaller faces were left out" in page
    assert page.count("<img") == MAX_COMPARED and "fake &lt;model&gt;" not in page  # the same name


@pytest.mark.parametrize(
    ("names", "displayed"),
    [
        (("/srv/jane/one", "/srv/jane/two"), ("one", "two")),
        (("/srv/jane/fer", "/srv/joe/fer"), ("fer", "fer (2)")),
        (("/srv/jane/fer", "/srv/jane/fer"), ("float32", "float32")),
    ],
)
def test_networks_are_named_without_the_servers_folders(names, displayed):
    networks = FakeClassifier(), FakeClassifier()
    for network, name in zip(networks, names, strict=True):
        network.name = name
    page = comparison_html(compare_networks(result(), lambda _: decoded(), networks))
    assert "srv" not in page and all(name in page for name in displayed)
    assert model_name(networks[0]) == Path(names[0]).name


def test_low_probabilities_are_uncertain_by_each_networks_own_threshold():
    one, two = FakeClassifier(sure("happy", 0.4)), FakeClassifier(sure("happy", 0.4))
    two.uncertain_below, two.name = 0.3, "you/<other>"
    page = comparison_html(compare_networks(result(BOXES[:1]), lambda _: decoded(), (one, two)))
    assert "They name the face differently." in page and "uncertain" in page
    assert "you/&lt;other&gt;" in page


def test_a_face_that_is_turned_away_is_named_by_neither():
    photo = result(BOXES[:2])
    photo.faces.data["turned_away"] = np.array([True, False])
    one, two = FakeClassifier(sure("happy")), FakeClassifier(sure("sad"))
    compared = compare_networks(photo, lambda _: decoded(), (one, two))
    first, second = compared.readings
    assert (first.labels, second.labels) == (["turned away", "happy"], ["turned away", "sad"])
    page = comparison_html(compared)
    assert "turned away</span></td>" in page and "They name the face differently." in page


def test_the_second_network_is_the_first_in_single_precision_and_loaded_once(monkeypatch):
    embedded = ExpressionClassifier.load()
    second = SecondNetwork(embedded, None)
    assert second.is_available and second.load() is second.load()
    assert second.load().precision == "float32" and second.load().model is embedded.model
    assert not SecondNetwork(second.load(), None).is_available
    with pytest.raises(ModelError):
        SecondNetwork(FakeClassifier(), None).load()
    loads = []
    monkeypatch.setattr(ExpressionClassifier, "load", lambda source: loads.append(source) or 3)
    chosen = SecondNetwork(embedded, "you/name")
    assert loads == [] and (chosen.load(), chosen.load()) == (3, 3) and loads == ["you/name"]


@pytest.fixture
def events():
    photos = PhotoHandlers(fake_pipeline(BOXES), lambda _: decoded())
    made = ModelEvents(photos, Sessions(), SecondNetwork(FakeClassifier(), "you/name"))
    made._second._loaded = FakeClassifier(sure("sad"))
    return made


def compared(events, monkeypatch, photo):
    session = SimpleNamespace(photo=photo)
    monkeypatch.setattr(events._sessions, "get_or_create", lambda *_: session)
    monkeypatch.setattr(tab, "Sender", lambda _: Connected())
    return str(run_async(events.compare(TOKEN)))


class Connected:
    """A sender that stays."""

    session_hash = "s"

    def is_connected(self):
        return True

    async def await_while_connected(self, future):
        return await future


def test_a_photo_of_the_photo_tab_is_compared(events, monkeypatch, tmp_path):
    assert NO_PHOTO in compared(events, monkeypatch, None)
    assert NO_PHOTO in compared(events, monkeypatch, result([]))
    (tmp_path / "a.jpg").write_bytes(b"x")
    photo = PhotoResult(tmp_path / "a.jpg", *([*vars(result()).values()][1:]))
    assert "Both name 0 of the 12 faces alike." in compared(events, monkeypatch, photo)
    (tmp_path / "a.jpg").unlink()
    assert "no longer here" in compared(events, monkeypatch, photo)


def test_a_second_network_that_fails_is_reported_without_its_path(events, monkeypatch, caplog):
    def fail():
        raise ModelError("/secret/folder holds no network.")

    monkeypatch.setattr(events._second, "load", fail)
    assert NOT_LOADED in compared(events, monkeypatch, result())
    assert "/secret/folder" in caplog.text and "/secret" not in compared(
        events, monkeypatch, result()
    )


def test_the_evaluation_is_sent_once(events):
    first = events.show("")
    assert "No evaluation" in first and events.show("") is first
    assert events.show("shown") == gr.skip()


def test_the_page_shows_that_it_compares_while_there_is_no_result():
    with gr.Blocks() as page, gr.Tab("Model") as model_tab:
        photos = PhotoHandlers(fake_pipeline(BOXES), lambda _: decoded())
        tab.build_model(model_tab, photos, Sessions(), gr.HTML(), "you/name")
    (compare,) = (fn for fn in page.fns.values() if fn.name == "compare")
    (seen,) = compare.show_progress_on
    assert compare.show_progress == "minimal" and "Two networks" in seen.value
