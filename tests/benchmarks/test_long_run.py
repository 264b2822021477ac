"""The run over hours of video, on seconds of it."""

import pytest

from benchmarks import long_run
from fer.video.reader import VideoReader
from tests.sample_videos import make_film


def point(seconds, largest):
    return {"seconds": seconds, "largest_mb": largest, "computing": 1.5 * seconds}


def test_files_are_crops_of_the_films_again_and_again(tmp_path):
    films = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for film in films:
        make_film(film, [0.0, 0.5, 1.0, 1.5], (480, 270))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_run, "FILE_SECONDS", 6.0)
        patch.setattr(long_run, "WIDTHS", (100, 300))
        long_run.make_files(films, tmp_path / "films", 18.0)
    files = sorted((tmp_path / "films").iterdir())
    assert [file.name for file in files] == ["000.mp4", "001.mp4", "002.mp4"]
    sizes = set()
    for file in files:
        with VideoReader(file) as reader:
            assert 5 <= reader.info.duration <= 7
            sizes.add((reader.info.width, reader.info.height))
    assert len(sizes) == 3 and all(98 <= width <= 300 for width, _ in sizes)


def test_memory_is_compared_between_the_halves_after_the_beginning():
    """The first measurement, in which the networks are loaded, doesn't count, nor does the end."""
    measured = [100, 400, 410, 405, 390]
    curve = [point(20.0 * (1 + number), mb) for number, mb in enumerate(measured)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_run.os, "cpu_count", lambda: 3)
        figures = long_run.summary([*curve, point(200.0, 0)], 500.0)
    expected = {"hours": 200 / 3600, "per_second": 2.5, "cores_busy": 0.5, "growth_mb": -5}
    assert figures == expected


def test_a_run_that_ends_at_once_has_figures():
    curve = [point(1.0, 400), point(2.0, 400)]
    assert long_run.summary(curve, 6.0)["growth_mb"] == 0


def test_few_points_are_kept_the_last_one_among_them():
    curve = [point(float(number), 400.0) for number in range(950)]
    kept = long_run.thinned(curve)
    assert len(kept) == 95 and kept[-1]["seconds"] == 949.0 and kept[0]["seconds"] == 9.0
    assert kept[1]["seconds"] - kept[0]["seconds"] == 10


@pytest.mark.slow
def test_the_command_is_measured_until_its_tables_are_written(tmp_path):
    make_film(tmp_path / "film.mp4", [number / 5 for number in range(11)], (160, 90))
    long_run.make_files([tmp_path / "film.mp4"], tmp_path / "films", 6.0)
    curve = long_run.watch(tmp_path / "films", tmp_path / "out", 1, 0.5)
    assert max(each["all_mb"] for each in curve) > 100
    computing = [each["computing"] for each in curve]
    assert computing == sorted(computing) and computing[-1] > 1
    result = long_run.tables(tmp_path / "out")
    assert curve[-1]["video_seconds"] == result["timeline_rows"]
    assert result["files"] == 1 and result["refused"] == 0 and 5 < result["video_seconds"] < 7
    assert result["timeline_rows"] in (6, 7) and result["table_mb"] > 0


def test_a_command_that_fails_is_an_error(tmp_path):
    with pytest.raises(long_run.subprocess.CalledProcessError):
        long_run.watch(tmp_path / "nothing", tmp_path / "out", 1, 0.5)


def test_a_folder_without_films_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"holds no \.mp4 files\."):
        long_run.main(["--films", str(tmp_path)])
