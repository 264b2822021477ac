"""The sums of the benchmark of the on-device page."""

import gzip

import pytest

pytest.importorskip("playwright", reason="Playwright for Python is not installed")

from benchmarks.web import FRAMES, SCENES, SIZE, figures, first_load, write_scene


def test_what_came_within_the_time_watched():
    results = [(10.0, 1), (12.0, 2), (50.0, 2)]
    assert figures(results, seconds=2.0, busy=0.06) == {
        "results_per_second": 1.5,
        "milliseconds": 12.0,
        "processor_milliseconds": 20.0,
        "faces": 1.67,
    }


def test_a_page_that_reads_nothing_is_an_error():
    with pytest.raises(RuntimeError, match="has read no frame"):
        figures([], seconds=2.0, busy=0.0)


def test_the_first_load_is_each_file_once_and_compressed(tmp_path):
    page = b"<p>" * 400_000
    files = {
        "models/ort-wasm.1.wasm.xz": bytes(1_000_000),
        "models/onet.1.onnx.xz": bytes(20_000),
        "models/rnet.1.onnx.xz": bytes(10_000),
        "index.html": page,
        "README.md": bytes(5_000_000),
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    packed = len(gzip.compress(page)) / 1e6
    expected = {"runtime": 1.0, "networks": 0.03, "page": packed, "total": 1.03 + packed}
    assert first_load(tmp_path) == pytest.approx(expected, abs=0.005)


def test_the_cameras_film_has_all_frames(tmp_path):
    film = write_scene(SCENES["six faces"], tmp_path / "camera.y4m").read_bytes()
    head, rest = film.split(b"\n", 1)
    assert head == b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420"
    assert len(rest) == FRAMES * (len(b"FRAME\n") + SIZE[0] * SIZE[1] * 3 // 2)
