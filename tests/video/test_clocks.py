"""Files whose clock doesn't start at 0, runs over, or leaps; sound that starts at another time."""

import struct

import av
import numpy as np
import pytest

from fer.video import (
    MAX_SECONDS,
    VideoError,
    VideoReader,
    VideoWriter,
    check_video,
    frames_at,
)
from tests.sample_videos import frames_of, make_film, tone_starts

TIMES = [i / 25 for i in range(50)]
TEN_HOURS = 36_000.0
TS_CLOCK_END = 2**33 / 90_000
"""Seconds after which the clock of a transport stream starts anew."""


def starting_at(path, start, sound="aac", sound_start=None, codec="libx264", **options):
    """Write two seconds of video on a clock of its own; its sound's tone sets in after one."""
    return make_film(
        path,
        [start + time for time in TIMES],
        codec=codec,
        reordered=2,
        sound=sound,
        sound_start=start if sound_start is None else sound_start,
        **options,
    )


def assert_two_seconds(path):
    """Assert length and times of a video, and that its annotated copy is in sync."""
    reader, frames = frames_of(path)
    assert reader.info.duration == pytest.approx(2, abs=0.03)
    np.testing.assert_allclose([frame.time for frame in frames], TIMES, atol=2e-3)
    assert reader.warning is None
    writer, copy = copied(path)
    assert tone_starts(copy) == pytest.approx(tone_starts(path), abs=0.03)
    return writer


def copied(path):
    """Return the writer of an annotated video, and its file."""
    copy = path.with_name("copy.mp4")
    with (
        VideoReader(path) as source,
        VideoWriter(copy, source.info.width, source.info.height, path) as writer,
    ):
        for frame in source:
            writer.write(frame.image, frame.time, frame.duration)
    return writer, copy


@pytest.mark.parametrize(
    ("name", "start", "options"),
    [
        ("a.mkv", TEN_HOURS, {}),
        ("a.webm", TEN_HOURS, {"codec": "libvpx", "sound": "libopus"}),
        ("a.webm", TEN_HOURS, {"codec": "libvpx", "sound": "libopus", "form": {"live": "1"}}),
        ("a.mp4", TEN_HOURS, {}),
        ("a.mov", TEN_HOURS, {"sound": "pcm_s16le"}),
        ("a.mp4", TEN_HOURS, {"form": {"movflags": "frag_keyframe+empty_moov+frag_discont"}}),
        ("a.flv", TEN_HOURS, {}),
        ("a.ts", TEN_HOURS, {}),
        ("a.ts", TS_CLOCK_END - 1, {}),
        ("a.ts", 0.0, {}),
        ("a.mkv", 3.0, {}),
        ("a.mkv", -0.5, {}),
        ("a.flv", -0.5, {}),
    ],
)
def test_the_length_is_the_end_less_the_start(tmp_path, name, start, options):
    writer = assert_two_seconds(starting_at(tmp_path / name, start, **options))
    assert writer.warning is None
    assert len(frames_at(tmp_path / "copy.mp4", [0.0, 1.0, 1.9])) == 3


def test_a_piece_of_a_stream_is_as_long_as_its_content(tmp_path):
    """Each fragment of an MP4 may state its time in the whole stream, as those of DASH do."""
    form = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    path = make_film(tmp_path / "a.mp4", TIMES, form=form)
    data, place = bytearray(path.read_bytes()), 0
    while (place := data.find(b"tfdt", place + 1)) > 0:
        time = struct.unpack_from(">Q", data, place + 8)[0]
        struct.pack_into(">Q", data, place + 8, time + round(TEN_HOURS) * 16_000)
    path.write_bytes(data)
    reader, frames = frames_of(path)
    assert reader.info.duration == pytest.approx(2, abs=0.03)
    np.testing.assert_allclose([frame.time for frame in frames], TIMES, atol=1e-3)
    assert reader.warning is None


def test_a_film_that_is_too_long_on_its_own_clock_is_refused(tmp_path):
    path = make_film(tmp_path / "a.mkv", [TEN_HOURS, TEN_HOURS + MAX_SECONDS + 60])
    with pytest.raises(VideoError, match=r"too long \(121 minutes\)"):
        VideoReader(path)


@pytest.mark.parametrize(
    ("name", "start", "sound_start", "video_offset"),
    [
        ("a.mkv", 2.0, 0.5, 1.5),
        ("a.flv", 2.0, 0.5, 1.5),
        ("a.ts", 2.0, 0.5, 1.5),
        ("a.mkv", 0.0, 1.5, 0.0),
        ("a.ts", TEN_HOURS, TEN_HOURS - 1.5, 1.5),
        ("a.mkv", TEN_HOURS, TEN_HOURS + 1.5, 0.0),
    ],
)
def test_sound_that_starts_at_another_time_stays_in_sync(
    tmp_path, name, start, sound_start, video_offset
):
    writer = assert_two_seconds(starting_at(tmp_path / name, start, sound_start=sound_start))
    assert writer.video_offset == pytest.approx(video_offset, abs=0.03)


@pytest.mark.parametrize("sound", ["aac", "flac"])
def test_sound_long_before_the_pictures_is_cut_and_they_start_at_once(tmp_path, sound):
    path = starting_at(tmp_path / "a.mkv", 100.0, sound, 0.0, sound_seconds=102.0)
    assert check_video(path).duration == pytest.approx(2, abs=0.03)
    writer, copy = copied(path)
    assert writer.video_offset == 0 and "more than a minute before the pictures" in writer.warning
    assert check_video(copy).duration == pytest.approx(2, abs=0.03)
    assert tone_starts(copy) == pytest.approx(0, abs=0.05)  # it has set in long before


def test_pictures_that_start_late_in_a_transport_stream_have_a_size(tmp_path):
    path = starting_at(tmp_path / "a.ts", 100.0, "aac", 0.0, sound_seconds=102.0)
    info = check_video(path)
    assert (info.width, info.height) == (64, 48)
    assert info.duration == pytest.approx(2, abs=0.03)


@pytest.mark.parametrize("sound", ["aac", "mp2"])
@pytest.mark.parametrize("starts", [(0.0, TEN_HOURS), (TEN_HOURS, 0.0), (0.0, 0.0), (5.0, 107.0)])
def test_two_scenes_of_a_camcorder_follow_each_other_with_their_sound(tmp_path, starts, sound):
    scenes = [starting_at(tmp_path / f"{i}.ts", start, sound) for i, start in enumerate(starts)]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(scene.read_bytes() for scene in scenes))
    reader, frames = frames_of(path)
    assert reader.info.duration == pytest.approx(4, abs=0.05)
    expected = [i / 25 for i in range(100)]
    np.testing.assert_allclose([frame.time for frame in frames], expected, atol=2e-3)
    writer, copy = copied(path)
    assert writer.warning is None
    np.testing.assert_allclose(loud_spans(copy), [(1, 2), (3, 4)], atol=0.12)


def test_scenes_of_half_a_second_follow_each_other_with_their_sound(tmp_path):
    scene = make_film(
        tmp_path / "a.ts", TIMES[:12], reordered=2, sound="mp2", sound_start=0.0, sound_seconds=0.48
    )
    path = tmp_path / "three.ts"
    path.write_bytes(3 * scene.read_bytes())
    reader, frames = frames_of(path)
    assert reader.info.duration == pytest.approx(1.44, abs=0.01)
    np.testing.assert_allclose([frame.time for frame in frames], TIMES[:36], atol=2e-3)
    writer, copy = copied(path)
    assert writer.warning is None
    with av.open(str(copy)) as container:
        ends = [float(stream.duration * stream.time_base) for stream in container.streams]
    assert ends == pytest.approx([1.44, 1.44], abs=0.05)


def loud_spans(path):
    """Return from when to when there is a tone, in seconds from the first picture."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        heard = [
            frame.time - first
            for frame in container.decode(audio=0)
            if np.abs(frame.to_ndarray()).max() > 0.1
        ]
    breaks = [i + 1 for i, step in enumerate(np.diff(heard)) if step > 0.5]
    return [(span[0], span[-1]) for span in np.split(np.array(heard), breaks)]


def test_a_clock_that_leaps_within_the_length_of_a_film_leaps(tmp_path):
    times = [i * 2.0 for i in range(50)]
    times = [*times, *(100 + 70 + time for time in times)]
    path = make_film(tmp_path / "a.ts", times)
    reader, frames = frames_of(path)
    assert reader.info.duration == pytest.approx(200, abs=2.1)
    assert np.diff([frame.time for frame in frames]).max() < 2.1
