"""Any picture in, as upright RGB uint8 (h, w, 3): a file, its bytes, a PIL image or an array.

What can't be read, or could be read in two ways, is refused with an `ImageError` of one sentence
that can be displayed to a visitor.
"""

from fer.images.opening import FORMATS, MAX_PIXELS, MAX_SCALED_PIXELS, ImageError
from fer.images.pixels import as_rgb
from fer.images.reading import DecodedImage, ImageSource, decode_image, encode_jpeg, read_image

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "MAX_SCALED_PIXELS",
    "DecodedImage",
    "ImageError",
    "ImageSource",
    "as_rgb",
    "decode_image",
    "encode_jpeg",
    "read_image",
]
