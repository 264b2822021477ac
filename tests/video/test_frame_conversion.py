"""What read frames look like: orientation, size, shape of pixels, transparency, colours."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fer.images import encode_jpeg
from tests.sample_videos import BLUE, GREEN, RED, STEADY, WHITE, corners, frames_of, grey, make_film


def corner_colours(image: np.ndarray) -> list[tuple[int, ...]]:
    """Top left, top right, bottom left, bottom right, each as the nearest of the four colours."""
    height, width = image.shape[:2]
    spots = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
    known = np.array([RED, GREEN, BLUE, WHITE])
    seen = [image[int(y * height), int(x * width)].astype(int) for y, x in spots]
    return [tuple(known[np.abs(known - colour).sum(axis=1).argmin()]) for colour in seen]


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
    path = make_film(tmp_path / "a.mp4", STEADY[:3], pixel_aspect=Fraction(2))
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


def test_a_frame_that_is_transparent_all_over_is_not(tmp_path):
    def clear(index, size):
        return np.full((size[1], size[0], 4), (200, 30, 30, 0), np.uint8)

    path = make_film(tmp_path / "a.avi", STEADY[:2], codec="rawvideo", pixels="bgra", picture=clear)
    assert frames_of(path)[1][0].image[0, 0].tolist() == [200, 30, 30]


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


def test_frames_that_change_their_size_are_fitted_into_the_first(tmp_path):
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
        middle = frame.image[:, 8:-8] if index == 2 else frame.image  # which keeps its form
        assert abs(float(middle.mean()) - grey(index, (1, 1)).mean()) < 3
    assert not frames[2].image[:, :8].any() and not frames[2].image[:, -8:].any()
