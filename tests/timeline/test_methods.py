"""The methods paragraph: everything that somebody needs to do it again."""

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import pytest

from fer.recording import analyze
from fer.timeline.marks import Mark
from fer.timeline.methods import NetworkIdentity, methods_paragraph
from fer.version import __version__
from tests.fakes import FakeClassifier, fake_pipeline, sure
from tests.sample_videos import make_film
from tests.timeline.frames import NETWORK, frame, mix, origin, recorded, steady

ACCURACY = "70.0% of 3,589 pictures of the test split (FER2013's own labels)"
ORIGIN = origin(network=replace(NETWORK, accuracy=ACCURACY))


def test_it_names_network_versions_and_settings():
    timeline = recorded([], view="person", bin_seconds=2, small=30, uncertain_below=0.45)
    text = methods_paragraph(timeline, replace(ORIGIN, rate=7.5, scale=2))
    for fact in (
        f"fer {__version__}; 7.5 frames a second",
        f"facenet-pytorch {version('facenet-pytorch')}",
        "at least 60 pixels",
        "an estimated 45 degrees",
        f"the network 'you/name@v1' (accuracy: {ACCURACY})",
        "fingerprint 0123456789abcdef, in int8 by ONNX Runtime " + version("onnxruntime"),
        "under 0.45 counts as uncertain",
        "bins of 2 s",
        "number of their track",
    ):
        assert fact in text
    assert "1 frame a second was" in methods_paragraph(timeline, replace(ORIGIN, rate=1.0))


def test_a_networks_folder_is_named_without_those_around_it():
    classifier = FakeClassifier()
    for name, known in (
        ("/home/jane/runs/fer", "fer"),
        ("you/name@v1", "you/name@v1"),
        ("embedded weights", "embedded weights"),
    ):
        classifier.name = name
        assert NetworkIdentity.from_classifier(classifier).name == known


def test_the_part_that_was_chosen_is_stated():
    part = replace(ORIGIN, start=20.5, duration=15.5)
    assert "from 0:20.5 to" not in methods_paragraph(recorded([]), part)
    text = methods_paragraph(recorded([]), replace(part, limited=True))
    assert "analysed. The recording was analysed from 0:20.5 to 0:36. Faces were" in text


def test_a_runtime_may_come_in_a_package_of_another_name(monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr("fer.timeline.methods.version", missing)
    expected = "in int8 by ONNX Runtime " + version("onnxruntime")
    assert expected in methods_paragraph(recorded([]), ORIGIN)


@pytest.mark.parametrize(("view", "fact"), [("class", "fewer than 5"), ("person", "number of")])
def test_each_view_states_what_it_keeps(view, fact):
    network = NetworkIdentity.from_classifier(FakeClassifier())
    text = methods_paragraph(recorded([], view=view), origin(network=network))
    assert fact in text and "frames of a camera" in text
    assert "in float32 by PyTorch" in text and "accuracy" not in text


def test_report_and_json_hold_it(tmp_path):
    film = make_film(tmp_path / "a.mp4", [i / 5 for i in range(5)], (64, 48))
    recording = analyze(film, tmp_path / "out", fake_pipeline([], sure("happy")))
    about = json.loads(recording.json.read_text())["about"]
    assert about["fingerprint"] == "0123456789abcdef" * 4
    assert about["methods"].startswith(f"Facial expressions were estimated with fer {__version__}")
    report = recording.report.read_text()
    assert "To cite" in report and "the network &#39;fake &lt;model&gt;&#39;" in report


def test_what_was_left_out_by_hand_is_stated():
    timeline = steady(20, 1, view="person", happy=1.0)
    assert "by hand" not in methods_paragraph(timeline, ORIGIN)
    timeline.marks = (Mark(2, 4, "left out"), Mark(10, 11, "left out"))
    assert "3 s in 2 marked ranges were left out by hand." in methods_paragraph(timeline, ORIGIN)
    timeline.marks = (Mark(19, 30, "left out"), Mark(50, 60, "left out"))  # the last is beyond it
    assert "1 s in 1 marked range were left out by hand." in methods_paragraph(timeline, ORIGIN)
    seconds = [*range(10, 20), *range(30, 40)]
    late = recorded([(frame([mix(happy=1.0)]), i) for i in seconds], view="person")
    late.marks = tuple(Mark(start, start + 3, "left out") for start in (2, 15, 24))
    assert "3 s in 1 marked range were left out by hand." in methods_paragraph(late, ORIGIN)
