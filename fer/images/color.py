"""Colour profiles: pictures as sRGB, which is what screens, browsers and training pictures have."""

import io

from PIL import Image, ImageCms

from fer.images.errors import DECODER_ERRORS

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_DIRECT_MODES = ("L", "RGB", "RGBA", "CMYK")
"""What a transform takes as it is; palettes and transparency in other forms are converted first."""


def to_srgb(image: Image.Image) -> Image.Image:
    """Return a loaded picture with its ICC profile applied, as RGB or RGBA.

    Pictures without a profile are returned as they are, as are those whose profile is broken or
    made for another number of channels: programs ignore these, too.
    """
    content = image.info.get("icc_profile")
    if not content:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return image
        source = _convert_to_direct(image)
        mode = "RGBA" if source.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(source, profile, _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, *DECODER_ERRORS):
        return image
    return converted or image


def _convert_to_direct(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in _DIRECT_MODES else image.convert("RGB")
