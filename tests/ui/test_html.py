"""HTML building blocks: names for screen readers, and escaping."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from fer.labels import EXPRESSIONS
from fer.templates import call_macro
from fer.ui import html
from tests.fakes import sure


def test_bars_are_meters_in_the_usual_order():
    text = call_macro("bars", sure("sad", 0.7), "sad")
    assert re.findall(r'role="meter" aria-label="(\w+)"', text) == list(EXPRESSIONS)
    values = [int(v) for v in re.findall(r'aria-valuenow="(\d+)"', text)]
    assert values == [5, 5, 5, 5, 70, 5, 5]
    assert re.findall(r'fer-top" role="meter" aria-label="(\w+)"', text) == ["sad"]


def test_no_bar_stands_out_when_uncertain():
    assert "fer-top" not in call_macro("bars", sure("sad", 0.3), "uncertain")


def test_verdict_gives_a_percentage_only_where_one_expression_is_named():
    assert "92%" in call_macro("verdict", "happy", 0.92)
    assert "%" not in re.sub(r'style="[^"]*"', "", call_macro("verdict", "uncertain", 0.0))


@pytest.mark.parametrize(
    ("kind", "roles"), [("info", ["status"]), ("trouble", ["alert"]), ("quiet", [])]
)
def test_messages_are_escaped_and_announced(kind, roles):
    text = html.message("<b>", 'a & "b"', kind)
    assert "&lt;b&gt;" in text and "a &amp; &#34;b&#34;" in text
    assert re.findall(r'role="(\w+)"', text) == roles


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["happy", "uncertain", "happy"], "3 faces: 2 happy, 1 uncertain"),
        (["sad"], "1 face: 1 sad"),
        ([], "no face"),
    ],
)
def test_several_faces_in_words(labels, text):
    assert html.count_labels(labels) == text


def test_picture_carries_itself():
    image = np.full((40, 60, 3), (10, 200, 30), np.uint8)
    text = html.picture(image, 'two "faces"')
    assert 'alt="two &#34;faces&#34;"' in text
    content = base64.b64decode(re.search(r'base64,([^"]+)"', text)[1])
    back = np.asarray(Image.open(io.BytesIO(content)))
    assert np.abs(back.astype(int) - image).max() <= 4


@pytest.mark.parametrize(("number", "text"), [(0, "no face"), (1, "1 face"), (12, "12 faces")])
def test_faces_are_counted_in_words(number, text):
    assert html.count_faces(number) == text
