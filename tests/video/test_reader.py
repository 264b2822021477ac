"""Reading videos: formats, times, and what is damaged."""

import re
import struct
import subprocess
import sys
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.recording import repeated
from fer.video import VideoReader
from fer.video.container import demux
from fer.video.timestamps import TimestampCorrector
from tests.sample_videos import (
    STEADY,
    UNSTEADY,
    add_cover,
    frames_of,
    grey,
    make_film,
    noisy,
    set_back,
    write_cover,
)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mov", "libx264", "yuv444p"),
        ("a.webm", "libvpx", "yuv420p"),
        ("a.mkv", "ffv1", "yuv420p"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.gif", "gif", "rgb8"),
    ],
)
def test_each_format_gives_all_frames_at_their_times(tmp_path, name, codec, pixels):
    path = make_film(tmp_path / name, STEADY, codec=codec, pixels=pixels)
    reader, frames = frames_of(path)
    assert (reader.info.width, reader.info.height, reader.info.has_audio) == (64, 48, False)
    assert reader.info.duration == pytest.approx(0.4, abs=0.041)
    assert reader.info.frame_rate == pytest.approx(25, rel=0.05)
    np.testing.assert_allclose([frame.time for frame in frames], STEADY, atol=1e-6)
    for index, frame in enumerate(frames):
        assert (frame.image.dtype, frame.image.shape) == (np.uint8, (48, 64, 3))
        coarse = 24 if codec == "gif" else 6  # rgb8 has four to eight levels a colour
        assert abs(float(frame.image.mean()) - grey(index, (1, 1)).mean()) <= coarse
    assert reader.warning is None


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize(("start", "reordered"), [(0, 0), (1.5, 0), (0, 2), (1.5, 2)])
def test_unsteady_times_are_kept_and_count_from_the_first_frame(tmp_path, name, start, reordered):
    times = [start + time for time in UNSTEADY]
    path = make_film(tmp_path / name, times, last=0.7, reordered=reordered)
    _, frames = frames_of(path)
    np.testing.assert_allclose([frame.time for frame in frames], UNSTEADY, atol=1e-3)
    assert [frame.image[0, 0, 0] // 8 for frame in frames] == [2, 3, 4, 5, 6, 7]
    if name == "a.mp4" and not reordered:  # FFmpeg can't write it otherwise
        assert frames[-1].duration == pytest.approx(0.7, abs=1e-3)


@pytest.mark.parametrize("last", [(5.0, 10.0, 15.0, 20.0), (30.0, 30.04, 30.08, 30.12)])
def test_frames_after_a_pause_keep_their_times_where_frames_are_reordered(tmp_path, last):
    """As in the recording of a screen on which little happens at the end."""
    times = [*(0.04 * index for index in range(40)), *last]
    reader, frames = frames_of(make_film(tmp_path / "a.mp4", times, reordered=2))
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=1e-3)
    assert reader.info.duration == pytest.approx(last[-1] + 0.04, abs=0.01)
    assert frames[-1].duration < 1 and reader.warning is None


def test_gif_frames_last_as_long_as_the_file_says(tmp_path):
    times = [0, 0.2, 1.2]
    path = make_film(tmp_path / "a.gif", times, codec="gif", pixels="rgb8", last=0.5)
    reader, frames = frames_of(path)
    assert [frame.time for frame in frames] == pytest.approx(times)
    assert [frame.duration for frame in frames[:2]] == pytest.approx([0.2, 1.0])
    assert reader.info.duration == pytest.approx(frames[-1].time + frames[-1].duration)


def test_what_a_browser_records_states_no_length_and_is_measured(tmp_path):
    path = make_film(tmp_path / "a.webm", STEADY, codec="libvpx", form={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None  # the case in question
    info = frames_of(path)[0].info
    assert info.duration == pytest.approx(0.36, abs=0.05)
    assert info.frame_rate == pytest.approx(25, rel=0.15)


@pytest.mark.parametrize("frames", [5, 1])
def test_a_cover_picture_is_not_the_video(tmp_path, frames):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        cover = add_cover(container)
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        write_cover(container, cover)
        for index in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey(index, (64, 48)))))
        container.mux(stream.encode(None))
    assert [frame.image.shape for frame in frames_of(path)[1]] == [(48, 64, 3)] * frames


def test_a_clock_that_is_set_back_cuts_nothing_off(tmp_path):
    times = [i / 25 for i in range(200)]
    form = {"cluster_time_limit": "500"}
    path = set_back(make_film(tmp_path / "a.mkv", times, form=form), after=4, seconds=4)
    reader, frames = frames_of(path)
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=0.05)
    assert reader.info.duration == pytest.approx(8, abs=0.05)
    assert reader.warning is None


def test_a_trimmed_video_hides_frames_and_nothing_is_missing(tmp_path):
    """An edit list, as phones write it, says: from 2 s on, for 1 s."""
    path = make_film(tmp_path / "a.mp4", [i / 25 for i in range(100)], reordered=2)
    data = bytearray(path.read_bytes())
    entry = data.index(b"elst") + 12  # after the name, version, flags and count
    start = struct.unpack_from(">i", data, entry + 4)[0]
    struct.pack_into(">Ii", data, entry, 1000, start + 2 * 16_000)
    path.write_bytes(data)
    reader, frames = frames_of(path)
    assert reader.info.duration == pytest.approx(1.0)
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(25)])
    assert abs(float(frames[0].image.mean()) - grey(50, (1, 1)).mean()) < 4
    assert reader.warning is None


def test_a_video_damaged_in_the_middle_gives_what_can_be_read(tmp_path):
    path = make_film(tmp_path / "a.mp4", [i / 25 for i in range(50)], picture=noisy)
    data = bytearray(path.read_bytes())
    middle = slice(len(data) // 3, len(data) // 3 + len(data) // 10)
    data[middle] = np.random.default_rng(0).integers(0, 256, len(data) // 10, np.uint8).tobytes()
    path.write_bytes(data)
    reader, frames = frames_of(path)
    assert 25 < len(frames) <= 50
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))
    assert "of 50 pictures" in reader.warning
    with VideoReader(path) as reader:
        read = list(islice(reader, 30))  # as of a stretch before its end
        assert len(read) == 30 and "pictures" in reader.warning
        assert "of 50 pictures" not in reader.warning


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_video_that_is_cut_off_gives_what_is_there(tmp_path, name):
    times = [i / 25 for i in range(100)]
    codec = "mpeg4" if name == "a.avi" else "libx264"
    form = {"movflags": "+faststart"} if name == "a.mp4" else {}
    path = make_film(tmp_path / name, times, codec=codec, picture=noisy, form=form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    reader, frames = frames_of(path)
    assert 35 < len(frames) < 65
    assert reader.warning is not None
    if name != "a.avi":
        assert re.search(r"The file ends after [12]\.\d of 4\.0 seconds\.", reader.warning)


def end_in_empty_chunks(avi: bytes, number: int) -> bytes:
    """An AVI whose header and index count so many chunks more than there are frames."""
    index, frames = avi.rindex(b"idx1"), avi.index(b"strh") + 40
    end, empty = avi[index + 8 :], b"00dc" + bytes(4)
    size = struct.pack("<I", len(end) + 16 * number)
    content = avi[:index] + number * empty + b"idx1" + size + end + number * (b"00dc" + bytes(12))
    count = struct.unpack_from("<I", avi, frames)[0] + number
    longer = content[:frames] + struct.pack("<I", count) + content[frames + 4 :]
    movi = longer.index(b"movi") - 4
    old = struct.unpack_from("<I", longer, movi)[0]
    longer = longer[:movi] + struct.pack("<I", old + 8 * number) + longer[movi + 4 :]
    return longer[:4] + struct.pack("<I", len(longer) - 8) + longer[8:]


@pytest.mark.parametrize("pause", [25, 100])
def test_empty_chunks_at_the_end_of_an_avi_leave_its_last_frame_on_the_screen(tmp_path, pause):
    path = make_film(tmp_path / "a.avi", [i / 25 for i in range(50)], codec="mpeg4", picture=noisy)
    path.write_bytes(end_in_empty_chunks(path.read_bytes(), pause))
    reader, frames = frames_of(path)
    assert len(frames) == 50 and reader.warning is None
    assert frames[-1].time + frames[-1].duration == pytest.approx(2 + pause / 25)
    assert frames[-2].duration == pytest.approx(1 / 25)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_frames_that_all_have_one_time_are_as_far_apart_as_usual(tmp_path, name):
    path = tmp_path / name
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        pictures = [av.VideoFrame.from_ndarray(grey(index, (64, 48))) for index in range(10)]
        for packet in [
            packet for picture in [*pictures, None] for packet in stream.encode(picture)
        ]:
            packet.pts = packet.dts = 0
            film.mux(packet)
    reader, frames = frames_of(path)
    assert (len(frames), reader.info.frame_rate) == (10, pytest.approx(25, rel=0.05))
    assert reader.info.duration == pytest.approx(0.4, abs=0.02) and reader.warning is None
    assert frames[-1].time == pytest.approx(0.32, abs=0.03)


def emptied(packet):
    """Return a packet of the same time that holds nothing."""
    empty = av.Packet()
    empty.pts, empty.dts, empty.duration = packet.pts, packet.dts, packet.duration
    empty.time_base, empty.stream = packet.time_base, packet.stream
    return empty


def test_empty_packets_leave_the_frame_before_on_the_screen(tmp_path, monkeypatch):
    """So Theora states that nothing has changed; PyAV has no encoder for it."""
    path = make_film(tmp_path / "a.mkv", STEADY, codec="mjpeg", pixels="yuvj420p")

    def repeating(*arguments, **options):
        for number, packet in enumerate(demux(*arguments, **options)):
            yield emptied(packet) if number in (1, 2, len(STEADY) - 1) else packet

    monkeypatch.setattr("fer.video.reader.demux", repeating)
    reader, frames = frames_of(path)
    assert reader.warning is None
    assert [frame.time for frame in frames] == pytest.approx([0, *STEADY[3:-1]], abs=1e-3)
    assert frames[-1].time + frames[-1].duration == pytest.approx(0.4, abs=2e-3)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([5, 5.1, 5.3], [0, 0.1, 0.3]),
        ([None, None, None], [0, 0.1, 0.2]),
        ([0, None, 0.15], [0, 0.1, 0.15]),
        ([None, 3.0, 3.2], [0, 0.1, 0.3]),
        ([0, 0.2, 0.2, 0.3], [0, 0.2, 0.201, 0.3]),  # repeated
        ([5, 5, 5, 5, 5.5], [0, 0.001, 0.101, 0.201, 0.5]),  # the clock stands still
        ([0, 0.2, 0.1, 0.3], [0, 0.2, 0.201, 0.3]),  # one frame is out of order
        ([0, 4.0, 0.0, 0.5], [0, 4.0, 4.1, 4.6]),  # the clock is set back
        ([0, 0.1, 9e4, 9e4 + 0.1], [0, 0.1, 0.2, 0.3]),  # the clock is set forward
        ([0, 9.0], [0, 9.0]),  # a still picture, shown for nine seconds
    ],
)
def test_times_rise_whatever_the_stamps_say(stamps, expected):
    clock = TimestampCorrector(step=0.1, end=10.0)
    assert [clock.correct(stamp) for stamp in stamps] == pytest.approx(expected)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(tmp_path):
    """3,000 frames would be 800 MB in a list."""
    short = make_film(tmp_path / "a.mp4", [i / 25 for i in range(25)], (384, 240))
    path = repeated(short, tmp_path / "long.mp4", 120)
    program = (
        "import resource, sys\n"
        "from fer.video import VideoReader\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "with VideoReader(sys.argv[1]) as reader:\n"
        "    peaks = [peak() for frame in reader]\n"
        "print(len(peaks), peaks[-1] - peaks[100])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, path], cwd=root, capture_output=True, text=True
    )
    frames, grown = map(int, done.stdout.split())
    assert frames == 3000
    assert grown < 60, done.stderr


def test_a_film_that_is_longer_than_it_says_ends_at_the_limit(tmp_path, monkeypatch):
    film = make_film(tmp_path / "a.mp4", [i / 25 for i in range(50)])
    monkeypatch.setattr("fer.video.reader.MAX_SECONDS", 1)
    with VideoReader(film) as reader:
        frames = list(reader)
    assert len(frames) == 26 and "Only the first" in reader.warning
