import pytest

from fer.video import VideoError, VideoReader, VideoWriter, frames_at
from tests.sample_videos import grey, make_film


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
