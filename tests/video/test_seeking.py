"""Reading a video from its middle: the same frames at the same times as from its beginning."""

import numpy as np
import pytest

from fer.video import VideoError, VideoReader, VideoWriter, frames_at
from fer.video.seeking import frame_times
from tests.sample_videos import UNSTEADY, frames_of, grey, make_film, set_back

LONG = [index / 25 for index in range(100)]


@pytest.mark.parametrize("times", [LONG, UNSTEADY])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("film.mp4", {}),
        ("reordered.mp4", {"reordered": 3}),
        ("film.mkv", {"reordered": 2}),
        ("film.webm", {"codec": "libvpx"}),
        ("late.mp4", {"sound": "aac", "sound_start": 0.0}),
        ("fragments.mp4", {"form": {"movflags": "frag_keyframe+empty_moov"}}),
        ("uncued.mkv", {"form": {"live": "1"}}),
    ],
)
def test_frames_from_the_middle_equal_those_from_the_beginning(tmp_path, name, options, times):
    path = make_film(tmp_path / name, times, **options)
    whole = frames_of(path)[1]
    with VideoReader(path) as reader:
        found = frame_times(reader)
    assert found is None or np.array_equal(found, [frame.time for frame in whole])
    assert found is not None or name == "uncued.mkv"
    for start in (0.0, times[len(times) // 2], times[-1] - 0.01, times[-1] + 5):
        with VideoReader(path, unlimited=True) as reader:
            frames = list(reader.frames_from(start))
        on_screen = sum(frame.time <= start for frame in whole) - 1
        assert len(frames) == len(whole) - on_screen
        for one, other in zip(frames, whole[on_screen:], strict=True):
            assert (one.time, one.duration) == (other.time, other.duration)
            assert np.array_equal(one.image, other.image)


def test_times_that_only_reading_tells_are_unknown(tmp_path):
    avi = make_film(tmp_path / "film.avi", LONG, codec="mpeg4")
    leaping = set_back(make_film(tmp_path / "back.mkv", [i / 10 for i in range(80)]), 4.0, 3.0)
    for path in (avi, leaping):
        with VideoReader(path) as reader:
            assert frame_times(reader) is None


def test_own_videos_may_be_longer_than_visitors(tmp_path, monkeypatch):
    monkeypatch.setattr("fer.video.reader.MAX_SECONDS", 1)
    monkeypatch.setattr("fer.video.header.MAX_SECONDS", 1)
    monkeypatch.setattr("fer.video.container.MAX_BYTES", 1000)
    path = make_film(tmp_path / "film.mp4", LONG)
    with pytest.raises(ValueError, match="too large"):
        VideoReader(path)
    assert len(frames_of(path, unlimited=True)[1]) == 100


@pytest.mark.parametrize("sound_start", [None, 0.0])
def test_frames_shown_at_some_times(tmp_path, sound_start):
    late = 0 if sound_start is None else 0.5  # the pictures start after the sound
    times = [late + i / 10 for i in range(150)]
    sound = {} if sound_start is None else {"sound": "aac", "sound_seconds": 15}
    source = make_film(tmp_path / "a.mp4", times, last=0.1, **sound)
    path = tmp_path / "b.mp4"
    with VideoReader(source) as reader, VideoWriter(path, 64, 48, source) as writer:
        for frame in reader:
            writer.write(frame.image, frame.time, frame.duration)
    wanted = {0: 0, 7.04: 70, 7.16: 71, 0.3: 3, 14.9: 149, 99: 149}
    for frame, index in zip(frames_at(path, list(wanted)), wanted.values(), strict=True):
        assert abs(float(frame.mean()) - grey(index, (1, 1)).mean()) < 4, index


def test_what_was_written_may_be_larger_than_what_is_taken(tmp_path, monkeypatch):
    source = make_film(tmp_path / "a.mp4", [i / 10 for i in range(10)], last=0.1)
    monkeypatch.setattr("fer.video.container.MAX_BYTES", source.stat().st_size - 1)
    assert len(frames_at(source, [0.5])) == 1
    with pytest.raises(VideoError, match="too large"):
        VideoReader(source)
