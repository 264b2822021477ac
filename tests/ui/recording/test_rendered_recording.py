"""A finished recording that one thread displays while another one compacts it."""

import threading

import numpy as np
import pytest

from fer.recording import RecordingResult
from fer.recording.outputs import output_paths
from fer.recording.thumbnails import Thumbnail
from fer.ui.recording import rendered_recording
from fer.ui.recording.rendered_recording import RenderedRecording
from tests.timeline.frames import origin, steady


@pytest.fixture
def rendered(tmp_path):
    picture = Thumbnail(1.0, "0:01", np.full((90, 160, 3), 128, np.uint8))
    timeline = steady(5, 6, happy=1.0)
    files = output_paths(tmp_path, sheet=False)
    return RenderedRecording(RecordingResult(timeline, origin(), pictures=[picture], **files))


def pictures_of(recording):
    return [picture.image.shape for picture in recording.pictures]


def test_compacted_while_its_pictures_are_read_it_keeps_none(rendered, monkeypatch):
    rendered.compact()
    closing, read = threading.Thread(target=rendered.compact), rendered_recording.read_image

    def read_as_the_page_is_closed(content):
        closing.start()
        closing.join(0.2)
        return read(content)

    monkeypatch.setattr(rendered_recording, "read_image", read_as_the_page_is_closed)
    rendered.render()
    closing.join()
    assert pictures_of(rendered.recording) == [(0, 0, 3)] and rendered.result == ""


def test_compacted_once_its_pictures_are_read_it_is_rendered_with_them(rendered, monkeypatch):
    whole, summarise = rendered.result, rendered_recording.summarise

    def summarise_as_the_page_is_closed(*args):
        rendered.compact()
        return summarise(*args)

    rendered.compact()
    monkeypatch.setattr(rendered_recording, "summarise", summarise_as_the_page_is_closed)
    assert len(rendered.outputs()[0]) == pytest.approx(len(whole), rel=0.1)
    assert rendered.result == ""


def test_who_restores_it_has_its_pictures_whatever_comes_after(rendered):
    rendered.compact()
    recording = rendered.restore()
    rendered.compact()
    assert pictures_of(recording) == [(90, 160, 3)]
