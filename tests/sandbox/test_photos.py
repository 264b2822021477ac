"""Photos decoded by workers: the same pixels and sentences, and an end in time."""

import io
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from fer.images import ImageError, read_image
from fer.sandbox import Message, photos, worker
from fer.sandbox.photos import PhotoReader
from tests.images.heic import heic
from tests.sandbox import works

SIZE = (300, 400, 3)
"""Of a picture that no connection takes at once."""


@pytest.fixture(scope="module")
def reader():
    return PhotoReader()


def encoded(form, **options):
    file = io.BytesIO()
    picture = np.random.default_rng(0).integers(0, 256, SIZE, np.uint8)
    Image.fromarray(picture).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "JPEG2000", "BMP"])
def test_pixels_are_the_same(reader, form):
    content = encoded(form)
    assert np.array_equal(reader.read(content).pixels, read_image(content))


def test_heic_and_notices_come_through(reader):
    picture = np.random.default_rng(0).integers(90, 160, (64, 80, 3), np.uint8)
    assert np.array_equal(reader.read(heic(picture)).pixels, read_image(heic(picture)))
    dark = io.BytesIO()
    Image.fromarray(picture[..., 0].astype(np.uint16) * 16).save(dark, "PNG")
    assert "12 of its 16 bits" in reader.read(dark.getvalue()).notices[0]


def test_dark_colours_are_brightened(reader):
    picture = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    content = cv2.imencode(".png", picture.astype(np.uint16) * 16)[1].tobytes()
    np.testing.assert_allclose(reader.read(content).pixels, picture[..., ::-1], atol=2)


def test_what_opencv_and_tone_mapping_read_comes_through(reader):
    picture = np.random.default_rng(0).integers(90, 160, (64, 80, 3), np.uint8)
    floats = cv2.imencode(".tiff", picture.astype(np.float32))[1].tobytes()
    for content in (floats, heic(picture, colors=(9, 16))):
        assert np.array_equal(reader.read(content).pixels, read_image(content))


def test_turned_photos_come_upright(reader):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert reader.read(encoded("JPEG", exif=exif)).pixels.shape == (400, 300, 3)


@pytest.mark.parametrize("content", [b"", b"no picture", encoded("PNG")[:200]])
def test_sentences_are_the_same(reader, content):
    with pytest.raises(ImageError) as here:
        read_image(content)
    with pytest.raises(ImageError) as there:
        reader.read(content)
    assert str(here.value) == str(there.value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"height": [], "width": 1, "notices": []},
        {"height": 9, "width": 9, "notices": []},
        {"height": -1, "width": 1, "notices": []},
        {"height": float("inf"), "width": 1, "notices": []},
        {"height": 1, "width": 1, "notices": 3},
    ],
)
def test_a_result_of_another_form_is_a_sentence(monkeypatch, fields):
    result = Message("pixels", fields, b"abc")
    monkeypatch.setattr(photos, "_decode_in_worker", lambda content: result)
    with pytest.raises(ImageError, match="breaks the reader"):
        PhotoReader().read(b"")


def test_no_worker_reads_two_photos(reader, monkeypatch):
    monkeypatch.setattr(photos, "_work", works.refuse)
    numbers = set()
    for _ in range(4):
        with pytest.raises(ImageError) as error:
            reader.read(b"")
        numbers.add(int(str(error.value)))
    assert len(numbers) == 4


def test_a_worker_that_ends_costs_the_next_photo_nothing(reader, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(ImageError, match="breaks the reader"):
        patch.setattr(photos, "_work", works.crash)
        reader.read(encoded("PNG"))
    assert reader.read(encoded("PNG")).pixels.shape == SIZE


def test_a_worker_with_threads_without_end_is_ended_before_its_time(reader, monkeypatch):
    monkeypatch.setattr("fer.sandbox.limits.MAX_THREADS", 30)
    monkeypatch.setattr(photos, "_work", works.multiply)
    with pytest.raises(ImageError, match="breaks the reader"):  # not: takes too long
        reader.read(encoded("PNG"))


def test_where_no_worker_starts_the_photo_is_not_to_blame(reader, monkeypatch):
    def refuse():
        raise OSError("Too many open files")

    monkeypatch.setattr(worker._context, "Pipe", refuse)
    with pytest.raises(ImageError, match="Many photos are being read"):
        reader.read(encoded("PNG"))


def test_a_photo_that_waits_too_long_for_others_is_refused(reader, monkeypatch):
    monkeypatch.setattr(photos, "_QUEUE_TIMEOUT", 0.1)
    refused = pytest.raises(ImageError, match="Many photos are being read")
    with reader._places, reader._places, refused:
        reader.read(encoded("PNG"))
    assert reader.read(encoded("PNG")).pixels.shape == SIZE


def test_a_photo_that_takes_too_long_costs_the_next_one_nothing(reader, monkeypatch):
    large = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(large, "PNG", compress_level=1)
    monkeypatch.setattr(photos, "SECONDS", 0.05)
    with pytest.raises(ImageError, match="takes too long to read"):
        reader.read(large.getvalue())
    monkeypatch.undo()
    assert reader.read(encoded("PNG")).pixels.shape == SIZE


def test_a_jpeg2000_that_decodes_for_long_is_ended_in_time(reader, monkeypatch):
    """OpenJPEG holds the interpreter while it decodes, so no thread of its own could end it."""
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(noise).save(content, "JPEG2000")  # noise takes longest
    before = time.perf_counter()
    read_image(content.getvalue())
    whole = time.perf_counter() - before
    reader.read(encoded("PNG"))  # the server of workers has started
    monkeypatch.setattr(photos, "SECONDS", whole / 10)
    before = time.perf_counter()
    with pytest.raises(ImageError) as error:
        reader.read(content.getvalue())
    assert time.perf_counter() - before < whole
    assert str(error.value) == "This photo takes too long to read; save it anew as JPEG or PNG."
    monkeypatch.undo()
    assert reader.read(encoded("PNG")).pixels.shape == SIZE


@pytest.mark.slow
def test_the_largest_photo_fits_the_memory(reader):
    large = io.BytesIO()
    Image.new("RGBA", (8944, 8944), (0, 0, 0, 9)).save(large, "PNG", compress_level=1)
    assert reader.read(large.getvalue()).pixels.shape == (8944, 8944, 3)
