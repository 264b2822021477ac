"""Decoded frames as upright RGB pictures of one size, for ordinary screens."""

import av
import cv2
import numpy as np
from av.sidedata.sidedata import SideData
from PIL import Image

from fer.array_types import Int64Array, UInt8Array
from fer.images.pixels import flatten_on_white
from fer.video.tone_mapping import needs_tone_mapping, tone_map

_UNSPECIFIED_COLORSPACE = 2
"""AVColorSpace of a file that states none."""

_BT709_FROM_HEIGHT = 720
"""Pixels of height from which players take a frame without a stated colour space as BT.709."""


class FrameConverter:
    """Converts a video's frames to upright RGB.

    Args:
        first: The first frame; the others get its orientation and its shape.
        size: Width and height of the pictures before they are turned, in pixels.
    """

    def __init__(self, first: av.VideoFrame, size: tuple[int, int]) -> None:
        self._first_width, self._first_height = first.width, first.height
        self._size = size
        self._matrix = display_matrix(first)

    @property
    def is_rotated(self) -> bool:
        """Whether frames are turned by a quarter, so that width and height change places."""
        return bool(self._matrix[0, 0] == 0 and self._matrix[0, 1] != 0)

    def convert(self, frame: av.VideoFrame) -> UInt8Array:
        """Return a frame as RGB uint8 (h, w, 3), upright."""
        return _apply_display_matrix(self._letterboxed(frame), self._matrix, self.is_rotated)

    def _letterboxed(self, frame: av.VideoFrame) -> UInt8Array:
        """Return RGB uint8 (h, w, 3), not yet turned.

        A frame of another shape than the first, as of a phone that was turned, gets black bars.
        """
        (width, height), (inner_width, inner_height) = self._size, self._fitted_size(frame)
        pixels = _to_rgb(frame, inner_width, inner_height)
        if (inner_width, inner_height) == (width, height):
            return pixels
        left, top = (width - inner_width) // 2, (height - inner_height) // 2
        barred = np.zeros((height, width, 3), np.uint8)
        barred[top : top + inner_height, left : left + inner_width] = pixels
        return barred

    def _fitted_size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """Return the largest width and height of a frame's own shape within the size."""
        width, height = self._size
        aspect = frame.width / frame.height / (self._first_width / self._first_height)
        aspect *= width / height
        return min(width, max(1, round(height * aspect))), min(
            height, max(1, round(width / aspect))
        )


def _to_rgb(frame: av.VideoFrame, width: int, height: int) -> UInt8Array:
    """Return RGB uint8 (height, width, 3), on white where a frame is transparent.

    One that is transparent all over isn't: recorders for Windows leave the fourth byte empty.
    """
    has_palette = frame.format.has_palette
    if has_palette or any(part.is_alpha for part in frame.format.components):
        pixels = _reformat(frame, "rgba", width, height)
        if not has_palette and not pixels[..., 3].any():
            return np.ascontiguousarray(pixels[..., :3])
        return np.array(flatten_on_white(Image.fromarray(pixels, "RGBA")))
    if needs_tone_mapping(frame.color_trc, frame.color_primaries):
        pixels = _reformat(frame, "rgb48", width, height)
        return tone_map(pixels, frame.color_trc, frame.color_primaries)
    return _reformat(frame, "rgb24", width, height)


def _reformat(frame: av.VideoFrame, pixel_format: str, width: int, height: int) -> np.ndarray:
    """Return a frame's pixels in one of FFmpeg's formats and of a size."""
    options: dict[str, int | str] = {}
    if (width, height) != (frame.width, frame.height):
        interpolation = "AREA" if frame.width > width else "BILINEAR"
        options = {"width": width, "height": height, "interpolation": interpolation}
    if frame.colorspace == _UNSPECIFIED_COLORSPACE and frame.height >= _BT709_FROM_HEIGHT:
        options["src_colorspace"] = "ITU709"
    return frame.to_ndarray(channel_last=False, format=pixel_format, **options)


def display_matrix(frame: av.VideoFrame) -> Int64Array:
    """Return how a frame is turned, int64 (2, 2): pixel (x, y) belongs at (x, y) @ matrix."""
    try:
        side_data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # there is some of a kind that PyAV doesn't know, such as Exif
        return rotation_matrix(frame.rotation)
    if not isinstance(side_data, SideData):
        return np.eye(2, dtype=np.int64)
    matrix = np.frombuffer(bytes(side_data), np.int32).reshape(3, 3)
    return np.sign(matrix[:2, :2].astype(np.int64))


def rotation_matrix(degrees: float) -> Int64Array:
    """Return the display matrix of a frame to be turned counter-clockwise, int64 (2, 2)."""
    angle = np.radians(-degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.rint([[cos, sin], [-sin, cos]]).astype(np.int64)


def _apply_display_matrix(pixels: np.ndarray, matrix: Int64Array, rotated: bool) -> UInt8Array:
    """Turn and mirror RGB uint8 (h, w, 3)."""
    if rotated:
        pixels, matrix = cv2.transpose(pixels), matrix[::-1]
    if matrix[0, 0] < 0:
        pixels = cv2.flip(pixels, 1)
    if matrix[1, 1] < 0:
        pixels = cv2.flip(pixels, 0)
    return np.asarray(pixels, np.uint8)
