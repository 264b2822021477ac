"""A camera's frame is checked by its header alone, before anything decodes it."""

import base64
import io

import pytest
from PIL import Image

from fer.images import ImageError
from fer.ui.live.camera_frames import DATA_URL_PREFIX, MAX_JPEG_BYTES, frame_bytes


def payload(content):
    return {"url": DATA_URL_PREFIX + base64.b64encode(content).decode()}


def jpeg(width, height):
    """Return a JPEG file that states a size; its picture has 16 x 16 pixels."""
    file = io.BytesIO()
    Image.new("L", (16, 16)).save(file, "JPEG")
    size = (16).to_bytes(2) * 2
    content = file.getvalue()
    assert content.count(size) == 1
    return content.replace(size, height.to_bytes(2) + width.to_bytes(2))


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_full_hd_is_passed_on(size):
    content = jpeg(*size)
    assert frame_bytes(payload(content)) == content


def test_more_pixels_are_refused_by_what_the_header_states():
    with pytest.raises(ImageError, match=r"too large \(2,048 x 1,536\).*1920 x 1080 at most"):
        frame_bytes(payload(jpeg(2048, 1536)))


def test_more_bytes_are_refused_before_they_are_decoded():
    with pytest.raises(ImageError, match=r"more than 1\.5 MB; choose a lower resolution"):
        frame_bytes({"url": DATA_URL_PREFIX + "#" * (MAX_JPEG_BYTES * 4 // 3 + 100)})
