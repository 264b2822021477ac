"""HDR and BT.2020 as pictures for ordinary screens."""

from fractions import Fraction

import av
import numpy as np
import pytest

from fer.video.tone_mapping import tone_map
from tests.sample_videos import frames_of

PQ, HLG, SDR = 16, 18, 1
BT2020, BT709 = 9, 1
HLG_WHITE, PQ_WHITE = 0.75, 0.5807
"""Encoded white of 203 cd/m2, as ITU-R BT.2408 states it."""


def mapped(red, green, blue, transfer, primaries=BT2020):
    """Return a pixel that was encoded in 0 to 1."""
    pixel = np.rint(np.array([[[red, green, blue]]]) * 65_535).astype(np.uint16)
    return tone_map(pixel, transfer, primaries)[0, 0].astype(int)


@pytest.mark.parametrize(("transfer", "white"), [(HLG, HLG_WHITE), (PQ, PQ_WHITE)])
def test_white_is_nearly_the_brightest_and_highlights_are_told_apart(transfer, white):
    assert mapped(white, white, white, transfer) == pytest.approx(249, abs=1)
    assert mapped(1, 1, 1, transfer) == pytest.approx(255)
    assert mapped(0, 0, 0, transfer) == pytest.approx(0)
    ramp = [mapped(level, level, level, transfer)[0] for level in np.linspace(0, 1, 101)]
    assert (np.diff(ramp) >= 0).all()


@pytest.mark.parametrize(
    ("light", "hlg", "pq"),
    [(26.2, 0.38, 0.3794), (5.0, 0.1909, 0.2466), (100.0, 0.6297, 0.5081)],
)
def test_below_white_light_is_kept_as_an_ordinary_screen_emits_it(light, hlg, pq):
    expected = 255 * (light / 203) ** (1 / 2.4)
    assert mapped(hlg, hlg, hlg, HLG) == pytest.approx(expected, abs=2)
    assert mapped(pq, pq, pq, PQ) == pytest.approx(expected, abs=2)


def test_colours_of_bt709_come_out_of_bt2020_as_they_went_in():
    to_bt2020 = np.array(
        [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.088, 0.8956]]
    )
    for colour in [(200, 30, 30), (30, 180, 30), (30, 30, 200), (224, 172, 140), (128, 128, 128)]:
        linear = (np.array(colour) / 255) ** 2.4
        assert mapped(*(to_bt2020 @ linear) ** (1 / 2.4), SDR) == pytest.approx(colour, abs=3)
    assert mapped(0, 1, 0, SDR) == pytest.approx([0, 255, 0])  # outside of BT.709


def test_hdr_in_the_colours_of_bt709_keeps_them():
    assert mapped(HLG_WHITE, 0, 0, HLG, BT709)[1:] == pytest.approx([0, 0])
    assert mapped(PQ_WHITE, 0, 0, PQ, BT709) == pytest.approx([249, 0, 0], abs=1)


def film(path, transfer, primaries, level, codec="libx265", pixels="yuv420p10le", matrix=9):
    """Write frames of grey, encoded at a level from 0 to 1."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        context = stream.codec_context
        context.color_trc, context.color_primaries = transfer, primaries
        context.colorspace, context.color_range = matrix, 1
        for index in range(3):
            frame = av.VideoFrame(64, 48, pixels)
            for plane, value in zip(frame.planes, (64 + round(876 * level), 512, 512), strict=True):
                np.frombuffer(plane, np.uint16)[:] = value
            frame.pts, frame.time_base = index, Fraction(1, 25)
            frame.color_trc, frame.color_primaries = transfer, primaries
            frame.colorspace, frame.color_range = matrix, 1
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.ts"])
@pytest.mark.parametrize(
    ("transfer", "primaries", "matrix", "level", "expected"),
    [
        (HLG, BT2020, 9, HLG_WHITE, 249),
        (PQ, BT2020, 9, PQ_WHITE, 249),
        (14, BT2020, 9, 1.0, 255),
        (SDR, BT709, 1, 1.0, 255),
        (SDR, BT709, 1, 0.5, 127.5),
    ],
)
def test_white_of_a_film_of_ten_bits(tmp_path, name, transfer, primaries, matrix, level, expected):
    path = film(tmp_path / name, transfer, primaries, level, matrix=matrix)
    for options in ({}, {"max_side": 32}):
        _, frames = frames_of(path, **options)
        assert frames[-1].image.mean() == pytest.approx(expected, abs=2)


def test_what_states_no_hdr_is_converted_as_before(tmp_path, monkeypatch):
    monkeypatch.setattr("fer.video.conversion.tone_map", None)
    path = film(tmp_path / "a.mov", 2, 2, 0.5, matrix=2)
    assert frames_of(path)[1][0].image.mean() == pytest.approx(127.5, abs=2)
