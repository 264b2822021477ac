"""HDR (HLG and PQ) and wide colours (BT.2020) of frames and photos, for ordinary screens.

White, as of paper (203 cd/m2 in ITU-R BT.2408), becomes nearly the brightest value of the picture;
lights up to five times as bright share what is left above it. Colours outside BT.709 are clipped.
PyAV's FFmpeg lacks zscale, which would do this in a filter graph.
"""

from functools import cache

import cv2
import numpy as np

from fer.array_types import Float32Array, Float64Array, UInt8Array

_BT709_PRIMARIES, _BT2020_PRIMARIES = 1, 9
"""AVColorPrimaries; where HDR states none, they are taken as BT.2020."""

_PQ, _HLG = 16, 18
"""AVColorTransferCharacteristic of HDR."""

_WHITE = 203.0
"""Luminance of white in HDR, in cd/m2 (ITU-R BT.2408)."""

_PEAK = 1000.0 / _WHITE
"""Brightest light that isn't clipped, in units of white: the nominal peak of HLG."""

_KNEE = 0.9
"""Share of white above which lights are compressed; white itself arrives at 249 of 255."""

_HLG_GAMMA = 1.2
"""Exponent of HLG's scene luminance on a screen of 1000 cd/m2 (ITU-R BT.2100)."""

_SCREEN_GAMMA = 2.4
"""Exponent of an ordinary screen (ITU-R BT.1886)."""

_LEVELS = 65_536
_BT2020_LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
"""Matrix from linear RGB of one standard to the other's (ITU-R BT.2087)."""


def needs_tone_mapping(transfer: int, primaries: int) -> bool:
    """Return whether these, as of `tone_map`, are of HDR or the colours of BT.2020."""
    return transfer in (_PQ, _HLG) or primaries == _BT2020_PRIMARIES


def tone_map(pixels: np.ndarray, transfer: int, primaries: int) -> UInt8Array:
    """Return pixels as BT.709 for ordinary screens.

    Args:
        pixels: RGB uint16 (h, w, 3) over the full range, in the frame's own encoding.
        transfer: TransferCharacteristics of ITU-T H.273, as AVColorTransferCharacteristic.
        primaries: ColourPrimaries of ITU-T H.273, as AVColorPrimaries.

    Returns:
        RGB uint8 (h, w, 3).
    """
    linear = np.asarray(cv2.LUT(pixels, _decoding_table(transfer)), np.float32)  # white is 1
    if transfer == _HLG:
        luminance = cv2.transform(linear, _BT2020_LUMINANCE)
        gain = np.asarray(cv2.pow(luminance, _HLG_GAMMA - 1), np.float32) * np.float32(_PEAK)
        linear *= gain[..., np.newaxis]
    if primaries != _BT709_PRIMARIES:
        linear = np.asarray(cv2.transform(linear, _BT2020_TO_BT709), np.float32)
    # The square root gives dark pixels their share of the table's levels.
    root = cv2.sqrt(np.maximum(linear, 0, out=linear))
    indices = cv2.multiply(root, (_LEVELS - 1) / np.sqrt(_PEAK), dtype=cv2.CV_16U)
    table = _encoding_table(compressed=transfer in (_PQ, _HLG))
    return np.asarray(cv2.LUT(indices, table), np.uint8)


@cache
def _decoding_table(transfer: int) -> Float32Array:
    """Return the linear light of each encoded value, float32 (65536,).

    It is in units of white; of HLG, whose screen light depends on all three colours, it is the
    scene's light from 0 to 1.
    """
    encoded = np.linspace(0, 1, _LEVELS)
    decode = {_PQ: _decode_pq, _HLG: _decode_hlg}.get(transfer, _decode_sdr)
    return decode(encoded).astype(np.float32)


def _decode_pq(encoded: Float64Array) -> Float64Array:
    """Return SMPTE ST 2084's light in units of white."""
    m1, m2 = 2610 / 16384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = encoded ** (1 / m2)
    light = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return np.asarray(light * 10_000 / _WHITE)


def _decode_hlg(encoded: Float64Array) -> Float64Array:
    """Return the scene's light of ITU-R BT.2100's HLG, 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(encoded <= 0.5, encoded**2 / 3, (np.exp((encoded - c) / a) + b) / 12)


def _decode_sdr(encoded: Float64Array) -> Float64Array:
    return np.asarray(encoded**_SCREEN_GAMMA)


@cache
def _encoding_table(compressed: bool) -> UInt8Array:
    """Return the encoded value for each root of linear light up to the peak, uint8 (65536,)."""
    light = np.linspace(0, 1, _LEVELS) ** 2 * _PEAK
    if compressed:
        excess = np.maximum(light - _KNEE, 0) / (_PEAK - _KNEE)
        slope = (_PEAK - _KNEE) / (1 - _KNEE)  # at the knee, so that the curve has no corner
        shoulder = _KNEE + (1 - _KNEE) * slope * excess / (1 + (slope - 1) * excess)
        light = np.where(light < _KNEE, light, shoulder)
    encoded = np.clip(light, 0, 1) ** (1 / _SCREEN_GAMMA)
    return np.rint(encoded * 255).astype(np.uint8)
