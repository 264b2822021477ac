"""Which recordings the tab accepts."""

import gradio as gr
import pytest
from gradio_client.utils import is_valid_file

from fer.paths import VIDEO_FORMATS, VIDEO_SUFFIXES
from fer.ui.recording.tab import _inputs, _limits_html


@pytest.fixture(scope="module")
def upload():
    with gr.Blocks():
        return _inputs()[0]


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_each_format_can_be_uploaded_in_capitals_too(upload, suffix):
    assert is_valid_file(f"a{suffix}", upload.file_types)
    assert is_valid_file(f"A{suffix.upper()}", upload.file_types)


def test_the_accepted_formats_are_named():
    assert f">{VIDEO_FORMATS};" in _limits_html()
