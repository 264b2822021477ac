"""Reading videos: times, orientation, pixels, and what is damaged."""

import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.recording import repeated
from fer.images import encode_jpeg
from fer.videos import VideoReader
from fer.videos.reader import _Clock
from tests.films import BLUE, GREEN, RED, WHITE, corners, grey, make_film

STEADY = [i / 25 for i in range(10)]
UNSTEADY = [0, 0.04, 0.1, 0.5, 0.52, 1.3]


def frames_of(path: Path, **options) -> tuple[VideoReader, list]:
    with VideoReader(path, **options) as reader:
        return reader, list(reader)


def corner_colours(image: np.ndarray) -> list[tuple[int, ...]]:
    """Top left, top right, bottom left, bottom right, each as the nearest of the four colours."""
    height, width = image.shape[:2]
    spots = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
    known = np.array([RED, GREEN, BLUE, WHITE])
    seen = [image[int(y * height), int(x * width)].astype(int) for y, x in spots]
    return [tuple(known[np.abs(known - colour).sum(axis=1).argmin()]) for colour in seen]


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
    assert (reader.info.width, reader.info.height, reader.info.audio) == (64, 48, False)
    assert reader.info.duration == pytest.approx(0.4, abs=0.041)
    assert reader.info.rate == pytest.approx(25, rel=0.05)
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


@pytest.mark.parametrize(
    ("display", "size", "expected"),
    [
        (None, (64, 48), [RED, GREEN, BLUE, WHITE]),
        ((90, False), (48, 64), [GREEN, WHITE, RED, BLUE]),
        ((180, False), (64, 48), [WHITE, BLUE, GREEN, RED]),
        ((-90, False), (48, 64), [BLUE, RED, WHITE, GREEN]),
        ((0, True), (64, 48), [GREEN, RED, WHITE, BLUE]),
        ((90, True), (48, 64), None),
        ((-90, True), (48, 64), None),
    ],
)
def test_turned_pictures_are_set_upright_once(tmp_path, display, size, expected):
    path = make_film(tmp_path / "a.mp4", STEADY, display=display, picture=corners)
    reader, frames = frames_of(path)
    assert (reader.info.width, reader.info.height) == size
    assert frames[0].image.shape[1::-1] == size
    seen = corner_colours(frames[0].image)
    assert corner_colours(frames[-1].image) == seen
    assert seen == (expected or corner_colours(shown_by_matrix(path)))


def shown_by_matrix(path: Path) -> np.ndarray:
    """Lay each pixel where the display matrix says: (x, y) goes to (ax + cy, bx + dy)."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        matrix = np.frombuffer(bytes(frame.side_data["DISPLAYMATRIX"]), np.int32).reshape(3, 3)
        pixels = frame.to_ndarray(format="rgb24")
    (a, b), (c, d) = matrix[:2, :2] / 65536
    y, x = np.mgrid[: frame.height, : frame.width]
    column, row = np.rint(a * x + c * y).astype(int), np.rint(b * x + d * y).astype(int)
    column, row = column - column.min(), row - row.min()
    shown = np.zeros((row.max() + 1, column.max() + 1, 3), np.uint8)
    shown[row, column] = pixels
    return shown


@pytest.mark.parametrize("size", [(65, 49), (1, 1), (64, 2)])
def test_odd_sizes(tmp_path, size):
    path = make_film(tmp_path / "a.mkv", STEADY[:2], size, "ffv1", "yuv444p")
    _, frames = frames_of(path)
    assert [frame.image.shape for frame in frames] == [(size[1], size[0], 3)] * 2


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        ((64, 48), 32, (32, 24)),
        ((64, 48), 64, (64, 48)),
        ((48, 100), 50, (24, 50)),
        ((300, 2), 30, (30, 2)),
    ],
)
def test_large_frames_are_shrunk_while_they_are_read(tmp_path, size, max_side, expected):
    path = make_film(tmp_path / "a.mkv", STEADY[:3], size, "ffv1")
    reader, frames = frames_of(path, max_side=max_side)
    assert (reader.info.width, reader.info.height) == expected
    assert all(frame.image.shape == (*expected[::-1], 3) for frame in frames)


def test_turned_and_shrunk_at_once(tmp_path):
    path = make_film(tmp_path / "a.mp4", STEADY[:3], display=(90, False), picture=corners)
    reader, frames = frames_of(path, max_side=32)
    assert frames[0].image.shape == (32, 24, 3)
    assert (reader.info.width, reader.info.height) == (24, 32)
    assert corner_colours(frames[0].image) == [GREEN, WHITE, RED, BLUE]


def test_wide_pixels_are_made_square(tmp_path):
    path = make_film(tmp_path / "a.mp4", STEADY[:3], pixel_width=Fraction(2))
    assert frames_of(path)[1][0].image.shape == (48, 128, 3)


def test_transparent_parts_are_laid_on_white(tmp_path):
    def half_clear(index, size):
        image = np.zeros((size[1], size[0], 4), np.uint8)
        image[:, : size[0] // 2] = (200, 30, 30, 255)
        return image

    path = make_film(tmp_path / "a.mov", STEADY[:2], codec="png", pixels="rgba", picture=half_clear)
    image = frames_of(path)[1][0].image
    assert image[0, 0].tolist() == [200, 30, 30]
    assert image[0, -1].tolist() == [255, 255, 255]


def test_gif_frames_last_as_long_as_the_file_says(tmp_path):
    times = [0, 0.2, 1.2]
    path = make_film(tmp_path / "a.gif", times, codec="gif", pixels="rgb8", last=0.5)
    reader, frames = frames_of(path)
    assert [frame.time for frame in frames] == pytest.approx(times)
    assert [frame.duration for frame in frames[:2]] == pytest.approx([0.2, 1.0])
    assert reader.info.duration == pytest.approx(frames[-1].time + frames[-1].duration)


def test_colours_of_large_unmarked_videos_are_bt709(tmp_path):
    def green(index, size):
        return np.full((size[1], size[0], 3), GREEN, np.uint8)

    def as_709(frame):
        return frame.reformat(format="yuv420p", dst_colorspace="ITU709")

    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        frame = as_709(av.VideoFrame.from_ndarray(green(0, (1280, 720)), "rgb24"))
        frame.colorspace = 2
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    np.testing.assert_allclose(frames_of(path)[1][0].image[9, 9], GREEN, atol=3)


def test_what_a_browser_records_states_no_length_and_is_measured(tmp_path):
    path = make_film(tmp_path / "a.webm", STEADY, codec="libvpx", form={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None  # the case in question
    info = frames_of(path)[0].info
    assert info.duration == pytest.approx(0.36, abs=0.05)
    assert info.rate == pytest.approx(25, rel=0.15)


def test_a_cover_picture_is_not_the_video(tmp_path):
    from av.stream import Disposition

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for one, count in ((cover, 1), (stream, 5)):
            for index in range(count):
                image = grey(index, (one.width, one.height))
                container.mux(one.encode(av.VideoFrame.from_ndarray(image)))
            container.mux(one.encode(None))
    assert [frame.image.shape for frame in frames_of(path)[1]] == [(48, 64, 3)] * 5


def test_frames_that_change_their_size_are_fitted_to_the_first(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for index, size in enumerate([(64, 48), (128, 96), (32, 32), (64, 48)]):
            packet = av.Packet(encode_jpeg(grey(index, size)))
            packet.pts = packet.dts = index
            packet.time_base, packet.stream = Fraction(1, 25), stream
            container.mux(packet)
    _, frames = frames_of(path)
    assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 4
    for index, frame in enumerate(frames):
        assert abs(float(frame.image.mean()) - grey(index, (1, 1)).mean()) < 3


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


def noisy(index: int, size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 256, (size[1], size[0], 3), np.uint8)


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
        assert "The file ends after 2 of 4 seconds." in reader.warning


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([5, 5.1, 5.3], [0, 0.1, 0.3]),
        ([None, None, None], [0, 0.1, 0.2]),
        ([0, None, 0.15], [0, 0.1, 0.15]),
        ([None, 3.0, 3.2], [0, 0.1, 0.3]),
        ([0, 0.2, 0.2, 0.3], [0, 0.2, 0.201, 0.3]),  # repeated
        ([0, 0.2, 0.1, 0.3], [0, 0.2, 0.201, 0.3]),  # one frame is out of order
        ([0, 4.0, 0.0, 0.5], [0, 4.0, 4.1, 4.6]),  # the clock is set back
        ([0, 0.1, 9e4, 9e4 + 0.1], [0, 0.1, 0.2, 0.3]),  # the clock is set forward
        ([0, 9.0], [0, 9.0]),  # a still picture, shown for nine seconds
    ],
)
def test_times_rise_whatever_the_stamps_say(stamps, expected):
    clock = _Clock(step=0.1, end=10.0)
    assert [clock.read(stamp) for stamp in stamps] == pytest.approx(expected)


def test_memory_does_not_grow_with_the_length(tmp_path):
    """3,000 frames would be 800 MB in a list."""
    short = make_film(tmp_path / "a.mp4", [i / 25 for i in range(25)], (384, 240))
    path = repeated(short, tmp_path / "long.mp4", 120)
    program = (
        "import resource, sys\n"
        "from fer.videos import VideoReader\n"
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
