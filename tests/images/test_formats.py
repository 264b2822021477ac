"""HEIC, orientation flags, colour profiles, pages, deep and large pictures."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from fer.images import MAX_PIXELS, ImageError, decode_image, opening, read_image
from tests.images.heic import heic
from tests.video.test_tone_mapping import HLG_WHITE, PQ_WHITE

FACE = data.astronaut()[48:176, 160:288]
UPRIGHT_FLAGS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation -> how a picture is stored under it."""


def encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def difference(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(float) - other).mean())


@pytest.fixture(scope="module")
def tall():
    """A picture whose sides differ."""
    return data.astronaut()[32:192, 160:288]


@pytest.mark.parametrize("turns", range(4))
def test_heic_is_read_and_turned(tall, turns):
    read = decode_image(heic(tall, turns))
    assert difference(read.pixels, np.rot90(tall, turns)) < 4
    assert read.notices == ()


def test_heic_that_is_cut_off_or_too_large_is_refused(tall):
    content = heic(tall)
    with pytest.raises(ImageError, match="damaged or cut off"):
        read_image(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"too large \(30,000 x 30,000\)"):
        read_image(heic(tall, size=(30_000, 30_000)))


def test_heic_whose_header_states_too_small_a_size(tall):
    with pytest.raises(ImageError, match="damaged"):
        read_image(heic(tall, size=(8, 8)))


def avif(picture: np.ndarray, primaries: int, transfer: int) -> bytes:
    """Return a picture with stated colours (ITU-T H.273), as do `png` and `heic_of`."""
    content = encoded(Image.fromarray(picture), "AVIF")
    at = content.index(b"colrnclx") + 8
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


def png(picture: np.ndarray, primaries: int, transfer: int) -> bytes:
    return with_colors(encoded(Image.fromarray(picture), "PNG"), primaries, transfer)


def with_colors(content: bytes, primaries: int, transfer: int) -> bytes:
    """Return a PNG with stated colours."""
    return content[:33] + chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + content[33:]


def heic_of(picture: np.ndarray, primaries: int, transfer: int) -> bytes:
    return heic(picture, colors=(primaries, transfer))


@pytest.mark.parametrize(
    ("primaries", "transfer", "white", "expected"),
    [(9, 16, PQ_WHITE, 249), (9, 18, HLG_WHITE, 249), (1, 13, 0.5, 127.5)],
)
@pytest.mark.parametrize("make", [avif, png, heic_of])
def test_white_of_an_hdr_photo_is_nearly_the_brightest(make, primaries, transfer, white, expected):
    stored = np.full((32, 32, 3), round(255 * white), np.uint8)
    read = read_image(make(stored, primaries, transfer))
    assert read.mean() == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("make", [avif, png])
def test_transparent_hdr_is_laid_on_white(make):
    stored = np.full((32, 32, 4), round(255 * PQ_WHITE / 2), np.uint8)
    stored[:16, :, 3], stored[16:, :, 3] = 0, 255
    read = read_image(make(stored, 9, 16))
    opaque = read_image(make(np.ascontiguousarray(stored[16:, :, :3]), 9, 16))
    assert read[:12].min() > 250 and difference(read[20:], opaque[4:]) < 3


@pytest.mark.parametrize(
    ("mode", "color", "options"),
    [("LA", (90, 0), {}), ("RGB", (90, 90, 90), {"transparency": (90, 90, 90)})],
)
def test_transparency_of_all_kinds_is_kept_in_hdr(mode, color, options):
    content = encoded(Image.new(mode, (8, 8), color), "PNG", **options)
    assert read_image(with_colors(content, 9, 16)).min() == 255


def test_deep_grey_that_states_hdr_is_read_by_its_bits():
    grey = FACE[..., 0].astype(np.uint16) * 257
    np.testing.assert_array_equal(read_image(png(grey, 9, 16))[..., 0], FACE[..., 0])


def test_dark_hdr_of_16_bits_is_mapped_not_brightened():
    dark = np.full((32, 32, 3), 60 * 257, np.uint16)
    deep = decode_image(with_colors(cv2.imencode(".png", dark)[1].tobytes(), 9, 16))
    plain = read_image(png((dark >> 8).astype(np.uint8), 9, 16))
    np.testing.assert_array_equal(deep.pixels, plain)
    assert deep.notices == ()


@pytest.mark.parametrize("orientation", UPRIGHT_FLAGS)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_orientation_flags_of_all_formats(tall, format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(tall).transpose(UPRIGHT_FLAGS[orientation])
    assert difference(read_image(encoded(stored, format, exif=exif)), tall) < 6


def wide_gamut() -> ImageCms.ImageCmsProfile:
    """Return a profile whose red, green and blue are more saturated than sRGB's."""

    def curve() -> bytes:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)

    def point(*xyz: float) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in xyz))

    def text(value: bytes) -> bytes:
        return b"desc" + bytes(4) + struct.pack(">I", len(value) + 1) + value + bytes(79)

    tags = {  # Display P3, adapted to D50
        b"desc": text(b"Wide"),
        b"cprt": b"text" + bytes(4) + b"CC0\0",
        b"wtpt": point(0.9642, 1.0, 0.8249),
        b"rXYZ": point(0.5151, 0.2412, -0.0011),
        b"gXYZ": point(0.2919, 0.6922, 0.0419),
        b"bXYZ": point(0.1572, 0.0666, 0.7841),
        b"rTRC": curve(),
        b"gTRC": curve(),
        b"bTRC": curve(),
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", offset + len(body), len(value))
        body += value
    size = offset + len(body)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += bytes(68 - len(head)) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


WIDE = wide_gamut()

NOTICE = "The picture uses {} of its 16 bits; it was brightened to the full range."


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_profile_is_applied(format):
    # Red of sRGB in the coordinates of the wide profile.
    stored = Image.new("RGB", (32, 32), (234, 51, 35))
    red, green, blue = read_image(encoded(stored, format, icc_profile=WIDE)).mean(axis=(0, 1))
    assert red > 249 and green < 16 and blue < 16
    assert read_image(encoded(stored, format)).mean(axis=(0, 1))[1] > 40


def test_a_profile_leaves_transparency_and_palettes():
    clear = Image.new("RGBA", (8, 8), (234, 51, 35, 0))
    assert read_image(encoded(clear, "PNG", icc_profile=WIDE)).min() == 255
    palette = Image.new("RGB", (8, 8), (234, 51, 35)).quantize(2)
    assert read_image(encoded(palette, "PNG", icc_profile=WIDE))[0, 0, 0] > 249


def test_a_bmp_without_a_visible_pixel_has_no_transparency():
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    pixels = np.dstack([FACE[::-1, :, ::-1], np.zeros(FACE.shape[:2], np.uint8)]).tobytes()
    height, width = FACE.shape[:2]
    sizes = (108, width, height, 1, 32, 3, len(pixels), 0, 0, 0, 0)
    head = struct.pack("<2sIHHI", b"BM", 122 + len(pixels), 0, 0, 122)
    bmp = head + struct.pack("<IiiHHIIiiII", *sizes) + masks + pixels
    np.testing.assert_array_equal(read_image(bmp), FACE)


@pytest.mark.parametrize("alpha", [255, 128])
def test_transparency_is_laid_on_white_before_a_profile_is_applied(alpha):
    stored = Image.new("RGBA", (32, 32), (234, 51, 35, alpha))
    blended = [round((value * alpha + 255 * (255 - alpha)) / 255) for value in (234, 51, 35)]
    expected = read_image(
        encoded(Image.new("RGB", (32, 32), tuple(blended)), "PNG", icc_profile=WIDE)
    )
    before = stored.copy()
    stored.info["icc_profile"] = WIDE
    assert np.abs(read_image(stored).astype(int) - expected).max() <= 1
    assert stored.tobytes() == before.tobytes()


def test_a_profile_that_is_not_to_be_trusted_stays_unread():
    content = encoded(Image.new("RGB", (32, 32), (234, 51, 35)), "JPEG", icc_profile=WIDE)
    assert 230 < read_image(content, apply_profile=False)[0, 0, 0] < 238


@pytest.mark.parametrize("profile", [b"rubbish", WIDE[:200], WIDE[:128] + bytes(400)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_broken_or_foreign_profile_is_ignored(mode, profile):
    image = Image.fromarray(FACE).convert(mode)
    plain, profiled = (
        read_image(encoded(image, "JPEG", **options)) for options in ({}, {"icc_profile": profile})
    )
    np.testing.assert_array_equal(plain, profiled)


@pytest.mark.parametrize(
    ("kind", "white"), [(np.uint8, 255), (np.uint16, 65_535), (np.int32, 65_535), (np.float32, 1)]
)
def test_a_profile_for_other_channels_is_ignored(kind, white):
    grey = Image.fromarray((FACE[..., 0] * (white / 255)).astype(kind))
    plain, profiled = (
        read_image(encoded(grey, "TIFF", **options)) for options in ({}, {"icc_profile": WIDE})
    )
    np.testing.assert_array_equal(plain, profiled)


def test_a_transparent_value_of_deep_grey_leaves_the_others():
    deep = Image.fromarray(FACE[..., 0].astype(np.uint16) * 257)
    read = read_image(encoded(deep, "PNG", transparency=65_535))
    np.testing.assert_array_equal(read[..., 0], FACE[..., 0])


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_unused_bits_do_not_darken_grey(format, bits):
    grey = np.asarray(Image.fromarray(FACE).convert("L"))
    deep = (grey.astype(np.uint32) * ((1 << bits) - 1) // 255).astype(np.uint16)
    read = decode_image(encoded(Image.fromarray(deep), format))
    assert difference(read.pixels[..., 0], grey) < 1
    assert len(read.notices) == 1 and f"{bits} of its 16 bits" in read.notices[0]


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_unused_bits_do_not_darken_colours(bits, orientation):
    deep = (FACE.astype(np.uint32) * ((1 << bits) - 1) // 255).astype(np.uint16)
    content = cv2.imencode(".png", np.ascontiguousarray(deep[..., ::-1]))[1].tobytes()
    if orientation != 1:
        content = content[:33] + exif_chunk(orientation) + content[33:]
    read = decode_image(content)
    expected = FACE if orientation == 1 else np.rot90(FACE, -1)
    assert difference(read.pixels, expected) < 1
    assert read.notices == (() if bits == 16 else (NOTICE.format(bits),))


@pytest.mark.parametrize("form", [".png", ".tiff"])
@pytest.mark.parametrize("opaque", [True, False])
def test_unused_bits_do_not_darken_colours_with_alpha(form, opaque):
    """Programs write an alpha channel that hides nothing."""
    alpha = np.full(FACE.shape[:2], 65_535, np.uint16)
    alpha[:3] *= opaque
    deep = np.dstack([FACE[..., ::-1].astype(np.uint16) * 16, alpha])
    read = decode_image(cv2.imencode(form, deep)[1].tobytes())
    assert (difference(read.pixels, FACE) < 1) == opaque
    assert read.notices == ((NOTICE.format(12),) if opaque else ())


def test_unused_bits_do_not_darken_a_colour_tiff():
    deep = FACE.astype(np.uint16) * 16
    for compression in (1, 5):  # none, LZW
        options = [cv2.IMWRITE_TIFF_COMPRESSION, compression]
        content = cv2.imencode(".tiff", np.ascontiguousarray(deep[..., ::-1]), options)[1]
        read = decode_image(content.tobytes())
        assert difference(read.pixels, FACE) < 1 and read.notices == (NOTICE.format(12),)


def exif_chunk(orientation: int) -> bytes:
    """Return a PNG's chunk that states its orientation."""
    tag = b"\x01\x12\0\3\0\0\0\1" + bytes([0, orientation])
    return chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\1" + tag + bytes(6))


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


@pytest.mark.parametrize(
    ("low", "high", "notice"),
    [
        (0, 1, None),
        (0, 255, "from 0 to 255"),
        (0, 4095, "brought to range"),
        (0, 0.01, "brought to range"),
        (-1, 1, "brought to range"),
        (1e6, 3e6, "brought to range"),
    ],
)
def test_float_pictures_of_any_range_are_read(low, high, notice):
    grey = np.asarray(Image.fromarray(FACE).convert("L"))
    span = (grey - float(grey.min())) / np.ptp(grey)
    values = (low + span * (high - low)).astype(np.float32)
    read = decode_image(encoded(Image.fromarray(values), "TIFF"))
    assert difference(read.pixels[..., 0], span * 255) < 9  # outliers are cut off
    assert len(read.notices) == bool(notice) and (not notice or notice in read.notices[0])


def test_values_that_are_no_numbers_are_black_and_reported():
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8).copy()
    values[3, 3], values[4, 4] = np.nan, np.inf
    read = decode_image(encoded(Image.fromarray(values), "TIFF"))
    assert read.pixels[3, 3].max() == read.pixels[4, 4].max() == 0 and read.pixels.max() == 255
    assert "without a value" in read.notices[0]
    with pytest.raises(ImageError, match="no numbers"):
        read_image(encoded(Image.fromarray(values * np.nan), "TIFF"))


@pytest.mark.parametrize(
    ("high", "white"), [(0.01, "0.01"), (40_000, "40,000"), (3e6, "3,000,000"), (1e30, "1e+30")]
)
def test_the_range_is_in_plain_digits(high, white):
    values = np.full((40, 50), high, np.float32)
    values[::2] = 0
    read = decode_image(encoded(Image.fromarray(values), "TIFF"))
    assert read.notices == (
        f"The picture's values were brought to range: 0 became black, {white} white.",
    )


@pytest.mark.parametrize("value", [0.0, 0.5, 200.0, -7.0, 1e30])
def test_a_constant_float_picture_is_constant(value):
    read = read_image(encoded(Image.fromarray(np.full((8, 8), value, np.float32)), "TIFF"))
    assert len(np.unique(read)) == 1


def test_an_animation_is_reported():
    black, white = (Image.new("RGB", (4, 4), colour) for colour in ("black", "white"))
    for format in ("GIF", "WEBP", "PNG", "AVIF"):
        read = decode_image(encoded(black, format, save_all=True, append_images=[white]))
        assert read.pixels.max() < 5 and "animated" in read.notices[0]


@pytest.mark.parametrize("format", ["JPEG", "MPO"])
def test_a_jpeg_beyond_the_limit_is_decoded_smaller(monkeypatch, format):
    content = encoded(Image.fromarray(FACE), format)
    monkeypatch.setattr(opening, "MAX_PIXELS", 64 * 64)
    read = decode_image(content)
    assert read.pixels.shape == (64, 64, 3)
    small = np.asarray(Image.fromarray(FACE).resize((64, 64), Image.Resampling.BOX))
    assert difference(read.pixels, small) < 4
    assert "128 x 128" in read.notices[0] and "1/2" in read.notices[0]
    monkeypatch.setattr(opening, "MAX_SCALED_PIXELS", 100 * 100)
    with pytest.raises(ImageError, match="too large"):
        read_image(content)


def test_the_header_of_a_108_megapixel_photo_is_accepted():
    """The size is above the limit at which Pillow warns; nothing of it is decoded here."""
    content = bytearray(encoded(Image.fromarray(FACE), "JPEG"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = (9000).to_bytes(2, "big") + (12000).to_bytes(2, "big")
    image, notices = opening.open_image(io.BytesIO(bytes(content)))
    assert image.size == (6000, 4500) and len(notices) == 1
    assert MAX_PIXELS < 12000 * 9000


PIL_MODES = (
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB"),
    *("HSV", "I", "F", "I;16", "I;16B", "I;16L"),
)


@pytest.mark.parametrize("mode", PIL_MODES)
def test_pil_images_of_every_mode_are_read(mode):
    image = Image.fromarray(FACE)
    steps = {"La": "LA", "RGBa": "RGBA", "PA": "P", "I": "L", "F": "L", "LAB": "RGB"}
    if mode.startswith("I;16"):
        image = Image.fromarray(FACE[..., 0].astype(np.uint16) * 257)
        expected = FACE[..., 0]
        if mode == "I;16B":
            image = Image.frombytes(mode, image.size, np.asarray(image).astype(">u2").tobytes())
        assert difference(read_image(image)[..., 0], expected) < 1
        return
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, srgb, lab, outputMode=mode)
    else:
        image = image.convert(steps.get(mode, mode)).convert(mode)
    read = np.asarray(Image.fromarray(read_image(image)).resize((16, 16))).mean(axis=2)
    grey = np.asarray(Image.fromarray(FACE).convert("L").resize((16, 16)))
    assert difference(read, grey) < 20
