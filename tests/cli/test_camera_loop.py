"""The camera window's loop, with stand-ins for camera and screen: keys become actions."""

from datetime import datetime

import numpy as np
import pytest

from fer.cli.camera_loop import CameraLoop, OutputNames
from fer.clock import PausableClock
from fer.colors import COLORS
from fer.images import read_image
from fer.pipeline import Pipeline
from fer.video import Frame, VideoError, VideoReader, VideoWriter
from tests.fakes import FakeClassifier, FakeDetector, sure

BOX = [100, 80, 200, 180]
IMAGE = np.full((240, 320, 3), 128, np.uint8)


class FakeSource:
    """Gives a frame each turn, each its own grey, a tenth of a second apart."""

    def __init__(self, frames):
        self.frames = frames
        self.given = 0
        self.time = 0.0
        self.clock = PausableClock(lambda: self.time)

    @property
    def ended(self):
        return self.given == self.frames

    def read(self):
        self.given += 1
        self.time += 0.1
        return Frame(IMAGE + self.given, self.clock.now(), 0.1)


class FakeScreen:
    """Remembers what it showed and presses the keys that it was given."""

    def __init__(self, keys):
        self.keys = list(keys)
        self.shown = []
        self.size = None
        self.closed = False

    def open(self, width, height):
        self.size = width, height
        return self

    def show(self, image):
        self.shown.append(image)

    def key(self, milliseconds):
        return self.keys.pop(0) if self.keys else ""

    def close(self):
        self.closed = True


def camera_loop(keys, folder, frames=6, boxes=(BOX,), **options):
    screen, source = FakeScreen(keys), FakeSource(frames)
    pipeline = Pipeline(FakeDetector(boxes), FakeClassifier(sure("sad")))
    inputs = OutputNames(folder, lambda: datetime(2027, 1, 31, 9, 30))
    return CameraLoop(pipeline, source, screen.open, inputs, **options), screen, source


def test_it_ends_with_the_source_and_closes_the_window(tmp_path):
    loop, screen, _ = camera_loop([], tmp_path)
    loop.run()
    assert len(screen.shown) == 6 and screen.closed
    assert screen.size == (320, len(screen.shown[0])) and screen.size[1] > 240
    colour = [int(COLORS["sad"][i : i + 2], 16) for i in (1, 3, 5)]
    assert screen.shown[1][130, 100].tolist() == colour
    assert loop.output_names.saved == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["q", "Q", "\x1b"])
def test_q_quits(tmp_path, key):
    loop, screen, source = camera_loop(["", key], tmp_path)
    loop.run()
    assert source.given == 2 and screen.closed


def test_unknown_keys_do_nothing(tmp_path):
    loop, screen, _ = camera_loop(["x", "é"], tmp_path)
    loop.run()
    assert len(screen.shown) == 6


def test_space_pauses_and_resumes(tmp_path):
    loop, screen, source = camera_loop(["", " ", "", "", "s", " "], tmp_path)
    for _ in range(5):
        loop.step()
    assert source.given == 2 and not source.clock.running
    assert np.array_equal(screen.shown[-1][:240], screen.shown[1][:240])
    assert not np.array_equal(screen.shown[-1][240:], screen.shown[1][240:])  # "paused"
    for _ in range(2):
        loop.step()
    assert source.given == 3 and source.clock.running


def test_s_saves_the_annotated_picture_without_the_status_bar(tmp_path):
    loop, screen, _ = camera_loop(["s", "", "s"], tmp_path)
    loop.run()
    names = ["fer-20270131-093000.jpg", "fer-20270131-093000-2.jpg"]
    assert [path.name for path in loop.output_names.saved] == names
    first = read_image(tmp_path / names[0]).astype(int)
    assert first.shape == IMAGE.shape
    assert np.abs(first - screen.shown[0][:240]).mean() < 3


def test_r_starts_and_stops_a_recording(tmp_path):
    loop, _, _ = camera_loop(["", "r", "", "", "r", ""], tmp_path, frames=8)
    loop.run()
    (path,) = loop.output_names.saved
    assert path.name == "fer-20270131-093000.mp4"
    with VideoReader(path) as video:
        frames = list(video)
    # From the second frame, which was shown when the key was pressed, to the fifth.
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3], abs=1e-3)
    assert [int(frame.image[20, 20, 0]) for frame in frames] == pytest.approx(
        [130, 131, 132, 133], abs=3
    )


def test_a_pause_leaves_no_hole_in_a_recording(tmp_path):
    loop, _, source = camera_loop(["r", " ", "", " ", ""], tmp_path, frames=4)
    turn = loop.step

    def slow_turn():
        if not source.clock.running:
            source.time += 30
        turn()

    loop.step = slow_turn
    loop.run()
    with VideoReader(loop.output_names.saved[0]) as video:
        assert [frame.time for frame in video] == pytest.approx([0, 0.1, 0.2, 0.3], abs=1e-3)


@pytest.mark.parametrize("end", ["source", "quit", "interrupt", "error"])
def test_a_recording_is_finished_however_it_ends(tmp_path, end):
    loop, screen, source = camera_loop(["r", "", "q" if end == "quit" else ""], tmp_path)
    if end in ("interrupt", "error"):
        read = source.read

        def failing():
            if source.given == 3:
                raise KeyboardInterrupt if end == "interrupt" else ValueError("The camera is gone.")
            return read()

        source.read = failing
    if end in ("interrupt", "error"):
        with pytest.raises(KeyboardInterrupt if end == "interrupt" else ValueError):
            loop.run()
    else:
        loop.run()
    assert screen.closed
    with VideoReader(loop.output_names.saved[0]) as video:
        assert len(list(video)) >= 3


@pytest.mark.parametrize("keys", [["r", "", "", "r"], ["r"]])
def test_a_recording_that_cannot_be_finished_is_one_error(tmp_path, monkeypatch, keys):
    def fail(writer):
        closed.append(writer)
        raise VideoError("The disk is full.")

    closed = []
    monkeypatch.setattr(VideoWriter, "_finish", fail)
    loop, screen, _ = camera_loop(keys, tmp_path)
    with pytest.raises(VideoError, match="The disk is full"):
        loop.run()
    assert len(closed) == 1 and screen.closed and loop.output_names.saved[0].exists()


def test_the_largest_face_gets_the_bars(tmp_path):
    large, small = [20, 20, 120, 120], [200, 20, 260, 80]
    loop, screen, _ = camera_loop([], tmp_path, frames=2, boxes=[small, large])
    loop.pipeline.classifier = FakeClassifier(sure("angry"), sure("happy"))
    loop.run()

    def bar(name):
        colour = [int(COLORS[name][i : i + 2], 16) for i in (1, 3, 5)]
        return (screen.shown[1][150:240] == colour).all(axis=2).sum(axis=1).max()

    assert bar("happy") > 3 * bar("angry")


def test_a_mirror_swaps_left_and_right(tmp_path):
    loop, _, source = camera_loop([], tmp_path, boxes=())
    image = IMAGE.copy()
    image[:, :10] = 0
    source.read = lambda: Frame(image, 0.0, 0.1)
    loop.mirror = True
    loop.step()
    assert (loop.last_drawing == image[:, ::-1]).all()


def test_the_folder_is_made_for_the_first_file(tmp_path):
    inputs = OutputNames(tmp_path / "new" / "place", lambda: datetime(2027, 1, 31, 9, 30))
    assert not (tmp_path / "new").exists()
    assert inputs.next_path(".jpg").parent.is_dir()
