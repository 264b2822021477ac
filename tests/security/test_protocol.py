"""The client and the server that the attacks are made with."""

import pytest

from tests.security.pictures import picture
from tests.security.protocol import Page, frame_data
from tests.security.server import FACE

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("url", ["http://example.com/", "https://10.0.0.1:7860", "file:///tmp"])
def test_only_this_machine_is_attacked(url):
    with pytest.raises(ValueError, match="this machine"):
        Page(url)


def test_a_photo_is_read(page):
    visitor = page.open_session()
    photo = visitor.upload(picture(), "photo.jpg")
    read = page.find("photo-input.change")
    outcome = visitor.run(read, visitor.inputs(read, photo_input=photo))
    assert outcome.success and "1 face found" in outcome.data[0]


def test_an_endpoint_is_run_in_each_way(page):
    visitor = page.open_session()
    sent = [visitor.upload(picture(), "photo.jpg"), 40, False]
    outcome = visitor.run(page.find("predict"), sent)
    assert outcome.data[0]["faces"][0]["box"] == FACE
    others = page.open_session().upload(picture(), "photo.jpg")  # an upload is one session's
    assert '"expression": "happy"' in page.call("predict", [others, 40, False])


def test_an_error_is_a_sentence(page):
    outcome = page.open_session().run(page.find("predict"), [None, 40, False])
    assert not outcome.success and "There is no picture" in outcome.error


def test_a_frame_is_read(page):
    visitor = page.open_session()
    visitor.stay()
    for _ in range(2):  # a face counts from the second picture
        outcome = visitor.read_frame(frame_data(picture()))
    visitor.leave()
    (reading,) = outcome.data
    assert outcome.success and reading["faces"][0]["label"] == "happy"
    assert not page.open_session().read_frame({"url": "data:image/jpeg;base64,"}).success


def test_what_a_page_uses_is_measured(server, page):
    page.open_session().upload(b"x" * 10_000, "ten.bin")
    usage = server.usage()
    assert usage.page_mb > 50 and usage.threads > 1 and usage.handles > 3
    assert usage.files >= 1 and usage.folders >= 1 and usage.files_mb >= 0.01
