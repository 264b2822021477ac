"""Videos that would end the process, or never end themselves: each is bounded, or left out."""

import struct
from dataclasses import replace

import av
import numpy as np
import pytest

from fer.sandbox import Limits, Worker, start_fork_server
from fer.video import VideoError, VideoReader, conversion, header, reader
from tests.sample_videos import SOUND_RATE, STEADY, make_film
from tests.sandbox import works

USUAL_ORDER = b"chan" + struct.pack(">III", 0, 1 << 16, 0x63F)
MPEG_7_1_C = b"chan" + struct.pack(">III", 0, 128 << 16 | 8, 0)
"""How a MOV file states the order of its eight channels."""

LIMITS = dict(memory=2_000_000_000, cpu=60, file_size=50_000_000)


@pytest.fixture
def written(tmp_path):
    """Return what writes a video anew, in a worker, and gives its frames, warning and sound."""
    start_fork_server("fer.recording.worker_preload")

    def write(source):
        folder = tmp_path / "out"
        folder.mkdir()
        limits = Limits(**LIMITS, readable=(source,), writable=folder)
        worker = Worker(works.read_and_write, limits, source, folder / "b.mp4")
        try:
            fields = worker.result(60).fields
        finally:
            worker.kill()
        return fields["frames"], fields["warning"], sound_of(folder / "b.mp4")

    return write


def sound_of(path):
    """Seconds at which the sound ends; 0 for none."""
    with av.open(str(path)) as container:
        sound = [p for p in container.demux() if p.stream.type == "audio" and p.pts is not None]
        return max((float(p.pts * p.time_base) for p in sound), default=0.0)


def with_sound(path, samples, layout, codec):
    """Write ten frames, and samples float32 (channels, n)."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        tone = container.add_stream(codec, rate=SOUND_RATE, layout=layout)
        tone.bit_rate = 128_000
        for _ in range(10):
            grey = np.full((48, 64, 3), 99, np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(grey)))
        packed = np.ascontiguousarray(samples.T.astype(np.float32).reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(packed, "flt", layout)
        frame.sample_rate, frame.pts = SOUND_RATE, 0
        resampler = av.AudioResampler(tone.format, layout, SOUND_RATE)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(tone.encode(part))
        for stream in (pictures, tone):
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f64le"])
def test_channels_in_an_order_of_their_own_do_not_end_the_process(tmp_path, written, codec):
    source = with_sound(tmp_path / "a.mov", np.zeros((8, 20_000)), "7.1", codec)
    content = source.read_bytes()
    assert content.count(USUAL_ORDER) == 1
    source.write_bytes(content.replace(USUAL_ORDER, MPEG_7_1_C))
    frames, warning, sound = written(source)
    assert (frames, sound) == (10, 0) and "order of their own" in warning


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1(side)"])
def test_usual_orders_of_channels_are_kept(tmp_path, written, layout):
    count = {"mono": 1, "stereo": 2}.get(layout, 6)
    source = with_sound(tmp_path / "a.mkv", np.zeros((count, 48_000)), layout, "pcm_s16le")
    assert written(source) == (10, None, pytest.approx(1.0, abs=0.05))


def test_sound_that_is_no_number_costs_its_part_only(tmp_path, written):
    samples = np.zeros((1, 48_000))
    samples[0, 20_000:24_000] = np.nan
    source = with_sound(tmp_path / "a.mkv", samples, "mono", "pcm_f32le")
    frames, warning, sound = written(source)
    assert frames == 10 and "damaged" in warning and sound == pytest.approx(1.0, abs=0.05)


def test_wma_costs_the_pictures_nothing(tmp_path, written):
    frames, _, sound = written(
        with_sound(tmp_path / "a.avi", np.zeros((1, 20_480)), "mono", "wmav2")
    )
    assert frames == 10 and sound > 0.3


@pytest.mark.parametrize("codec", ["aac", "flac"])
def test_sound_ends_a_minute_after_the_pictures(tmp_path, written, codec):
    film = make_film(tmp_path / "a.mkv", STEADY, sound=codec, sound_seconds=200)
    frames, warning, sound = written(film)
    assert frames == len(STEADY) and "more than a minute after the pictures" in warning
    assert sound == pytest.approx(60.4, abs=0.2)


def test_side_data_that_pyav_does_not_know_is_passed_over(tmp_path):
    film = make_film(tmp_path / "a.mov", STEADY, codec="tiff", pixels="rgb24")
    with VideoReader(film) as frames:
        assert len(list(frames)) == len(STEADY)


@pytest.mark.parametrize(("degrees", "matrix"), [(0, [[1, 0], [0, 1]]), (90, [[0, -1], [1, 0]])])
def test_a_turn_as_pyav_gives_it_is_the_matrix_that_the_file_has(degrees, matrix):
    assert conversion.rotation_matrix(degrees).tolist() == matrix


@pytest.mark.parametrize("stated", [0.2, None])
def test_the_last_frame_is_not_shown_beyond_the_stated_end(tmp_path, monkeypatch, stated):
    film = make_film(tmp_path / "a.mov", STEADY, last=3000)
    monkeypatch.setattr(
        reader,
        "read_video_info",
        lambda *about, **size: replace(header.read_video_info(*about, **size), duration=stated),
    )
    with VideoReader(film) as frames:
        last = list(frames)[-1]
    assert last.duration == 1.0


def test_a_rate_of_next_to_nothing_is_none(tmp_path, monkeypatch):
    film = make_film(tmp_path / "a.mov", [0, 5000], last=0.04)
    with VideoReader(film) as frames:
        assert frames.info.frame_rate == pytest.approx(1 / 60)


def test_more_frames_than_are_taken_are_refused(tmp_path, monkeypatch):
    film = make_film(tmp_path / "a.mp4", STEADY)
    monkeypatch.setattr(header, "MAX_PIXELS", 64 * 48 * (len(STEADY) - 1))
    with pytest.raises(VideoError, match=r"too many frames \(10 of 64 x 48 pixels\); at most 9"):
        VideoReader(film)


def test_frames_that_are_far_denser_than_stated_are_refused(tmp_path, monkeypatch):
    """One whose queue length is that of a minute would keep a worker for as long as hours."""
    monkeypatch.setattr(header, "MAX_PIXEL_RATE", 64 * 48 * 10)
    times = [*range(10), *(9 + i / 500 for i in range(1, 700))]
    film = make_film(tmp_path / "a.mkv", times)
    with VideoReader(film) as frames:
        frames._header = replace(frames.info, frame_rate=10)  # as of its first seconds
        with pytest.raises(
            VideoError, match=r"too many pictures in a second \(\d+ in the first 1[01] s"
        ):
            list(frames)
    with VideoReader(film, unlimited=True) as frames:
        assert len(list(frames)) == len(times)


def test_frames_that_no_header_states_are_counted(tmp_path, monkeypatch):
    film = make_film(tmp_path / "a.mkv", STEADY)
    monkeypatch.setattr(header, "MAX_FRAMES", 5)
    with VideoReader(film) as frames:
        assert len(list(frames)) == 5
    assert "Only the first 5 pictures were read." in frames.warning
