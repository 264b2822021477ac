"""Colour profiles: conversion to sRGB, which screens, browsers and training pictures use."""

import io

from PIL import Image, ImageCms

from fer.images.errors import DECODER_ERRORS

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_DIRECT_MODES = ("L", "RGB", "CMYK")
"""What a transform takes as it is; palettes are converted first."""


def to_srgb(image: Image.Image, content: bytes | None) -> Image.Image:
    """Return a loaded picture without transparency with an ICC profile applied, as RGB.

    Without a profile it is returned as it is, as it is where the profile is broken or made for
    another number of channels: programs ignore these, too.

    Args:
        image: The picture, which isn't changed.
        content: The profile.
    """
    if not content:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return image
        source = image if image.mode in _DIRECT_MODES else image.convert("RGB")
        converted = ImageCms.profileToProfile(source, profile, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, *DECODER_ERRORS):
        return image
    return converted or image
