"""Every accepted format gives all frames at their times, whatever the file is called."""

from fractions import Fraction

import av
import numpy as np
import pytest

from fer.paths import VIDEO_FORMATS, VIDEO_SUFFIXES
from fer.video import VideoError, VideoReader, VideoWriter, check_video
from tests.sample_videos import frames_of, grey

COUNT, RATE = 30, 25


def film(path, codec, sound=None, b_frames=0, container=None, rate=RATE, **options):
    """Write frames at a steady rate, each a little brighter than the one before."""
    # x264 has no use for B-frames in noise.
    picture = plain_grey if codec == "libx264" else noisy_grey
    with av.open(str(path), "w", format=container, container_options=options) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.max_b_frames = b_frames
        if codec == "libx264":
            stream.codec_context.options = {
                "bf": str(b_frames),
                "b_strategy": "0",
                "g": "12",
                "crf": "10",
            }
        stream.bit_rate = 8_000_000
        tone = None
        if sound:
            sound_rate = 44_100 if sound == "adpcm_swf" else 48_000  # which FLV allows
            tone = output.add_stream(sound, rate=sound_rate, layout="stereo")
            tone.bit_rate = 128_000
        for index in range(COUNT):
            frame = av.VideoFrame.from_ndarray(picture(index))
            frame.pts, frame.time_base = index, Fraction(1, rate)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if tone is not None:
            write_silence(output, tone)
    return path


def plain_grey(index):
    return grey(index, (64, 48))


def noisy_grey(index):
    """Return a frame of more than a pack of an MPEG stream, as those of real films are."""
    noise = np.random.default_rng(index).integers(-20, 21, (48, 64, 3))
    return np.clip(grey(index, (64, 48)) + noise, 0, 255).astype(np.uint8)


def write_silence(output, stream):
    kind = stream.codec_context.codec.audio_formats[0].name
    rate, size = stream.rate, stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(kind, "stereo", rate, size)
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 2 * rate), np.int16), "s16", "stereo")
    frame.sample_rate, frame.pts = rate, 0
    for item in (*resampler.resample(frame), *resampler.resample(None), None):
        output.mux(stream.encode(item))


def sound_end(path):
    """Return the second at which the sound ends."""
    with av.open(str(path)) as container:
        return max(float(p.pts * p.time_base) for p in container.demux(audio=0) if p.pts)


def assert_steady(path, length=COUNT / RATE, rate=RATE):
    """Assert the times of a steady video, and that frames come in their order."""
    reader, frames = frames_of(path)
    expected = [i / rate for i in range(COUNT)]
    np.testing.assert_allclose([frame.time for frame in frames], expected, atol=2e-3)
    brightness = np.array([frame.image.mean() for frame in frames])
    wanted = [grey(index, (1, 1)).mean() for index in range(COUNT)]
    assert np.abs(brightness - wanted).max() < 12
    assert reader.info.duration == pytest.approx(length, abs=0.05)
    assert reader.warning is None
    return reader


@pytest.mark.parametrize(
    ("name", "codec", "sound", "options"),
    [
        ("phone.M4V", "libx264", "aac", {"container": "mp4"}),
        ("old.3gp", "libx264", "aac", {}),
        ("old.3g2", "libx264", "aac", {}),
        ("a.F4V", "libx264", "aac", {"container": "f4v"}),
        ("a.m2t", "mpeg2video", "mp2", {"container": "mpegts"}),
        ("x.ts", "libx264", "aac", {}),
        ("x.ts", "mpeg2video", "mp2", {}),
        ("CAM.MTS", "libx264", "ac3", {"container": "mpegts", "mpegts_m2ts_mode": "1"}),
        ("a.m2ts", "libx264", "aac", {}),
        ("a.flv", "libx264", "aac", {}),
        ("a.flv", "flv", "adpcm_swf", {}),
        ("a.wmv", "wmv2", "wmav2", {}),
        ("a.asf", "libx264", "aac", {}),
        ("a.mpg", "mpeg2video", "mp2", {}),
        ("a.MPEG", "mpeg1video", "mp2", {"container": "mpeg"}),
        ("h264.mpg", "libx264", "mp2", {}),
        ("a.vob", "mpeg2video", "ac3", {}),
        ("a.ogv", "libvpx", "libopus", {"container": "ogg"}),
    ],
)
@pytest.mark.parametrize("b_frames", [0, 2])
def test_each_format_is_read_by_content_with_its_sound(
    tmp_path, name, codec, sound, options, b_frames
):
    can_reorder = codec in ("libx264", "mpeg2video", "mpeg1video")
    path = film(tmp_path / name, codec, sound, b_frames * can_reorder, **options)
    reader = assert_steady(path)
    assert reader.info.has_audio
    with VideoWriter(tmp_path / "copy.mp4", 64, 48, path) as writer:
        for frame in frames_of(path)[1]:
            writer.write(frame.image, frame.time, frame.duration)
    assert writer.warning is None
    assert check_video(tmp_path / "copy.mp4").has_audio
    assert assert_steady(tmp_path / "copy.mp4").info.has_audio
    assert sound_end(tmp_path / "copy.mp4") == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.avi", "libx264"), ("a.avi", "mpeg4"), ("a.avi", "mpeg2video"), ("a.asf", "libx264")],
)
@pytest.mark.parametrize("rate", [25, 50])
def test_reordered_frames_have_times_where_the_file_stores_none(tmp_path, name, codec, rate):
    path = film(tmp_path / name, codec, b_frames=3, rate=rate)
    assert_steady(path, COUNT / rate, rate)


def test_frames_lost_in_an_avi_leave_the_others_at_their_times(tmp_path):
    path = film(tmp_path / "a.avi", "libx264", b_frames=2)
    whole = frames_of(path)[1]
    data = bytearray(path.read_bytes())
    at = [i for i in range(len(data)) if data[i : i + 4] == b"00dc"][12]
    data[at + 8 : at + 60] = bytes(52)
    path.write_bytes(data)
    times = [frame.time for frame in frames_of(path)[1]]
    assert COUNT - 12 <= len(times) <= COUNT
    assert times[-1] == pytest.approx(whole[-1].time, abs=0.13)
    assert min(np.diff(times)) > 0.03


@pytest.mark.parametrize(
    ("suffix", "codec", "sound", "header", "warning"),
    [
        ("flv", "flv", "adpcm_swf", 13, None),
        ("ts", "mpeg2video", "mp2", 0, "The sound starts too late to be recognised"),
    ],
)
def test_sound_that_first_appears_in_the_middle_costs_no_picture(
    tmp_path, monkeypatch, suffix, codec, sound, header, warning
):
    monkeypatch.setitem(globals(), "COUNT", 140)  # in five seconds FFmpeg hasn't found it
    silent = film(tmp_path / f"a.{suffix}", codec).read_bytes()
    sounding = film(tmp_path / f"b.{suffix}", codec, sound).read_bytes()
    path = tmp_path / f"both.{suffix}"
    path.write_bytes(silent + sounding[header:])
    reader, frames = frames_of(path)
    assert len(frames) == 2 * COUNT and not reader.info.has_audio
    with VideoWriter(tmp_path / "copy.mp4", 64, 48, path) as writer:
        for frame in frames:
            writer.write(frame.image, frame.time, frame.duration)
    assert (writer.warning or "").startswith(warning or "")
    assert len(frames_of(tmp_path / "copy.mp4")[1]) == 2 * COUNT


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [("a.h264", "h264", "libx264"), ("a.nut", "nut", "libx264"), ("a.mxf", "mxf", "mpeg2video")],
)
def test_other_formats_are_refused_with_the_true_reason(tmp_path, name, container, codec):
    path = film(tmp_path / name, codec, container=container)
    with pytest.raises(VideoError, match="of a kind that isn't accepted") as raised:
        VideoReader(path)
    assert "cut off" not in str(raised.value)


def test_each_suffix_is_of_a_format_that_people_are_told():
    named = VIDEO_FORMATS.lower().replace(" or ", ", ").split(", ")
    same = {"mpeg": "mpg", "mpe": "mpg", "m2ts": "mts", "m2t": "mts", "asf": "wmv"}
    same |= {"qt": "mov", "3g2": "3gp", "divx": "avi", "f4v": "flv"}
    assert {same.get(suffix[1:], suffix[1:]) for suffix in VIDEO_SUFFIXES} == set(named)
