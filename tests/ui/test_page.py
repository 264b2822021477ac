"""The page as a whole: its components, launch settings and API."""

import re
import resource
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from gradio.themes.utils.fonts import LocalFont, font_file_path
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError, ValidationError
from PIL import Image
from skimage.data import astronaut

from fer.i18n import LANGUAGES
from fer.labels import EXPRESSIONS
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification
from fer.ui import (
    MAX_OPEN_FILES,
    MAX_REQUESTS,
    build_demo,
    launch_settings,
    load_pipeline,
    raise_file_limit,
)
from fer.ui.fair_scheduler import FairScheduler
from fer.ui.recording.events import MAX_RECORDINGS
from fer.ui.recording.tab import RESULT_NAMES
from fer.ui.recording.views import RESULT_LIFETIME
from fer.ui.serving import upload_limits
from fer.ui.theme import STYLESHEETS
from fer.video import MAX_BYTES, VideoWriter
from tests.fakes import fake_pipeline, sure
from tests.security.server import free_port


@pytest.fixture(scope="module")
def demo():
    pipeline = fake_pipeline([[10, 10, 90, 90]], sure("happy", 0.9))
    pipeline.classifier.notice = "Mind <this>."
    return build_demo(pipeline)


@pytest.fixture(scope="module")
def client(demo):
    _, url, _ = demo.launch(
        server_port=free_port(), prevent_thread_lock=True, quiet=True, **launch_settings()
    )
    yield Client(url, verbose=False)
    demo.close()


def panels(demo):
    return " ".join(b.value or "" for b in demo.blocks.values() if isinstance(b, gr.HTML))


def test_the_tabs_are_there(demo):
    tabs = [block.label for block in demo.blocks.values() if isinstance(block, gr.Tab)]
    assert tabs == ["Live", "Photo", "Recording", "Model", "About"]


def test_tasks_that_wait_leave_gradio_room_for_other_events(monkeypatch):
    waiting = {}

    def note(self, threads, name, max_waiting=0):
        waiting[name] = max_waiting

    monkeypatch.setattr(FairScheduler, "__init__", note)
    build_demo(fake_pipeline())
    # Frames and files to save are results of components' functions, not of events.
    events = {name: most for name, most in waiting.items() if name not in ("frame", "save")}
    assert len(events) == 8 and all(events.values())
    assert sum(events.values()) + MAX_RECORDINGS < MAX_REQUESTS - 40


def test_the_notice_is_displayed_and_escaped(demo):
    values = [block.value for block in demo.blocks.values() if isinstance(block, gr.HTML)]
    assert any("Mind &lt;this&gt;." in (value or "") for value in values)


def test_recordings_may_be_uploaded_whole():
    assert launch_settings()["max_file_size"] == MAX_BYTES
    assert launch_settings()["run_history"] is False  # or browsers keep pictures


def test_files_live_long_and_are_deleted_within_the_hour(demo):
    assert demo.delete_cache is None  # it counts by the computer's clock, and leaves folders
    assert upload_limits.MAX_AGE == RESULT_LIFETIME >= 45 * 60
    assert upload_limits.MAX_AGE + 2 * upload_limits.UPLOAD_SWEEP_INTERVAL < 3600
    assert upload_limits.MAX_AGE_AFTER_LEAVING + upload_limits.UPLOAD_SWEEP_INTERVAL < 15 * 60


def test_no_handler_waits_for_another_ones_place(demo):
    """Gradio's queue is first come, first served; turns are taken in `fer.ui.fair_scheduler`."""
    handlers = [fn for fn in demo.fns.values() if fn.fn is not None]  # not in the browser
    bounded = [fn.api_name for fn in handlers if fn.concurrency_limit is not None]
    assert bounded == ["load_example"]  # it takes no time


def test_to_leave_a_page_makes_no_session_of_gradio(demo):
    """It would describe every component anew, for whoever opens and closes connections."""
    assert not [fn for fn in demo.fns.values() if any(kind == "unload" for _, kind in fn.targets)]
    demo.close_page("never came")
    assert "never came" not in demo.state_holder.session_data


def test_no_video_is_read_outside_of_a_sandbox(demo):
    """Of a path, Gradio would have ffprobe read it, and perhaps ffmpeg convert it."""
    handlers = [fn for fn in demo.fns.values() if fn.fn is not None]
    playing = [fn for fn in handlers if any(isinstance(each, gr.Video) for each in fn.outputs)]
    assert playing and not any(fn.postprocess for fn in playing)
    assert not any(isinstance(each, gr.Video) for fn in handlers for each in fn.inputs)


def test_gradio_keeps_nothing_for_visitors(demo):
    assert not [block for block in demo.blocks.values() if isinstance(block, gr.State)]


def test_many_files_may_be_open():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1000, most), hard))
    try:
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_fonts_ship_with_gradio_and_have_letters():
    theme = launch_settings()["theme"]
    fonts = [font for font in theme._font + theme._font_mono if isinstance(font, LocalFont)]
    assert fonts
    for font in fonts:
        for weight in font.weights:
            letters = TTFont(font_file_path(font.name, weight)).getBestCmap()
            missing = [chr(code) for code in range(0x20, 0x7F) if code not in letters]
            assert not missing, (font.name, weight, missing)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    path = tmp_path_factory.mktemp("one") / "one.png"
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(path)
    return handle_file(path)


@pytest.mark.parametrize("name", ["/photo", "/predict"])
def test_a_photo_is_read_over_the_network(client, one, name):
    answer = client.predict(picture=one, min_face=40, api_name=name)
    assert (answer["width"], answer["height"]) == (160, 120)
    assert [face["expression"] for face in answer["faces"]] == ["happy"]
    whole = client.predict(picture=one, whole_picture=True, api_name=name)
    assert whole["faces"][0]["box"] == [0, 0, 160, 120]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(None, "not a picture that can be read"), ("de-AT,en", "kein lesbares Bild")],
)
def test_a_text_file_posing_as_a_photo_is_refused_over_the_network(
    client, tmp_path, language, sentence
):
    """The sentence comes from a worker process, in the language of the request."""
    (tmp_path / "text.jpg").write_text("not a picture")
    headers = {"accept-language": language} if language else None
    program = Client(client.src, headers=headers, verbose=False)
    with pytest.raises(AppError, match=sentence):
        program.predict(picture=handle_file(tmp_path / "text.jpg"), api_name="/photo")


def test_browsers_get_keys_and_programs_english(client):
    config = httpx.get(client.src + "config").json()
    texts = {language: set(known) for language, known in config["i18n_translations"].items()}
    assert set(texts) == set(LANGUAGES) and len({frozenset(known) for known in texts.values()}) == 1
    shown = [component["props"] for component in config["components"]]
    keys = {str(properties.get("label")) for properties in shown}
    assert '__i18n__{"__type__": "translation_metadata", "key": "Recording"}' in keys
    german = " ".join(config["i18n_translations"]["de"].values())
    for text in ("Aufnahme", "Welchen Ausdruck hat Ihr Gesicht?", "Wo es nicht verwendet werden"):
        assert text in german
    labels = {
        p["label"]
        for p in client.view_api(return_format="dict")["named_endpoints"]["/photo"]["parameters"]
    }
    assert labels == {"Photo", "Minimum face size in pixels", "The picture is a single face"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"min_face": "large"}, "min_face is a number from 16 to 200"),
        ({"min_face": 5}, "min_face is a number from 16 to 200"),
        ({"whole_picture": None}, "whole_picture is true or false"),
        ({"picture": "no file"}, "picture is a file that was uploaded"),
    ],
)
def test_a_wrong_argument_is_a_sentence_for_a_program(client, one, caplog, given, sentence):
    with pytest.raises(ValidationError, match=sentence):
        client.predict(**{"picture": one, "api_name": "/photo"} | given)
    assert "Traceback" not in caplog.text


def test_a_missing_picture_is_a_sentence(client):
    with pytest.raises(AppError, match="There is no picture"):
        client.predict(picture=None, api_name="/photo")
    with pytest.raises(AppError, match="send it as `recording`"):
        client.predict(recording=None, api_name="/recording")


def test_the_endpoints_explain_themselves(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/photo", "/predict", "/recording", "/analyse_recording"}
    for name, parameters, results in (
        ("/photo", ["picture", "min_face", "whole_picture"], ["faces"]),
        ("/recording", ["recording", "view", "rate"], ["timeline", *RESULT_NAMES]),
    ):
        described = named[name]["parameters"]
        assert [parameter["parameter_name"] for parameter in described] == parameters
        assert not [known for known in described if known["label"].startswith("parameter_")]
        assert [result["label"] for result in named[name]["returns"]] == results
        assert all(f"`{parameter}`" in named[name]["description"] for parameter in parameters)


@pytest.mark.slow
def test_a_recording_is_analysed_over_the_network(client, tmp_path):
    with VideoWriter(tmp_path / "clip.mp4", 512, 512) as writer:
        for i in range(4):
            writer.write(astronaut(), i / 4, 0.25)
    clip = handle_file(tmp_path / "clip.mp4")
    document, *files = client.predict(recording=clip, view="person", api_name="/recording")
    assert document["table"][0]["happy"] > 0.5  # a worker process has the real network
    suffixes = [".mp4", ".png", ".csv", ".json", ".html", ".zip"]
    assert [Path(file).suffix for file in files] == suffixes
    document, older = client.predict(clip, "person", api_name="/analyse_recording")
    assert [Path(file).name for file in older] == [Path(file).name for file in files]


def test_a_text_file_posing_as_a_recording_is_refused_over_the_network(client, tmp_path):
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(AppError, match="be read as a video"):
        client.predict(recording=handle_file(tmp_path / "text.mp4"), api_name="/recording")


def test_a_model_that_cannot_be_loaded_is_replaced_with_a_notice(monkeypatch, tmp_path):
    small = FerConfig(id2label=dict(enumerate(EXPRESSIONS)), hidden_sizes=(8,), depths=(1,))
    FerForImageClassification(small).save_pretrained(tmp_path)
    FerImageProcessor().save_pretrained(tmp_path)
    monkeypatch.setattr("fer.model.classifier.EMBEDDED_WEIGHTS", tmp_path)
    page = panels(build_demo(load_pipeline("/nowhere")))
    assert "The embedded weights serve, not /nowhere." in page
    assert "Please note" not in panels(build_demo(load_pipeline("")))


@pytest.mark.parametrize(
    ("revision", "shown"), [(None, "me/fer"), ("0123456789abcdef", "me/fer at 0123456")]
)
def test_the_model_in_use_is_displayed_with_its_revision(revision, shown):
    pipeline = fake_pipeline()
    pipeline.classifier.name, pipeline.classifier.revision = "me/fer", revision
    assert f"<code>{shown}</code>" in panels(build_demo(pipeline))


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_stylesheets_have_no_rule_that_gradio_drops(path):
    """Of the rules that begin with @ it puts these into the page, and no others."""
    rules = re.findall(r"@[\w-]+", path.read_text(encoding="utf-8"))
    assert set(rules) <= {"@media", "@keyframes", "@font-face"}
