"""A lost camera: blank and repeated pictures are reported and count for nothing."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from fer.timeline.timeline import Timeline
from fer.ui.live.camera_monitor import STALL_SECONDS, CameraLoss, CameraMonitor, is_uniform
from fer.ui.live.timeline_recorder import TimelineRecorder
from fer.ui.serving.static_folders import MODULES
from tests.fakes import sure
from tests.ui.live_helpers import LivePage, hold_clock

SCRIPT = MODULES / "server_live.js"
BOX = [100, 80, 200, 180]
QUALITY = round(100 * float(re.search(r"QUALITY = ([\d.]+)", SCRIPT.read_text())[1]))
LIT = np.full((240, 320, 3), 128, np.uint8)
BLACK = np.zeros((240, 320, 3), np.uint8)


def as_sent(pixels: np.ndarray) -> np.ndarray:
    """Return a picture after the JPEG compression of the page."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(file))


def dark_room(level: float, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(level, deviation, (480, 640, 3))
    return as_sent(np.clip(np.rint(noise), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("colour", ["black", "white", "#878787", "#008700", "blue"])
def test_a_single_colour_is_uniform(colour):
    assert is_uniform(as_sent(np.asarray(Image.new("RGB", (640, 480), colour))))


def test_noise_tells_a_dark_room_from_a_closed_shutter():
    assert is_uniform(dark_room(0, 1))
    assert not is_uniform(dark_room(0, 2))
    assert not is_uniform(dark_room(2, 2))
    assert not is_uniform(dark_room(16, 1.5))


def test_a_single_small_light_is_a_picture():
    night = BLACK.copy()
    night[37:41, 53:57] = 20
    assert not is_uniform(night)


def test_the_same_file_for_seconds_is_a_stalled_camera():
    monitor = CameraMonitor()
    picture = dark_room(60, 9)
    assert monitor.check(b"one", picture, 0.0) is None and not monitor.repeated
    assert monitor.check(b"one", picture, STALL_SECONDS - 0.1) is None and monitor.repeated
    assert monitor.check(b"one", picture, STALL_SECONDS) is CameraLoss.STALLED
    assert monitor.check(b"two", picture, STALL_SECONDS + 0.1) is None and not monitor.repeated


def test_a_black_picture_is_reported_and_leaves_a_gap(monkeypatch):
    live, clock = LivePage([BOX], sure("happy")), hold_clock(monkeypatch)
    live.start()
    for second in range(12):
        for clock[0] in (second, second + 0.5):
            lost = 4 <= second < 8
            reading = live.read_frame(BLACK if lost else LIT, exact=lost)
            panel = reading.panel
            if second == 4:
                assert reading.skipped  # it may be a camera's first pictures
            elif lost:
                assert not reading.faces and "No camera picture" in panel and "shutter" in panel
                assert "frames/s" not in panel and "No face in view" not in panel
    assert "Your expression" in panel  # it goes on by itself
    live.stop()
    table = live.session().live.recorder.timeline.table()
    assert table["time"].tolist() == [0, 1, 2, 3, 8, 9, 10, 11]
    assert set(table["frames"]) == {2}
    assert table["faces"].tolist() == [0.5] + [1] * 7  # counted from its second picture


def test_a_repeated_picture_counts_once_and_is_reported(monkeypatch):
    live, clock = LivePage([BOX], sure("happy")), hold_clock(monkeypatch)
    live.start()
    panels, still = [], LIT + np.arange(240, dtype=np.uint8)[:, None, None] // 4
    for clock[0] in np.arange(0, 6, 0.5):
        panels.append(live.read_frame(still, exact=True).panel)
    assert ["again and again" in panel for panel in panels] == [False] * 6 + [True] * 6
    clock[0] = 6.0
    assert "Your expression" in live.read_frame(LIT).panel
    live.stop()
    assert live.session().live.recorder.timeline.table()["frames"].tolist() == [1, 1]


def test_a_lost_camera_is_no_reason_to_stop_drawing_the_timeline():
    recorder = TimelineRecorder(Timeline("person"), 0.0)
    assert "Recording 0:05" in recorder.record(None, 5.0)
    assert len(recorder.timeline) == 0
