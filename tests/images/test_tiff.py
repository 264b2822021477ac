"""TIFFs: their pages, and colours of more bits than Pillow reads."""

import io
import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from fer.images import ImageError, decode_image, read_image
from fer.images.tiff import choose_page
from tests.images.test_formats import FACE, NOTICE, UPRIGHT_FLAGS, WIDE, difference, encoded

BGR = np.ascontiguousarray(FACE[..., ::-1])
SMALL = np.ascontiguousarray(BGR[::4, ::4])
DARK = BGR.astype(np.uint16) * 16
FLOATS = (BGR / 255).astype(np.float32)


def tiff(*pages: np.ndarray) -> bytes:
    """Return a TIFF with some pages, grey or BGR, not compressed."""
    options = [cv2.IMWRITE_TIFF_COMPRESSION, 1]
    return cv2.imencodemulti(".tiff", list(pages), options)[1].tobytes()


def with_tag(content: bytes, tag: int, value: int) -> bytes:
    """Return a TIFF with another value of a tag that it has, of 16 bits."""
    at = content.index(struct.pack("<HHI", tag, 3, 1)) + 8
    return content[:at] + struct.pack("<H", value) + content[at + 2 :]


def linked(pages: int, content: bytes, loops: bool = False) -> bytes:
    """Return a TIFF of grey pages, which all have this content as a tag, and pixels of it.

    The last page leads to itself if it loops.
    """
    tags = [(256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8)]
    tags += [(278, 4, 1, 8), (279, 4, 1, 64), (65_000, 7, len(content), 8)]
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    first, step = 8 + len(content), len(table) + 4
    following = [first + step * number for number in range(1, pages)]
    following.append(first + step * (pages - 1) if loops else 0)
    tables = b"".join(table + struct.pack("<I", offset) for offset in following)
    return b"II*\0" + struct.pack("<I", first) + content + tables


@pytest.mark.parametrize(
    ("white", "notice"), [(1, None), (255, "from 0 to 255"), (4095, "brought to range")]
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floats_in_colour_are_read(white, notice, kind):
    read = decode_image(tiff(((BGR / 255) * white).astype(kind)))
    assert difference(read.pixels, FACE) < 6  # outliers are cut off
    assert len(read.notices) == bool(notice) and (not notice or notice in read.notices[0])


@pytest.mark.parametrize("orientation", UPRIGHT_FLAGS)
def test_floats_in_colour_are_set_upright(orientation):
    tall = FACE[:, :80]
    stored = np.asarray(Image.fromarray(tall).transpose(UPRIGHT_FLAGS[orientation]))
    content = tiff(stored[..., ::-1].astype(np.float32))
    at = content.index(struct.pack("<HHI", 284, 3, 1))  # in the place of another tag
    content = content[:at] + struct.pack("<H", 274) + content[at + 2 :]
    np.testing.assert_array_equal(read_image(with_tag(content, 274, orientation)), tall)


def test_floats_in_colour_have_a_limit_of_pixels():
    with pytest.raises(ImageError, match="too large"):
        read_image(tiff(FLOATS), max_pixels=1000)


def test_floats_in_colour_are_refused_earlier_than_other_pictures():
    """They take four times the memory."""
    content = with_tag(with_tag(tiff(FLOATS), 256, 5000), 257, 4001)
    with pytest.raises(ImageError, match=r"too large \(5,000 x 4,001\); at most 20 million"):
        read_image(content)


def test_what_would_be_read_as_noise_is_refused():
    """OpenCV and Pillow mix up channels of 16 bits that are stored one after the other."""
    for pixels in (DARK, FLOATS):
        with pytest.raises(ImageError, match="of a kind that can't be read"):
            read_image(with_tag(tiff(pixels), 284, 2))


@pytest.mark.parametrize("channels", [2, 5])
def test_floats_of_other_channels_are_refused(channels):
    with pytest.raises(ImageError, match="of a kind that can't be read"):
        read_image(with_tag(tiff(FLOATS), 277, channels))


def test_floats_with_alpha_are_refused():
    """Their colours may be hidden, and nothing says at which value of alpha."""
    with pytest.raises(ImageError, match="of a kind that can't be read"):
        read_image(tiff(np.dstack([FLOATS, np.zeros(FLOATS.shape[:2], np.float32)])))


GREY = np.ascontiguousarray(FACE[..., 1])


def test_unsigned_32_bits_are_not_read_as_signed():
    wide = GREY.astype(np.int32).view(np.uint32) * np.uint32(2**32 // 255)
    content = with_tag(tiff(wide.view(np.int32)), 339, 1)  # of OpenCV's writer as signed
    read = decode_image(content)
    assert np.corrcoef(read.pixels[..., 0].ravel(), GREY.ravel())[0, 1] > 0.99
    assert "brought to range" in read.notices[0]


@pytest.mark.parametrize("bits", [12, 16])
def test_16_bits_of_which_0_is_white_are_not_inverted(bits):
    top = (1 << bits) - 1
    stored = np.rint(top - GREY * (top / 255)).astype(np.uint16)
    read = read_image(with_tag(tiff(stored), 262, 0))
    np.testing.assert_array_equal(read[..., 0], GREY)


def test_signed_8_bits_go_from_black_to_white():
    content = tiff((GREY.astype(np.int16) - 128).astype(np.int8))
    np.testing.assert_array_equal(read_image(content)[..., 0], GREY)


def test_floats_whose_bits_are_stated_once_are_read():
    content = tiff(FLOATS)
    at = content.index(struct.pack("<HHI", 258, 3, 3))
    once = struct.pack("<HHII", 258, 3, 1, 32)
    assert difference(read_image(content[:at] + once + content[at + 12 :]), FACE) < 1


def test_a_damaged_tiff_of_floats_is_refused():
    content = tiff(FLOATS)
    for length in (9, len(content) // 2):
        with pytest.raises(ImageError, match="damaged"):
            read_image(content[:length])


def test_opencv_writes_lines_of_its_own_elsewhere(capfd):
    level = cv2.utils.logging.getLogLevel()
    with pytest.raises(ImageError, match="damaged"):
        read_image(with_tag(tiff(FLOATS), 259, 5))  # states a compression that it hasn't
    assert cv2.utils.logging.getLogLevel() == level
    assert capfd.readouterr().err == ""


def test_the_largest_page_of_a_tiff_is_read():
    large = Image.fromarray(FACE)
    small = large.resize((32, 32))
    read = decode_image(encoded(small, "TIFF", save_all=True, append_images=[large, small]))
    np.testing.assert_array_equal(read.pixels, FACE)
    assert "3 pages" in read.notices[0] and "page 2" in read.notices[0]
    scan = decode_image(encoded(large, "TIFF", save_all=True, append_images=[large.rotate(90)]))
    np.testing.assert_array_equal(scan.pixels, FACE)
    assert "2 pages" in scan.notices[0] and "first" in scan.notices[0]


@pytest.mark.parametrize(
    ("large", "notices"), [(DARK, [NOTICE.format(12)]), (FLOATS, []), (BGR, [])]
)
def test_a_page_after_a_small_one_is_read_with_all_its_bits(large, notices):
    read = decode_image(tiff(SMALL.astype(large.dtype), large))
    assert difference(read.pixels, FACE) < 1
    assert "page 2" in read.notices[0] and list(read.notices[1:]) == notices


def test_a_page_of_another_kind_than_the_first_is_read():
    assert difference(read_image(tiff(SMALL, FLOATS)), FACE) < 1


def test_tags_as_large_as_the_file_are_kept_of_no_page():
    content = linked(32, bytes(1_000_000))
    tracemalloc.start()
    try:
        choose_page(io.BytesIO(content))
        assert tracemalloc.get_traced_memory()[1] < 8 * len(content)
    finally:
        tracemalloc.stop()


def test_the_tags_of_many_pages_that_can_not_be_read_are_loaded_few_times(monkeypatch):
    first, *others = [np.zeros((side, side), np.uint8) for side in range(4, 36)]
    content = bytearray(tiff(first, *others))
    at = content.find(struct.pack("<HHI", 262, 3, 1)) + 12
    while (at := content.find(struct.pack("<HHI", 262, 3, 1), at)) > 0:
        content[at + 8 : at + 12] = struct.pack("<I", 9999)  # PhotometricInterpretation of no kind
        at += 12
    loads, load = [], ImageFileDirectory_v2.load
    monkeypatch.setattr(
        ImageFileDirectory_v2, "load", lambda tags, file: loads.append(1) or load(tags, file)
    )
    chosen, _ = choose_page(io.BytesIO(content))
    assert chosen.number == 0 and len(loads) < 4 * 32


@pytest.mark.parametrize(("pages", "notices"), [(1, 0), (2, 1)])
def test_a_page_that_leads_back_is_counted_once(pages, notices):
    read = decode_image(linked(pages, bytes(range(64)), loops=True))
    assert len(read.notices) == notices and all("2 pages;" in line for line in read.notices)


def test_a_profile_of_a_later_page_of_floats_is_applied():
    content = tiff(SMALL[:4, :4].astype(np.float32), np.full((8, 8, 3), (51, 51, 234), np.float32))
    plain = read_image(content)
    at = content.rindex(struct.pack("<HHI", 284, 3, 1))  # in the place of another tag
    profiled = content[:at] + struct.pack("<HHII", 34_675, 7, len(WIDE), len(content))
    profiled += content[at + 12 :] + WIDE
    assert difference(read_image(profiled), plain) > 5


def planar(small: np.ndarray, large: np.ndarray) -> bytes:
    """Return a TIFF whose second page states channels that are stored one after the other."""
    content = tiff(small, large)
    at = content.rindex(struct.pack("<HHI", 284, 3, 1)) + 8
    return content[:at] + struct.pack("<H", 2) + content[at + 2 :]


@pytest.mark.parametrize(
    "content",
    [tiff(SMALL, BGR.astype(np.int16)), planar(SMALL.astype(np.uint16), DARK)],
    ids=["int16", "mixed up"],
)
def test_a_page_that_can_be_read_is_not_hidden_by_a_larger_one(content):
    read = decode_image(content)
    assert read.pixels.shape == SMALL.shape
    largest = "The file holds 2 pages; only the largest that can be read (page 1) is read."
    assert read.notices[0] == largest


def test_that_a_page_is_the_largest_is_stated_only_where_it_is():
    unread, small = BGR.astype(np.int16), SMALL[:4, :4]
    read = decode_image(tiff(small, unread, SMALL))
    assert read.notices[0].endswith("only the largest that can be read (page 3) is read.")
    read = decode_image(tiff(small, SMALL))
    assert read.notices[0].endswith("only the largest (page 2) is read.")


def test_pages_of_which_none_can_be_read_are_refused():
    for large in (SMALL, BGR):
        with pytest.raises(ImageError, match="of a kind that can't be read"):
            read_image(tiff(SMALL.astype(np.int16), large.astype(np.int16)))


@pytest.mark.parametrize("find", [bytes.index, bytes.rindex], ids=["first", "later"])
def test_a_page_that_is_far_too_large_is_refused_for_its_size(find):
    content = tiff(SMALL, BGR)
    for tag in (256, 257):
        at = find(content, struct.pack("<HHI", tag, 3, 1)) + 8
        content = content[:at] + struct.pack("<H", 30_000) + content[at + 2 :]
    with pytest.raises(ImageError, match="too large"):
        read_image(content)


def test_a_limit_of_pixels_is_that_of_the_page():
    with pytest.raises(ImageError, match="too large"):
        read_image(tiff(SMALL, BGR), max_pixels=SMALL.size)


def test_a_small_copy_of_what_is_not_read_is_reported():
    """As in a camera's raw file, whose own picture is no page."""
    read = decode_image(encoded(Image.fromarray(FACE), "TIFF", tiffinfo={254: 1}))
    assert read.notices == ("Only a small copy of the picture, which the file holds, is read.",)
