"""Writing videos: what a browser plays, true times, and the sound of the source."""

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from fer.output_files import OutputError
from fer.video import VideoError, VideoReader, VideoWriter
from tests.sample_videos import (
    BLUE,
    GREEN,
    RED,
    UNSTEADY,
    WHITE,
    corners,
    make_film,
    tone_starts,
    with_a_gap,
)

FULL_SENTENCE = r"^b\.mp4 can't be written: the disk is full; make room"


def copy(source, target):
    """Write what is read, as the annotated video is written."""
    with (
        VideoReader(source) as reader,
        VideoWriter(target, reader.info.width, reader.info.height, source) as writer,
    ):
        for frame in reader:
            writer.write(frame.image, frame.time, frame.duration)
    return target


def seconds(path):
    """The whole file's length, as a player states it."""
    with av.open(str(path)) as container:
        return container.duration / av.time_base


def packets(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return stream.codec_context.name, [bytes(p) for p in container.demux(stream) if p.size]


def test_what_is_written_is_what_browsers_play(tmp_path):
    path = copy(make_film(tmp_path / "a.mkv", UNSTEADY), tmp_path / "b.mp4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (6, 1)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # it plays before it is all there


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_unsteady_times_and_the_length_are_kept(tmp_path, name):
    source = make_film(tmp_path / name, UNSTEADY, last=0.7)
    path = copy(source, tmp_path / "b.mp4")
    with VideoReader(path) as reader:
        times = [frame.time for frame in reader]
        assert reader.warning is None
    np.testing.assert_allclose(times, UNSTEADY, atol=1e-3)
    assert seconds(path) == pytest.approx(seconds(source), abs=0.04)


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (1, 1)])
def test_sizes_and_colours(tmp_path, size):
    path = tmp_path / "b.mp4"
    with VideoWriter(path, *size) as writer:
        for index in range(5):
            writer.write(corners(index, size), index / 25)
    with VideoReader(path) as reader:
        frames = [frame.image for frame in reader]
    assert frames[0].shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    if size[0] > 1:
        for (y, x), colour in zip(
            [(12, 16), (12, 48), (36, 16), (36, 48)], [RED, GREEN, BLUE, WHITE], strict=True
        ):
            np.testing.assert_allclose(frames[-1][y, x], colour, atol=8)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "aac"), ("a.mp4", "mp3")])
def test_sound_that_mp4_takes_is_copied(tmp_path, name, codec):
    encoder = "libmp3lame" if codec == "mp3" else codec
    source = make_film(tmp_path / name, [i / 25 for i in range(50)], sound=encoder)
    path = copy(source, tmp_path / "b.mp4")
    was, is_now = packets(source), packets(path)
    assert is_now == was
    assert tone_starts(path) == pytest.approx(tone_starts(source), abs=0.002)
    assert seconds(path) == pytest.approx(seconds(source), abs=0.04)


@pytest.mark.parametrize(
    ("name", "pictures", "sound"),
    [
        ("a.mkv", "libx264", "pcm_s16le"),
        ("a.webm", "libvpx", "libopus"),
        ("a.avi", "mpeg4", "pcm_s16le"),
    ],
)
def test_other_sound_becomes_aac(tmp_path, name, pictures, sound):
    source = make_film(tmp_path / name, [i / 25 for i in range(50)], codec=pictures, sound=sound)
    path = copy(source, tmp_path / "b.mp4")
    assert packets(path)[0] == "aac"
    assert tone_starts(path) == pytest.approx(tone_starts(source), abs=0.03)
    assert seconds(path) == pytest.approx(seconds(source), abs=0.05)


@pytest.mark.parametrize(("name", "sound"), [("a.mkv", "pcm_s16le"), ("a.mp4", "aac")])
@pytest.mark.parametrize(("pictures_start", "sound_start"), [(0, 0.5), (0.5, 0), (0.02, 0)])
def test_sound_stays_in_time_wherever_it_starts(tmp_path, name, sound, pictures_start, sound_start):
    times = [pictures_start + i / 25 for i in range(50)]
    source = make_film(tmp_path / name, times, sound=sound, sound_start=sound_start)
    path = copy(source, tmp_path / "b.mp4")
    expected = sound_start + 1.0 - pictures_start
    assert tone_starts(source) == pytest.approx(expected, abs=0.03)  # the case in question
    assert tone_starts(path) == pytest.approx(expected, abs=0.03)
    assert seconds(path) == pytest.approx(seconds(source), abs=0.05)


def test_a_gap_in_the_sound_stays_a_gap(tmp_path):
    source = make_film(tmp_path / "a.mkv", [i / 25 for i in range(100)], sound="pcm_s16le")
    path = copy(with_a_gap(source, tmp_path / "gap.mkv", 0.5, 1.5), tmp_path / "b.mp4")
    assert tone_starts(path) == pytest.approx(2.5, abs=0.03)


def test_an_error_leaves_no_file(tmp_path):
    source = make_film(tmp_path / "a.mp4", UNSTEADY, sound="aac")
    path = tmp_path / "b.mp4"
    with pytest.raises(KeyError), VideoWriter(path, 64, 48, source) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8), 0)
        raise KeyError
    assert not path.exists()
    with pytest.raises(VideoError, match="no file"):
        VideoWriter(path, 64, 48, tmp_path / "missing.mp4")
    assert not path.exists()


def test_a_name_with_a_colon_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = copy(make_film(tmp_path / "a.mp4", UNSTEADY), Path("10:30"))
    assert seconds(path.resolve()) == pytest.approx(1.34, abs=0.01)


def test_another_size_is_refused(tmp_path):
    with (
        pytest.raises(ValueError, match="Frames are 64 x 48"),
        VideoWriter(tmp_path / "b.mp4", 64, 48) as writer,
    ):
        writer.write(np.zeros((64, 48, 3), np.uint8), 0)


def test_sound_of_an_unknown_kind_is_left_out_and_said(tmp_path):
    source = make_film(tmp_path / "a.mkv", UNSTEADY, sound="aac")
    source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_ZZZ"))
    with VideoReader(source) as reader, VideoWriter(tmp_path / "b.mp4", 64, 48, source) as writer:
        for frame in reader:
            writer.write(frame.image, frame.time, frame.duration)
    assert writer.warning == "The sound is of an unknown kind and left out."
    with VideoReader(tmp_path / "b.mp4") as reader:
        assert (len(list(reader)), reader.info.has_audio) == (len(UNSTEADY), False)


def test_a_disk_that_is_full_at_the_end_is_one_sentence_too(tmp_path):
    path = tmp_path / "b.mp4"
    with pytest.raises(OutputError, match=FULL_SENTENCE), VideoWriter(path, 64, 48) as writer:
        writer._container = Full(writer._container, at_the_end=True)
        writer.write(np.zeros((48, 64, 3), np.uint8), 0)
    assert not path.exists()


def test_a_full_disk_is_one_sentence(tmp_path):
    path = tmp_path / "b.mp4"
    with (
        pytest.raises(OutputError, match=FULL_SENTENCE) as raised,
        VideoWriter(path, 64, 48) as writer,
    ):
        writer._container = Full(writer._container)
        for index in range(9):
            writer.write(np.zeros((48, 64, 3), np.uint8), index / 25)
    assert "\n" not in str(raised.value)
    assert not path.exists()


@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_recoverable_file_keeps_what_came_before_an_error(tmp_path, at_the_end):
    path = tmp_path / "b.mp4"
    with (
        pytest.raises(OutputError, match=FULL_SENTENCE + r".* The file holds what was recorded"),
        VideoWriter(path, 64, 48, recoverable=True) as writer,
    ):
        for index in range(100):
            writer.write(np.full((48, 64, 3), index, np.uint8), index / 25)
            if index == 80:
                writer._container = Full(writer._container, at_the_end)
    with VideoReader(path) as reader:
        assert len(list(reader)) > 25


def test_a_recoverable_file_can_be_played_while_it_is_written(tmp_path):
    with VideoWriter(tmp_path / "b.mp4", 64, 48, recoverable=True) as writer:
        for index in range(100):
            writer.write(np.full((48, 64, 3), index, np.uint8), index / 25)
        killed = shutil.copy(tmp_path / "b.mp4", tmp_path / "killed.mp4")
    with VideoReader(killed) as early, VideoReader(tmp_path / "b.mp4") as whole:
        assert len(list(early)) >= 25 and len(list(whole)) == 100


class Full:
    """A container on a full disk."""

    def __init__(self, container, at_the_end=False):
        self._container, self._at_the_end = container, at_the_end

    def mux_one(self, packet):
        if not self._at_the_end:
            raise av.error.OSError(28, "No space left on device")

    def close(self):
        self._container.close()
        if self._at_the_end:
            raise av.error.OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, OutputError), (errno.EINVAL, VideoError)]
)
def test_only_the_disk_is_to_blame_for_errors_of_the_disk(tmp_path, number, kind):
    """Whatever else FFmpeg refuses is a fault of this video, and others are read on."""
    with VideoWriter(tmp_path / "b.mp4", 64, 48) as writer:
        error = writer._write_error(av.FFmpegError(number, "it said"))
    assert type(error) is kind and "b.mp4 can't be written" in str(error)


def test_the_sounds_end_has_no_more_digits_than_its_clock():
    audio = SimpleNamespace(end=42.7, video_offset=0.08)
    assert audio.end - audio.video_offset != 42.62
    assert VideoWriter.sound_end.fget(SimpleNamespace(_audio=audio)) == 42.62
