"""Drawing faces on every frame of a film, fast: captions are drawn once and laid on again."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fer.array_types import Float32Array, UInt8Array
from fer.colors import COLORS, text_color_on
from fer.drawing.annotators import draw_plain_boxes, face_captions
from fer.drawing.overlays import load_font
from fer.vision.detections import boxes

_LABELS = tuple(COLORS)
# supervision draws on arrays as BGR; with red and blue changed places its colours fit RGB.
_BGR_BOX_COLORS = sv.ColorPalette(
    [sv.Color(c.b, c.g, c.r) for c in sv.ColorPalette.from_hex(list(COLORS.values())).colors]
)


class VideoAnnotator:
    """Draws what `FaceAnnotator(numbered=True)` draws, or plain boxes, into the frame itself.

    Args:
        width: Of the frames, in pixels.
        height: Of the frames, in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        """Choose lines and letters that fit the frames."""
        self._font_size = max(12, round(min(height, width) / 27))
        self._boxes = sv.BoxAnnotator(_BGR_BOX_COLORS, thickness=max(2, round(self._font_size / 7)))

    def draw(
        self, image: UInt8Array, detections: sv.Detections, labels: Sequence[str] | None
    ) -> None:
        """Draw the faces into `image`, which changes.

        Args:
            image: RGB uint8 (h, w, 3), writable.
            detections: Faces with `data["probabilities"]` (n, 7); n may be 0.
            labels: What each face is called, as `expression_labels` of `fer.vision.detections` has
                it; None draws the same box around each face and no word.
        """
        if len(detections) == 0:
            return
        if labels is None:
            draw_plain_boxes(image, detections)
            return
        colours = np.array([_LABELS.index(label) for label in labels])
        self._boxes.annotate(image, detections, custom_color_lookup=colours)
        texts = face_captions(detections, labels, numbered=True)
        # The detector puts the largest face first; its caption shall lie on top.
        for box, text, label in reversed(list(zip(boxes(detections), texts, labels, strict=True))):
            _paste_caption(image, _render_caption(text, label, self._font_size), box)


@lru_cache(maxsize=512)
def _render_caption(text: str, label: str, font_size: int) -> tuple[UInt8Array, NDArray[np.uint16]]:
    """Return a caption's colours times its cover (h, w, 3), and 255 - cover (h, w, 1)."""
    font, padding = load_font(font_size), max(3, font_size // 3)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    size = right - left + 2 * padding, bottom - top + 2 * padding
    panel = Image.new("RGBA", size)
    draw = ImageDraw.Draw(panel)
    corner = (0, 0, size[0] - 1, size[1] - 1)
    draw.rounded_rectangle(corner, max(2, font_size // 4), COLORS[label])
    draw.text((padding - left, padding - top), text, text_color_on(COLORS[label]), font)
    pixels = np.array(panel).astype(np.uint16)
    cover = pixels[..., 3:]
    return (pixels[..., :3] * cover // 255).astype(np.uint8), 255 - cover


def _paste_caption(
    image: UInt8Array, caption: tuple[UInt8Array, NDArray[np.uint16]], box: Float32Array
) -> None:
    """Lay a caption above a box, within the picture."""
    colours, clear = caption
    height, width = colours.shape[:2]
    left = int(max(0, min(box[0], image.shape[1] - width)))
    top = int(max(0, min(box[1] - height, image.shape[0] - height)))
    part = image[top : top + height, left : left + width]
    rows, columns = part.shape[:2]
    part[:] = part * clear[:rows, :columns] // 255 + colours[:rows, :columns]
