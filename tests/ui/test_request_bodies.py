"""Validation of request bodies: known keys, and registered files."""

import pytest

from fer.temp_folder import TempFolder
from fer.ui.request_bodies import MAX_DEPTH, NO_FILE, RequestError, check_call, check_value
from fer.ui.uploads import UploadStore

FRAME = "data:image/jpeg;base64,AAAA"


@pytest.fixture
def store(tmp_path):
    return UploadStore(TempFolder(tmp_path / "fer"))


@pytest.fixture
def path(store):
    upload = store.begin("one.png", "a")
    store.finish(upload)
    return str(upload.path)


def test_of_an_upload_only_the_path_is_kept(store, path):
    sent = {"path": path, "url": "http://x/", "is_stream": True, "meta": 3, "orig_name": "x.svg"}
    assert check_value([sent], "me", store) == [
        {"path": path, "meta": {"_type": "gradio.FileData"}}
    ]


def test_of_a_frame_only_the_picture_is_kept(store):
    sent = {"url": FRAME, "is_stream": True, "path": ""}
    assert check_value(sent, "me", store) == {"url": FRAME, "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    "url", ["http://x/", "file:///x", "data:text/html,x", "/x", 1, {"path": 1}]
)
def test_other_urls_are_dropped(store, url):
    assert check_value({"url": url, "value": 1}, "me", store) == {"value": 1}


@pytest.mark.parametrize("value", [None, 1, 2.5, "text", [], {}, {"a": [1, {"b": None}]}, [[""]]])
def test_other_values_go_on_as_they_are(store, value):
    assert check_value(value, "me", store) == value


def test_only_known_keys_go_on(store):
    sent = {"data": [1], "fn_index": 2, "session_hash": "me", "batched": True, "event_data": {}}
    assert check_call(sent, store) == {"data": [1], "fn_index": 2, "session_hash": "me"}


def test_refusals_are_one_sentence(store, path):
    assert check_value({"path": path}, "me", store)
    for value, session in ((path, "you"), ("/etc/passwd", "me"), ([path], "me"), (True, "me")):
        with pytest.raises(RequestError) as error:
            check_value({"path": value}, session, store)
        assert (error.value.status, error.value.sentence) == (400, NO_FILE)


def test_depth_is_bounded(store):
    value = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert check_value(value, None, store) == value
    with pytest.raises(RequestError, match="too large"):
        check_value([value], None, store)
