import io
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from fer.images import FORMATS, MAX_PIXELS, ImageError, as_rgb, encode_jpeg, read_image

NASTY = Path(__file__).parents[3] / "shared" / "samples" / "nasty"
FACE = data.astronaut()[50:178, 160:288]
GREY = np.arange(6, dtype=np.uint8).reshape(2, 3)


def encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that ends after saying how large it is, so nothing can be decoded."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    checked = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + checked + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def assert_one_sentence(message: str) -> None:
    assert message[0].isupper()
    assert message.endswith(".")
    assert ". " not in message
    assert "\n" not in message


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_keeps_the_picture(format):
    image = Image.fromarray(FACE)
    read = read_image(encoded(image, format))
    expected = image.quantize().convert("RGB") if format == "GIF" else image
    assert read.dtype == np.uint8
    assert read.shape == FACE.shape
    assert np.abs(read - np.asarray(expected, float)).mean() < 5


def test_a_limit_of_pixels_holds_before_any_is_decoded(monkeypatch):
    file = io.BytesIO()
    Image.new("RGB", (200, 100)).save(file, "JPEG")
    assert read_image(file.getvalue(), max_pixels=20_000).shape == (100, 200, 3)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    with pytest.raises(ImageError, match=r"too large \(200 x 100\)"):
        read_image(file.getvalue(), max_pixels=19_999)


def test_path_text_bytes_image_and_array_are_one(tmp_path):
    path = tmp_path / "face.of.somebody"
    Image.fromarray(FACE).save(path, "PNG")
    for source in (path, str(path), np.str_(path), path.read_bytes(), Image.open(path), FACE):
        np.testing.assert_array_equal(read_image(source), FACE)


def test_a_pipe_is_read_to_its_end():
    read, write = os.pipe()
    os.write(write, encoded(Image.fromarray(FACE[:24, :24]), "PNG"))
    os.close(write)
    np.testing.assert_array_equal(read_image(f"/dev/fd/{read}"), FACE[:24, :24])
    os.close(read)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"Exif\0\0rubbish", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_damaged_exif_leaves_the_picture_unrotated(exif):
    content = encoded(Image.fromarray(FACE), "JPEG", exif=exif)
    assert read_image(content).shape == FACE.shape


def test_cmyk_jpeg_is_not_inverted():
    read = read_image(encoded(Image.fromarray(FACE).convert("CMYK"), "JPEG"))
    assert np.abs(read - FACE.astype(float)).mean() < 8


@pytest.mark.parametrize(
    ("pixel", "expected"),
    [
        ((200, 0, 0, 255), (200, 0, 0)),  # opaque
        ((200, 0, 0, 0), (255, 255, 255)),  # transparent
        ((0, 0, 0, 51), (204, 204, 204)),  # a fifth of black
    ],
)
def test_transparency_is_flattened_on_white(pixel, expected):
    pixels = np.full((2, 2, 4), pixel, np.uint8)
    for source in (pixels, Image.fromarray(pixels), encoded(Image.fromarray(pixels), "PNG")):
        assert read_image(source)[1, 1].tolist() == list(expected)


def test_transparent_palette_and_grey_are_flattened_on_white():
    palette = Image.fromarray(GREY, "P")
    palette.putpalette([0, 0, 0] * 6)
    assert read_image(encoded(palette, "PNG", transparency=2))[0, :, 0].tolist() == [0, 0, 255]
    grey = encoded(Image.fromarray(GREY), "PNG", transparency=2)
    assert read_image(grey)[0, :, 0].tolist() == [0, 1, 255]


def test_16_bit_grey_uses_its_whole_range():
    deep = np.array([[0, 257 * 100, 65535]], np.uint16)
    for source in (deep, Image.fromarray(deep), encoded(Image.fromarray(deep), "PNG")):
        assert read_image(source)[0, :, 1].tolist() == [0, 100, 255]
    assert read_image(Image.fromarray(deep.astype(np.int32)))[0, :, 1].tolist() == [0, 100, 255]
    assert as_rgb(deep.astype(">u2"))[0, :, 1].tolist() == [0, 100, 255]


def test_what_numpy_cannot_read_gets_a_sentence():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("Can't call numpy(). Use tensor.detach().\nMore of this.")

    with pytest.raises(ImageError, match=r"^The Tensor is no array for NumPy: .*detach\(\)\.$"):
        read_image(Tensor())


def test_one_pixel():
    assert read_image(encoded(Image.new("RGB", (1, 1), "red"), "PNG")).tolist() == [[[255, 0, 0]]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"Dear all, here is my holiday photo.", "not a picture"),
        (encoded(Image.fromarray(FACE), "JPEG")[:3000], "damaged or cut off"),
        (encoded(Image.fromarray(FACE), "PNG")[:9000], "damaged or cut off"),
        (encoded(Image.fromarray(FACE), "WEBP")[:600], "damaged or cut off"),
        (encoded(Image.fromarray(FACE), "AVIF")[:600], "damaged or cut off"),
        (encoded(Image.fromarray(FACE), "AVIF")[:40], "damaged or cut off"),
        (encoded(Image.fromarray(FACE), "GIF")[:10], "damaged or cut off"),
        (encoded(Image.fromarray(FACE), "EPS"), "not a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC photo is damaged"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC photo is damaged"),
        (encoded(Image.fromarray(FACE), "ICO"), "not a picture"),  # would be decoded at once
        (png_header(30_000, 30_000), "too large"),  # Pillow refuses it
        (png_header(9_000, 9_000), r"too large \(9,000 x 9,000\)"),  # we do
    ],
)
def test_unreadable_files_get_one_sentence(content, message, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    for source in (content, path):
        with pytest.raises(ImageError, match=message) as caught:
            read_image(source)
        assert_one_sentence(str(caught.value))


def test_the_limit_is_below_the_one_that_pillow_warns_of():
    assert MAX_PIXELS < Image.MAX_IMAGE_PIXELS


def test_missing_file_folder_and_impossible_name(tmp_path):
    for path, message in (
        (tmp_path / "none.jpg", "no file"),
        (tmp_path, "folder"),
        ("a\0b", "can't be opened"),
        ("data:image/png;base64," + "A" * 100_000, "can't be opened"),
    ):
        with pytest.raises(ImageError, match=message) as caught:
            read_image(path)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("source", [None, 3, [[0, 1]]])
def test_another_type_is_a_type_error(source):
    with pytest.raises(TypeError, match="path, bytes, an open file, a PIL image or an array"):
        read_image(source)


class Download(io.RawIOBase):
    """A file that can't be sought, as a response of a server."""

    def __init__(self, content):
        self.content = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.content.readinto(buffer)


def test_an_open_file_is_read_from_its_start_and_stays_open(tmp_path):
    memory = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), 90, np.uint8)).save(memory, "PNG")  # now at its end
    for opened in (memory, Download(memory.getvalue())):
        assert read_image(opened).shape == (4, 6, 3)
        assert not opened.closed


def test_an_open_file_that_gives_no_bytes_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    closed = io.BytesIO(b"")
    closed.close()
    with (tmp_path / "a.png").open(encoding="latin-1") as text:
        for opened, why in (
            (text, r"doesn't give bytes; open it with open\(path, 'rb'\)"),
            (io.StringIO("text"), "doesn't give bytes"),
            (closed, "can't be read: .* closed file"),
            (io.BytesIO(b""), "is empty"),
        ):
            with pytest.raises(ImageError, match=why):
                read_image(opened)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, GREY),
        (GREY[..., None], GREY),
        (GREY.astype(np.int64), GREY),
        (GREY.astype(np.float32) / 255, GREY),
        (GREY.astype(np.float64) / 255, GREY),
        (GREY.astype(np.float16) / 255, GREY),
        (GREY > 2, (GREY > 2) * 255),
        (np.full((2, 3), 128.0), np.full((2, 3), 128)),
        (np.array([[-3.0, 258.0]]), np.array([[0, 255]])),  # as resizing overshoots
        (np.array([[-0.03, 1.02]]), np.array([[0, 255]])),
        (np.array([[0, 4095]], np.uint16), np.array([[0, 255]])),  # 12 bits
        (np.array([[7, 200]], np.uint16), np.array([[7, 200]])),  # 8 bits
        (np.tile(GREY[None], (1, 2, 3)), np.tile(GREY, (2, 3))),  # (1, h, w)
        (GREY.view(np.memmap), GREY),
        (np.ma.masked_array(GREY), GREY),
        (GREY[::-1, ::-1], GREY[::-1, ::-1]),
        (GREY[:, ::-1], GREY[:, ::-1]),
    ],
)
def test_grey_arrays_become_three_equal_channels(array, expected):
    rgb = as_rgb(array)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, np.stack([expected] * 3, axis=2))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((3, 20, 30), np.uint8), "shape"),  # channels first
        (np.zeros((2, 4, 4, 3), np.uint8), "shape"),  # several pictures
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        (np.full((4, 4), 300), "from 0 to 255"),
        (np.full((4, 4), -1), "from 0 to 255"),
        (np.full((4, 4), 3.0), "from 0 to 1"),
        (np.full((4, 4), 300.0), "from 0 to 255"),
        (np.linspace(-1, 1, 16).reshape(4, 4), "from 0 to 1"),
        (np.full((4, 4), np.nan), "holds NaN"),
        (np.full((4, 4), "a"), "holds numbers"),
        (np.full((4, 4), None), "holds numbers"),
        (np.full((4, 4), 1j), "holds numbers"),
    ],
)
def test_arrays_that_could_mean_several_things_are_refused(array, message):
    with pytest.raises(ImageError, match=message) as caught:
        read_image(array)
    assert_one_sentence(str(caught.value))


def test_alpha_of_16_bits_does_not_darken_colours_of_12():
    deep = np.dstack([FACE.astype(np.uint16) * 16, np.full(FACE.shape[:2], 65_535, np.uint16)])
    np.testing.assert_allclose(as_rgb(deep), FACE, atol=1)


def test_faint_alpha_of_16_bits_stays_faint():
    full = np.full((*FACE.shape[:2], 1), 65_535, np.uint16)
    black = np.concatenate([full * 0, full * 0, full, full // 5], axis=2)
    assert as_rgb(black)[0, 0].tolist() == [204, 204, 255]


def test_rgb_arrays_pass_untouched():
    assert as_rgb(FACE.copy()).tobytes() == FACE.tobytes()
    frame = FACE.copy()
    assert as_rgb(frame) is frame


def test_encode_jpeg_round_trip_and_quality():
    content = encode_jpeg(FACE)
    assert content[:2] == b"\xff\xd8"
    assert np.abs(read_image(content) - FACE.astype(float)).mean() < 4
    assert len(encode_jpeg(FACE, quality=30)) < len(content)
    with pytest.raises(ImageError, match="65,500"):
        encode_jpeg(np.zeros((1, 65_501, 3), np.uint8))


@pytest.mark.skipif(not NASTY.is_dir(), reason="the folder of hostile files is not here")
def test_hostile_files():
    for entry in json.loads((NASTY / "manifest.json").read_text()):
        refused = "clear error" in entry["expected"] and "normal" not in entry["expected"]
        if refused or entry["file"].endswith(".mp4"):
            with pytest.raises(ImageError) as caught:
                read_image(NASTY / entry["file"])
            assert_one_sentence(str(caught.value))
        else:
            picture = read_image(NASTY / entry["file"])
            assert picture.dtype == np.uint8
            assert 20 < picture.mean() < 235


def with_scans(copies):
    """Return a progressive JPEG one of whose scans comes so many times."""
    file = io.BytesIO()
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(picture).save(file, "JPEG", progressive=True)
    jpeg = file.getvalue()
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * copies + b"\xff\xd9"


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once():
    assert read_image(with_scans(50)).shape == (64, 64, 3)
    with pytest.raises(ImageError, match="too many scans"):
        read_image(with_scans(5000))


def test_data_after_a_jpeg_is_not_counted():
    assert read_image(with_scans(1) + b"\xff\xda\x00\x02" * 500).shape == (64, 64, 3)


def test_a_film_as_avif_without_a_clock_is_refused():
    file = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), name) for name in ("red", "green", "blue")]
    frames[0].save(file, "AVIF", save_all=True, append_images=frames[1:])
    content = bytearray(file.getvalue())
    at = content.index(b"mdhd") + 4
    at += 20 if content[at] == 1 else 12
    content[at : at + 4] = bytes(4)
    with pytest.raises(ImageError):
        read_image(bytes(content))


@pytest.mark.parametrize(("low", "high"), [(0, 65_536), (-5, 200), (0, 2**31 - 1), (-(2**31), 7)])
def test_integers_of_any_range_are_brought_to_range(low, high):
    values = np.full((8, 8), low, np.int32)
    values[4:] = high
    content = io.BytesIO()
    Image.fromarray(values).save(content, "TIFF")
    assert read_image(content.getvalue())[::7, 0, 0].tolist() == [0, 255]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_an_array_without_a_number_somewhere_is_refused_for_that(kind, value):
    pixels = np.full((4, 5, 3), 0.5, kind)
    pixels[1, 2, 0] = value
    with pytest.raises(ImageError, match="holds NaN or infinity") as error:
        as_rgb(pixels)
    assert_one_sentence(str(error.value))


def test_an_empty_path_is_refused_for_that():
    with pytest.raises(ImageError, match="path is empty"):
        read_image("")
