"""The timeline beside a table worked by hand; gaps and bounds."""

import numpy as np
import pytest
from supervision import Detections

from fer.labels import EXPRESSIONS
from fer.timeline.face_counts import INDEX_SIGNS
from fer.timeline.timeline import VIEWS, Timeline, TimelineError
from fer.timeline.track_counts import MAX_TRACKS_PER_BIN
from fer.vision.quality import QUALITY_COLUMNS
from tests.timeline.frames import frame, mix, random_frames, recorded, steady

JOY, GLOOM = mix(happy=1.0), mix(sad=0.5, neutral=0.5)
UNSURE = mix(angry=0.3, fear=0.3, surprise=0.2, neutral=0.2)
ABOUT_EXPRESSIONS = [*EXPRESSIONS, "uncertain", "index", "index_error"]


def test_equals_the_table_worked_by_hand():
    """Four frames in seconds 0 and 2, none in second 1.

    Second 0: JOY and GLOOM at 0.0, JOY, GLOOM and a small JOY at 0.5. Five faces in two frames are
    2.5 a frame; one of five is small (0.2); four readings are classified, two of each:
      happy (1 + 0 + 1 + 0) / 4 = 0.5, sad and neutral (0 + 0.5 + 0 + 0.5) / 4 = 0.25 each;
      none is uncertain, as GLOOM's 0.5 is not under 0.4;
      indexes 1, -0.5, 1, -0.5: mean 0.25, variance 0.75^2 = 0.5625; 4 / 2 frames = 2 faces,
      so s^2 = 0.5625 * 2 / 1 and the error is sqrt(1.125 / 2) = 0.75.
    Second 2: UNSURE alone at 2.0, nobody at 2.9. One face in two frames is 0.5; the one reading
      has a top probability of 0.3 and is uncertain; its index is -0.6, without an error.
    """
    timeline = recorded(
        [
            (frame([JOY, GLOOM]), 0.0),
            (frame([JOY, GLOOM, JOY], side=[80, 80, 20]), 0.5),
            (frame([UNSURE]), 2.0),
            (frame(), 2.9),
        ],
        view="person",
    )
    table = timeline.table()
    first, last = table.to_dict("records")
    assert first == {
        **{"time": 0.0, "frames": 2, "faces": 2.5, "classified": 4},
        **dict(zip(EXPRESSIONS, mix(happy=0.5, sad=0.25, neutral=0.25), strict=True)),
        **{"uncertain": 0.0, "small": 0.2, "index": 0.25, "index_error": 0.75, "turned": 0.0},
    }
    error = last.pop("index_error")
    assert np.isnan(error)
    assert last == {
        **{"time": 2.0, "frames": 2, "faces": 0.5, "classified": 1},
        **dict(zip(EXPRESSIONS, UNSURE, strict=True)),
        **{"uncertain": 1.0, "small": 0.0, "index": -0.6, "turned": 0.0},
    }
    assert timeline.seconds == 2.0 and len(timeline) == 2


@pytest.mark.parametrize("bin_seconds", [0.1, 0.2, 0.7])
def test_a_frame_on_an_edge_begins_a_bin(bin_seconds):
    timeline = Timeline(bin_seconds=bin_seconds)
    for index in range(500):
        timeline.add(Detections.empty(), index * bin_seconds)
    numbers, counts = timeline.counts()
    assert numbers.tolist() == list(range(500))
    assert (counts[:, 0] == 1).all()


def test_each_track_has_rows_of_its_own():
    frames = [
        (frame([JOY, GLOOM], tracks=[7, 3]), 0.0),
        (frame([GLOOM], tracks=[7]), 0.4),
        (frame([JOY], tracks=[7], side=10), 1.0),
    ]
    table = recorded(frames, view="person").track_table()
    assert table[["time", "track", "frames", "classified"]].values.tolist() == [
        [0, 3, 1, 1],
        [0, 7, 2, 2],
        [1, 7, 1, 0],
    ]
    assert table["index"].tolist()[:2] == [-0.5, 0.25]
    assert table.loc[2, list(EXPRESSIONS)].isna().all() and table.loc[2, "small"] == 1


def test_index_counts_happy_against_four():
    assert dict(zip(EXPRESSIONS, INDEX_SIGNS.tolist(), strict=True)) == {
        **{"angry": -1, "disgust": -1, "fear": -1, "sad": -1},
        **{"happy": 1, "surprise": 0, "neutral": 0},
    }


@pytest.mark.parametrize(
    ("called", "uncertain"),
    [
        (None, 0.0),  # the most probable, 0.6
        ([3], 0.0),
        ([4], 1.0),  # what the smoother still calls it has only 0.39
    ],
)
def test_uncertain_is_about_the_expression_it_is_called(called, uncertain):
    data = {} if called is None else {"expression": np.array(called)}
    faces = frame([mix(happy=0.61, sad=0.39)], **data)
    assert recorded([(faces, 0)], view="person").table()["uncertain"].tolist() == [uncertain]


@pytest.mark.parametrize(("least", "uncertain"), [(0.7, 0.0), (0.71, 1.0)])
def test_a_face_at_the_bound_is_named(least, uncertain):
    """As `expression_labels` does it: 0.7 as a float32 lies under 0.7 as a float64."""
    timeline = recorded(
        [(frame([mix(happy=0.7, sad=0.3)]), 0)], view="person", uncertain_below=least
    )
    assert timeline.table()["uncertain"].tolist() == [uncertain]


@pytest.mark.parametrize(("side", "small"), [(39.9, 1.0), (40.0, 0.0)])
def test_small_is_the_square_root_of_the_area(side, small):
    faces = frame([JOY])
    tall = Detections(
        xyxy=np.array([[5, 5, 5 + side / 2, 5 + side * 2]], np.float32),
        data=faces.data,
    )
    assert recorded([(tall, 0)], view="person").table()["small"].tolist() == [small]


def test_turned_faces_are_counted_and_not_classified():
    turned = np.array([True, False, True, False])
    faces = frame([JOY, GLOOM, JOY, JOY], side=[80, 80, 10, 80], turned_away=turned)
    row = recorded([(faces, 0)], view="person").table().iloc[0]
    assert (row["turned"], row["small"], row["classified"]) == (0.25, 0.25, 2)
    assert row["happy"] == pytest.approx((JOY[3] + GLOOM[3]) / 2)


def test_each_track_has_the_means_of_its_quality():
    def look(yaw, brightness, **data):
        measured = {"size": 80, "roll": 3, "sharpness": 200.4, "clipped": 0, **data}
        columns = {"yaw": yaw, "brightness": brightness, **measured}
        arrays = {name: np.broadcast_to(value, 2) for name, value in columns.items()}
        return frame([JOY, GLOOM], **arrays)

    frames = [
        (look([-30, 10], 0.5), 0.0),
        (look([-40, np.nan], [0.6, 0.7]), 0.2),  # the second isn't measured
        (frame([JOY]), 1.0),
    ]
    table = recorded(frames, view="person").track_table()
    assert table["yaw"].tolist()[:2] == [-35, 10] and np.isnan(table["yaw"][2])
    assert table["brightness"].tolist()[:2] == [0.55, 0.5]
    assert table["sharpness"].tolist()[:2] == [200, 200]
    assert tuple(table.columns[-6:]) == QUALITY_COLUMNS


def test_turned_faces_do_not_make_a_class():
    turned = [np.arange(6) < count for count in (1, 2)]
    frames = [(frame([JOY] * 6, turned_away=turned[i]), float(i)) for i in range(2)]
    table = recorded(frames).table()
    assert table["classified"].tolist() == [5, 0] and np.isnan(table["happy"][1])
    assert table["turned"].tolist() == pytest.approx([1 / 6, 1 / 3])  # also where it is withheld


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("seed", range(5))
def test_frames_may_come_in_any_order(view, seed):
    frames = random_frames(200, seed=seed)
    whole = recorded(frames, view=view)
    order = np.random.default_rng(seed).permutation(len(frames))
    shuffled = recorded([frames[i] for i in order], view=view)
    assert shuffled == whole != recorded(frames[1:], view=view)
    assert shuffled.table().equals(whole.table())


def test_tracks_kept_of_a_bin_are_bounded_whatever_the_order():
    rng = np.random.default_rng(1)
    frames = [
        (frame([JOY] * 40, tracks=rng.permutation(120)[:40] + 1), time / 10) for time in range(20)
    ]
    whole = recorded(frames, view="person")
    numbers = whole.track_table().groupby("time")["track"]
    assert numbers.count().tolist() == [MAX_TRACKS_PER_BIN] * 2
    seen = [
        {t for faces, time in frames if time // 1 == i for t in faces.tracker_id} for i in (0, 1)
    ]
    assert [numbers.get_group(i).tolist() for i in (0, 1)] == [
        sorted(tracks)[:MAX_TRACKS_PER_BIN] for tracks in seen
    ]
    assert recorded(frames[::-1], view="person") == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "rate"), [pytest.param("person", 30, marks=pytest.mark.long), ("class", 3)]
)
def test_an_hour_is_bounded_by_its_bins(view, rate):
    faces = frame([JOY, GLOOM, UNSURE, JOY, GLOOM, JOY])
    timeline = Timeline(view)
    for i in range(3600 * rate):
        timeline.add(faces, i / rate)
    assert len(timeline) == 3600
    counts, tracks = timeline.counts()[1], timeline.track_counts()[2]
    assert counts.shape == (3600, 15)
    assert len(tracks) == (3600 * 6 if view == "person" else 0)
    assert counts[:, 0].tolist() == [rate] * 3600


def test_more_frames_need_no_more_room():
    rows = [JOY] * 6
    slow, fast = (steady(20, 6, rate=rate, view="person", happy=1.0) for rate in (1, 20))
    assert len(rows) * 20 == len(slow.track_table()) == len(fast.track_table())
    assert len(slow) == len(fast) == 20


def test_class_view_keeps_no_tracks():
    timeline = steady(3, 6, happy=1.0)
    assert len(timeline.track_counts()[0]) == 0
    with pytest.raises(TimelineError, match="person"):
        timeline.track_table()


def test_less_than_two_faces_a_frame_have_no_error():
    frames = [(frame([JOY, GLOOM]), 0), (frame([JOY, GLOOM]), 0.1), (frame([JOY]), 0.2)]
    assert recorded(frames, view="person").table()["index_error"].isna().all()


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_recorded_is_a_table_without_rows(view):
    timeline = Timeline(view)
    assert timeline.table().shape == (0, 16) and timeline.seconds == 0


def test_faces_without_numbers_have_no_rows():
    faces = Detections(xyxy=np.array([[0, 0, 90, 90]], np.float32), data=frame([JOY]).data)
    timeline = recorded([(faces, 0), (Detections.empty(), 0.1)], view="person")
    assert timeline.track_table().empty
    assert timeline.table()["happy"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"view": "all"}, "class, person, not 'all'"),
        ({"bin_seconds": 0}, "bin_seconds is above 0"),
        ({"bin_seconds": float("nan")}, "bin_seconds is above 0"),
        ({"small": -1}, "small is 0 or more"),
        ({"uncertain_below": 1.5}, "uncertain_below is 0 to 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(TimelineError, match=message):
        Timeline(**settings)


@pytest.mark.parametrize("time", [-0.1, float("nan"), float("inf")])
def test_times_are_seconds_from_the_start(time):
    with pytest.raises(TimelineError, match="0 or more seconds"):
        Timeline().add(frame(), time)


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (Detections(xyxy=np.zeros((1, 4), np.float32)), "classify the faces first"),
        (frame([mix(happy=float("nan"))]), "within 0 to 1"),
        (frame([mix(happy=1.5)]), "within 0 to 1"),
    ],
)
def test_faces_without_probabilities_are_refused(faces, message):
    timeline = Timeline()
    with pytest.raises(ValueError, match=message):
        timeline.add(faces, 0)
    assert len(timeline) == 0
