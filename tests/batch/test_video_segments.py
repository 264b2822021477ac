"""A video in segments gives what it gives in one piece."""

import numpy as np
import pytest
import skimage
from PIL import Image
from supervision import Detections

from fer.batch.tasks import BatchSettings, Segment
from fer.batch.video_join import join_facts, join_tracks
from fer.batch.video_plan import due_samples, plan_video
from fer.labels import EXPRESSIONS
from fer.pipeline import Pipeline
from fer.recording.frame_analyzer import FrameAnalyzer, analyze_frames
from fer.recording.frame_sampler import FrameSampler
from fer.video import VideoError, VideoReader, header
from tests.batch.batches import run, tables
from tests.fakes import FakeClassifier, FakeDetector, sure
from tests.sample_videos import make_film, noisy

STEADY = [index / 10 for index in range(125)]
UNSTEADY = [0.0, 0.3, 0.35, 1.1, 2.0, 5.9, 6.0, 6.05, 9.0, 9.4]
"""Among them a picture that stays for four seconds, across the end of a segment."""


class MovingFaces(FakeDetector):
    """Finds faces that move with the brightness of the picture, one of them at times only."""

    def with_min_face(self, min_face):
        return self

    def detect(self, image, tiles=None, known_boxes=None, confidence=None) -> Detections:
        light = float(image[:4, :4].mean())
        places = [20 + light / 4, 120 - light / 8] + [230.0] * (120 < light < 200)
        self.boxes = [(x, 40.0, x + 50, 100.0) for x in places]
        return super().detect(image, tiles, known_boxes, confidence)


class LightClassifier(FakeClassifier):
    """Finds faces the happier, the brighter they are."""

    def classify(self, crops):
        rows = [sure("happy", 0.5 + 0.4 * crop.mean() / 255) for crop in crops]
        return np.array(rows, np.float32).reshape(-1, 7)


def moving(index, size):
    image = np.full((size[1], size[0], 3), 20 + abs(190 - 3 * index), np.uint8)
    image[30:, 80:] = 60
    return image


@pytest.fixture
def pipeline():
    return Pipeline(MovingFaces(), LightClassifier())


def samples_in_one_piece(times, end, rate):
    """Return when a video is looked at, and each sample."""
    schedule, samples = FrameSampler(rate), []
    for number, time in enumerate(times):
        if number:
            samples += schedule.repeats(time)
        if schedule.is_regular(time):
            samples.append(schedule.begin_regular(time))
    return samples + list(schedule.repeats(end))


@pytest.mark.parametrize("times", [STEADY, UNSTEADY])
@pytest.mark.parametrize("rate", [5.0, 3.3, 1.0, 30.0])
def test_segments_continue_the_sampling_schedule(times, rate):
    moments = [0.0, 0.3, 2.5, 4.0, 6.0, 8.0]
    samples = samples_in_one_piece(times, 20.0, rate)
    for moment, due in zip(moments, due_samples(times, moments, rate), strict=True):
        first = next(index for index, time in enumerate([*times[1:], 99.0]) if time > moment)
        schedule, begun = FrameSampler(rate, due), []
        for number, time in enumerate(times[first:]):
            if number:
                begun += schedule.repeats(time)
            if schedule.is_regular(time):
                begun.append(schedule.begin_regular(time))
        begun += schedule.repeats(20.0)
        assert begun == samples[len(samples) - len(begun) :]  # bit by bit
        assert len(begun) >= sum(sample > moment + 1e-9 for sample in samples)


@pytest.mark.parametrize(
    ("times", "starts"),
    [
        ([0.0, 2.0], [0]),
        ([0.0, 4.9], [0]),
        ([0.0, 5.1], [0, 4]),
        ([0.0, 8.5], [0, 4]),
    ],
)
def test_a_short_remainder_belongs_to_the_last_segment(tmp_path, times, starts):
    film = make_film(tmp_path / "film.mp4", times)
    plan = plan_video(film, BatchSettings(segment_seconds=4), "")
    assert [segment.start for segment in plan.segments] == starts
    assert plan.segments[-1].end == np.inf
    assert [segment.read_from for segment in plan.segments] == [max(0, one - 2) for one in starts]


def test_slow_rates_overlap_for_as_long_as_tracks_are_kept():
    assert [BatchSettings(rate=rate).overlap for rate in (30, 5, 2, 1)] == [2, 2, 3, 5]


def test_a_worker_that_counts_frames_makes_progress(tmp_path):
    noted = []
    film = make_film(tmp_path / "film.mkv", STEADY)
    plan_video(film, BatchSettings(), "", lambda: noted.append(True))
    assert len(noted) > len(STEADY)


def test_a_video_that_cannot_be_sought_is_one_segment(tmp_path):
    film = make_film(tmp_path / "film.avi", STEADY, codec="mpeg4")
    assert len(plan_video(film, BatchSettings(segment_seconds=4), "").segments) == 1
    with pytest.raises(VideoError, match=r"ends at 0:12\.44, before 1:00"):
        plan_video(film, BatchSettings(start=60.0), "")


@pytest.mark.parametrize(
    ("name", "times"), [("a.mp4", STEADY), ("a.mp4", UNSTEADY), ("a.mkv", UNSTEADY)]
)
@pytest.mark.parametrize("span", [(0.0, np.inf), (1.37, 11.0)])
@pytest.mark.parametrize("view", ["person", "class"])
def test_segments_equal_the_whole(tmp_path, pipeline, name, times, span, view):
    film = make_film(tmp_path / name, times, (320, 180), picture=moving)
    made = []
    for seconds in (3, 1000):
        settings = BatchSettings(view, 5.0, *span, segment_seconds=seconds)
        pool = run([film], tmp_path / str(seconds), pipeline, settings)
        made.append(tables(tmp_path / str(seconds)))
        assert len(pool.tasks) == (4 if seconds == 3 else 2) + (times is STEADY) * (
            seconds == 3 and span[0] == 0
        )
    assert made[0].keys() == ({"files", "timeline"} | ({"faces"} if view == "person" else set()))
    for name in made[0]:
        for column in made[0][name]:
            one, other = (tables[name][column].to_numpy() for tables in made)
            if one.dtype.kind == "f":
                np.testing.assert_allclose(one, other, atol=0.01, err_msg=column)
            else:
                assert one.tolist() == other.tolist(), column


def test_the_rows_are_those_of_the_recording_tab(tmp_path, pipeline):
    film = make_film(tmp_path / "film.mp4", STEADY, (320, 180), picture=moving)
    analyzer = FrameAnalyzer(pipeline, "person", 5.0)
    with VideoReader(film) as reader:
        for _ in analyze_frames(reader, analyzer, lambda time: None):
            pass
    run([film], tmp_path / "out", pipeline, BatchSettings(segment_seconds=3))
    timeline = tables(tmp_path / "out")["timeline"]
    expected = analyzer.timeline.table()
    assert timeline["frames"].tolist() == expected["frames"].tolist()
    for name in ("time", "faces", "classified", "small", "turned", "uncertain", *EXPRESSIONS):
        np.testing.assert_allclose(timeline[name], expected[name], atol=0.01)


def test_long_videos_are_measured_once(tmp_path, pipeline, monkeypatch):
    """Matroska states no length that could be believed, so that it takes reading the file."""
    film = make_film(tmp_path / "film.mkv", STEADY, (320, 180), picture=moving)
    scans, scan = [], header.measure_length
    monkeypatch.setattr(header, "measure_length", lambda *known: scans.append(1) or scan(*known))
    for name in ("header.MAX_SECONDS", "container.MAX_BYTES"):
        monkeypatch.setattr(f"fer.video.{name}", 10)  # for visitors
    run([film], tmp_path / "out", pipeline, BatchSettings(start=1.0, segment_seconds=3))
    made = tables(tmp_path / "out")
    assert len(scans) == 1 and made["files"]["error"].isna().all()
    assert made["timeline"]["frames"].tolist() == [5] * 11 + [3]


@pytest.mark.slow
def test_real_faces_differ_little(tmp_path):
    """The networks' results depend a little on what they saw before, however long ago."""
    face = Image.fromarray(skimage.data.astronaut()[:220, 110:330])

    def picture(index, size):
        image = Image.new("RGB", size, (90, 100, 110))
        image.paste(face, (10 + index, 10))
        image.paste(face.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (330 - index, 30))
        return np.asarray(image)

    times = [index / 5 for index in range(45)]
    film = make_film(tmp_path / "film.mp4", times, (560, 260), picture=picture)
    pipeline, made = Pipeline.load(), []
    for seconds in (3, 1000):
        run([film], tmp_path / str(seconds), pipeline, BatchSettings(segment_seconds=seconds))
        made.append(tables(tmp_path / str(seconds)))
    one, other = (each["faces"] for each in made)
    assert set(one["track"]) == set(other["track"]) == {1, 2}
    both = one.merge(other, on=["time", "track"], how="outer", suffixes=("", "_whole"))
    assert both["expression"].tolist() == both["expression_whole"].tolist()
    for names, limit in ((EXPRESSIONS, 0.02), (("left", "top", "right", "bottom"), 6.0)):
        for name in names:
            assert (both[name] - both[f"{name}_whole"]).abs().max() < limit, name


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_a_video_that_is_cut_off_is_noticed(tmp_path, pipeline, name):
    """Whichever segments and start it has; no segment before the last one reads its end."""
    form = {"movflags": "+faststart"} if name == "film.mp4" else {}
    film = make_film(tmp_path / name, [i / 5 for i in range(80)], picture=noisy, form=form)
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    for start, seconds in ((0.0, 2), (1.0, 2), (1.0, 1000)):
        out = tmp_path / f"{start}, {seconds}"
        run([film], out, pipeline, BatchSettings(start=start, segment_seconds=seconds))
        notice = tables(out)["files"]["notice"][0]
        assert notice.endswith("The file ends after 8 of 16 seconds.")
        assert ("About " in notice) == (name == "film.mp4" and seconds == 2)


def box(x):
    return np.array([x, 0, x + 10, 10], np.float32)


def test_tracks_are_joined_by_the_samples_they_have_in_common():
    before = {4: {1.0: box(0), 1.2: box(1)}, 7: {1.0: box(50), 1.2: box(40), 1.4: box(30)}}
    after = {
        1: {1.2: box(41), 1.4: box(31)},
        2: {1.0: box(0), 1.2: box(2)},
        3: {1.4: box(90)},  # new
        5: {0.8: box(0)},  # at no time that both have
    }
    assert join_tracks(before, after) == {1: 7, 2: 4}
    assert join_tracks(before, {}) == join_tracks({}, after) == {}
    assert join_tracks(before, {1: {1.0: box(6), 1.2: box(7)}}) == {}  # another place


def test_what_is_known_of_a_video():
    segments = [Segment(n, 60 * n, 60 * n + 60, 0.0, 0.0) for n in range(3)]
    read = {"frames": 300, "faces": 10, "rotation": 0, "unread": 0, "warning": None}
    lost = {"error": "It broke."}
    assert join_facts(list(zip(segments, [read, read, read], strict=True))) == {
        "frames": 900, "faces": 30, "notice": None
    }  # fmt: skip
    rotated = {**read, "rotation": 180, "unread": 1200}
    facts = join_facts(list(zip(segments, [rotated, rotated, lost], strict=True)))
    assert facts["notice"] == (
        "About 2,400 pictures could not be read. The video looks turned by 180 degrees; it was "
        "read as turned. From 2:00 to 3:00 nothing was read. It broke."
    )
    assert join_facts(list(zip(segments, [lost] * 3, strict=True))) == {"error": "It broke."}
