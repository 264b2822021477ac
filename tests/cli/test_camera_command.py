"""`fer camera`: its sources, its sentences, and once the real window on a virtual screen."""

import io
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import nullcontext, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from fer.cli import main
from fer.cli.frame_sources import CameraSource, SourceError, VideoSource, open_camera, open_source
from fer.cli.window import Window
from fer.video import VideoWriter
from tests.e2e.browser import camera_picture
from tests.fakes import fake_pipeline

ROOT = Path(__file__).parents[2]


@pytest.fixture
def film(tmp_path):
    """Ten frames a tenth of a second apart, each brighter than the one before."""
    path = tmp_path / "film.mp4"
    with VideoWriter(path, 64, 48) as writer:
        for index in range(10):
            writer.write(np.full((48, 64, 3), 20 * index, np.uint8), index / 10)
    return path


def index_of(frame):
    return frame and round(frame.image.mean() / 20)


def test_a_film_keeps_its_pace_and_drops_what_is_late(film):
    times = [50.0, 60.0]  # opened, and first read once the networks were loaded
    with VideoSource(film, lambda: times[-1]) as source:

        def read(time):
            times.append(time)
            return index_of(source.read())

        assert [read(time) for time in (60.0, 60.05, 60.11, 60.15)] == [0, None, 1, None]
        assert [read(time) for time in (60.49, 60.52)] == [4, 5]
        source.clock.pause()
        assert read(90.0) is None
        source.clock.resume()
        assert read(90.09) == 6
        assert not source.ended
        assert read(95.0) == 9
        assert source.ended


class FakeCapture:
    """A camera that gives BGR pictures, each bluer than the last, until `lost`."""

    def __init__(self, works=True):
        self.works, self.given, self.released = works, 0, False

    def read(self):
        if not self.works:
            return False, None
        self.given += 1
        time.sleep(0.002)
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[..., 0] = self.given % 256
        return True, picture

    def release(self):
        self.released = True


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_the_latest_picture_of_a_camera_wins_and_is_rgb():
    capture = FakeCapture()
    with CameraSource(capture, "Camera 0") as source:
        wait_for(lambda: capture.given > 5)
        frame = source.read()
        assert frame.image[0, 0, :2].tolist() == [0, 0] and frame.image[0, 0, 2] >= 5
        wait_for(lambda: capture.given > 12)
        later = source.read()
        assert later.image[0, 0, 2] >= 12 and later.time > frame.time
        assert not source.ended
    assert capture.released


def test_no_picture_is_given_twice():
    capture = FakeCapture()
    with CameraSource(capture, "Camera 0") as source:
        wait_for(lambda: source.read() is not None)
        capture.works = False
        time.sleep(0.02)
        source.read()  # there may be one more
        assert source.read() is None


def test_a_busy_camera_gives_one_sentence():
    capture = FakeCapture(works=False)
    with pytest.raises(SourceError, match="Camera 0 gives no picture: another program may be"):
        CameraSource(capture, "Camera 0")
    assert capture.released


def test_a_camera_that_was_unplugged_gives_one_sentence(monkeypatch):
    monkeypatch.setattr("fer.cli.frame_sources.CAMERA_TIMEOUT", 0.05)
    capture = FakeCapture()
    with CameraSource(capture, "Camera 0") as source:
        capture.works = False
        with pytest.raises(SourceError, match="gives no more pictures"):
            wait_for(lambda: source.ended)


def test_a_camera_whose_picture_opencv_fails_to_read_gives_one_sentence():
    capture = FakeCapture()
    with CameraSource(capture, "Camera 0") as source:
        capture.read = lambda: cv2.imdecode(np.zeros(0, np.uint8), 0)  # raises cv2.error
        with pytest.raises(SourceError, match="gives no more pictures"):
            wait_for(lambda: source.ended)


def test_a_camera_that_is_being_read_is_not_released(monkeypatch):
    monkeypatch.setattr("fer.cli.frame_sources.CAMERA_TIMEOUT", 0.05)
    capture, answer = FakeCapture(), threading.Event()
    with CameraSource(capture, "rtsp://camera") as source:
        capture.read = lambda: (not answer.wait(5), None)
        time.sleep(0.02)
    assert source._thread.is_alive() and not capture.released
    answer.set()


def test_a_missing_camera_is_reported(tmp_path):
    with pytest.raises(SourceError, match="There is no camera 93; connect one, or name a video"):
        open_camera(93, devices=tmp_path)
    (tmp_path / "video93").touch()
    with pytest.raises(SourceError, match="another program may be using it"):
        open_camera(93, devices=tmp_path)


@pytest.mark.parametrize("name", ["2147483647", "9" * 30, "/dev/video99"])
def test_any_number_is_one_of_a_camera(name):
    index = name.removeprefix("/dev/video")
    with pytest.raises(SourceError, match=f"There is no camera {index}; connect one"):
        open_source(name)


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "is empty"), (b"I am no film.", "be read as a video")]
)
def test_an_unreadable_file_is_a_value_error(tmp_path, content, sentence):
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        open_source(str(tmp_path / "film.mp4"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a screen")
@pytest.mark.parametrize("display", ["", ":4711"])
def test_a_missing_screen_is_reported(monkeypatch, capsys, film, display):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["camera", str(film)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("fer camera: There is no screen to open a window on; ")
    assert printed.err.count("\n") == 1 and printed.out == ""


def test_an_opencv_without_windows_is_named(monkeypatch, capsys, film):
    monkeypatch.setattr("cv2.currentUIFramework", lambda: "")
    assert main(["camera", str(film)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(
        "fer camera: The window needs opencv-python, and here is opencv-python-"
    )
    assert printed.count("\n") == 1


def test_a_missing_file_is_reported_before_a_missing_screen(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("DISPLAY", "")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["camera", "nofile.mp4", "--output", "new/folder"]) == 1
    assert capsys.readouterr().err.startswith("fer camera: There is no file nofile.mp4")
    assert list(tmp_path.iterdir()) == []


class MovingJpegs(BaseHTTPRequestHandler):
    """A network camera of the usual kind: one JPEG after another, without an end."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        buffer = io.BytesIO()
        Image.new("RGB", (64, 48), (200, 30, 40)).save(buffer, "JPEG")
        jpeg = buffer.getvalue()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        with suppress(OSError):  # the camera's window was closed
            while True:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(0.002)

    def log_message(self, *arguments):
        pass


def test_a_network_camera_is_opened_by_its_address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), MovingJpegs)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    frames = []
    try:
        with open_source(f"http://127.0.0.1:{server.server_port}/video") as source:
            wait_for(lambda: frames.append(source.read()) or frames[-1] is not None)
    finally:
        server.shutdown()
    assert np.abs(frames[-1].image.astype(int) - (200, 30, 40)).max() < 12


@pytest.mark.parametrize(
    ("scheme", "password"), [("rtsp", "secret"), ("HTTP", "p@secret"), ("rtsp", "p/secret@")]
)
def test_a_network_camera_that_is_off_gives_one_sentence_without_the_password(scheme, password):
    with pytest.raises(SourceError, match="gives no picture; check the address") as caught:
        open_source(f"{scheme}://user:{password}@127.0.0.1:9/live")
    assert f"{scheme}://127.0.0.1:9/live" in str(caught.value) and "secret" not in str(caught.value)


def test_ctrl_c_names_what_was_saved(monkeypatch, capsys, film, tmp_path):
    def stop(loop):
        loop.output_names.next_path(".jpg")
        raise KeyboardInterrupt

    monkeypatch.setattr("fer.cli.camera_loop.CameraLoop.run", stop)
    monkeypatch.setattr("fer.cli.window.require_display", lambda: None)
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda *settings: fake_pipeline())
    assert main(["camera", str(film), "--output", str(tmp_path / "out")]) == 130
    printed = capsys.readouterr().err
    assert printed.startswith(f"fer camera: Interrupted. Saved {tmp_path / 'out' / 'fer-'}")
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "mirrored"),
    [
        (["0"], True),
        (["/dev/video0"], True),
        (["a.mp4"], False),
        (["0", "--no-mirror"], False),
        (["a.mp4", "--mirror"], True),
        (["rtsp://camera/1"], False),
    ],
)
def test_cameras_are_mirrored_by_default_and_files_are_not(monkeypatch, tmp_path, words, mirrored):
    made = []

    def loop(*arguments):
        made.append(arguments[-1])
        return SimpleNamespace(
            run=lambda: None,
            output_names=SimpleNamespace(saved=[]),
            source=SimpleNamespace(warning=None),
        )

    monkeypatch.setattr("fer.cli.camera_loop.CameraLoop", loop)
    monkeypatch.setattr("fer.cli.window.require_display", lambda: None)
    monkeypatch.setattr("fer.cli.frame_sources.open_source", lambda name: nullcontext())
    monkeypatch.setattr("fer.pipeline.Pipeline.load", lambda model, min_face, device: None)
    assert main(["camera", *words, "--output", str(tmp_path)]) == 0
    assert made == [mirrored]


def test_a_file_in_place_of_the_output_folder_is_reported(capsys, tmp_path):
    (tmp_path / "taken").touch()
    assert main(["camera", "--output", str(tmp_path / "taken")]) == 1
    assert "is a file; name a folder for the results." in capsys.readouterr().err


@pytest.fixture
def screen(tmp_path):
    """A virtual screen's name; X picks a free number."""
    if not shutil.which("Xvfb"):
        pytest.skip("there is no Xvfb; Debian's package is called xvfb")
    read, write = os.pipe()
    size = ("-screen", "0", "800x700x24", "-fbdir", str(tmp_path))
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *size], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as number:
        name = f":{number.readline().strip()}"
    yield name
    server.terminate()
    server.wait(10)


def on_screen(tmp_path):
    """The virtual screen's picture, RGB uint8 (700, 800, 3), out of its XWD file."""
    content = (tmp_path / "Xvfb_screen0").read_bytes()
    header = np.frombuffer(content, ">u4", 25)
    colours = 12 * int(header[19])
    pixels = np.frombuffer(content, np.uint8, offset=int(header[0]) + colours)
    return pixels[: 800 * 700 * 4].reshape(700, 800, 4)[..., 2::-1]


def shows(screen, picture):
    """Whether the window is wholly drawn: the picture in its colours, and the strip of words."""
    difference = np.abs(screen[:480, :640].astype(int) - picture)
    film = (difference.max(axis=2) < 60).mean() > 0.6  # lower where red and blue are swapped
    return film and (screen[482:500, :640] < 60).all(axis=2).mean() > 0.7


@pytest.mark.slow
@pytest.mark.browser
def test_the_real_window_shows_the_film(tmp_path, screen):
    picture = camera_picture()
    with VideoWriter(tmp_path / "film.mp4", 640, 480) as writer:
        for index in range(60):
            writer.write(picture, index * 2)  # lasts longer than the test waits
    command = [sys.executable, "-m", "fer", "camera", str(tmp_path / "film.mp4")]
    environment = {**os.environ, "DISPLAY": screen, "OMP_NUM_THREADS": "1"}
    window = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 60
        while not (drawn := shows(on_screen(tmp_path), picture)) and time.monotonic() < end:
            assert window.poll() is None, window.stderr.read()
            time.sleep(0.2)
    finally:
        window.kill()
        window.wait(10)
    assert drawn


@pytest.mark.parametrize(
    ("code", "expected"),
    [(-1, ""), (ord("s"), "s"), (27, "\x1b"), (0x10_0073, "s"), (65361, ""), (0x10_FF52, "")],
    ids=["none", "s", "escape", "s with NumLock", "left", "up with NumLock"],
)
def test_only_characters_are_keys(monkeypatch, code, expected):
    assert keys(monkeypatch, codes=[code], visible=[1.0]) == [expected]


@pytest.mark.parametrize("gone", [0.0, -1.0])
def test_a_window_is_closed_when_it_was_open(monkeypatch, gone):
    letters = keys(monkeypatch, codes=[-1] * 4, visible=[0.0, 0.0, 1.0, gone])
    assert letters == ["", "", "", "q"]


def keys(monkeypatch, codes, visible):
    """What a window says of the codes that OpenCV gives, and of whether it can be seen."""
    for name in ("namedWindow", "resizeWindow"):
        monkeypatch.setattr(f"cv2.{name}", lambda *arguments: None)
    monkeypatch.setattr("fer.cli.window.require_display", lambda: None)
    given, seen = iter(codes), iter(visible)
    monkeypatch.setattr("cv2.waitKeyEx", lambda milliseconds: next(given))
    monkeypatch.setattr("cv2.getWindowProperty", lambda title, what: next(seen))
    window = Window(640, 480)
    return [window.key(1) for _ in codes]
