"""Files: what is read back equals what was written, and shows no more than the view keeps."""

import json

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from fer.labels import EXPRESSIONS
from fer.timeline.marks import MarkError
from fer.timeline.serialization import from_json, to_csv, to_json
from fer.timeline.timeline import VIEWS, Timeline, TimelineError
from tests.timeline.frames import frame, mix, random_frames, recorded, steady, table_of


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("frames", [random_frames(300), random_frames(300, 40, seed=1), []])
def test_reads_back_exactly(view, frames):
    timeline = recorded(frames, view=view, bin_seconds=0.7, small=42.5, uncertain_below=0.35)
    assert from_json(to_json(timeline)) == timeline
    table = timeline.track_table() if view == "person" else timeline.table()
    read = table_of(to_csv(timeline)).astype(table.dtypes)  # without a row it has no types
    assert_frame_equal(read, table, check_exact=True)


@pytest.mark.parametrize("view", VIEWS)
def test_json_also_holds_the_table(view):
    timeline = recorded([(frame([mix(happy=0.25, sad=0.75)] * 5), 1.0), (frame(), 2.0)], view=view)
    document = json.loads(to_json(timeline))
    full, empty = document["table"]
    assert (full["time"], full["faces"], full["happy"], full["sad"]) == (1.0, 5.0, 0.25, 0.75)
    assert [empty[name] for name in EXPRESSIONS] == [None] * 7 and empty["faces"] == 0
    assert ("tracks" in document) == (view == "person")


def test_a_file_of_the_class_view_shows_nothing_of_four_faces():
    texts = set()
    for name in ("happy", "sad"):
        timeline = recorded([(frame([mix(**{name: 1.0})] * 4), i / 5) for i in range(20)])
        texts.add(to_json(timeline) + to_csv(timeline))
    assert len(texts) == 1


def test_csv_is_plain():
    timeline = recorded([(frame([mix(happy=0.5, sad=0.5)] * 5), 0.0), (frame(), 1.0)])
    head, first, second = to_csv(timeline).splitlines()
    assert head == (
        "time,frames,faces,classified,angry,disgust,fear,happy,sad,surprise,neutral,"
        "uncertain,small,index,index_error,turned"
    )
    assert first == "0.0,1,5.0,5,0.0,0.0,0.0,0.5,0.5,0.0,0.0,0.0,0.0,0.0,0.0,0.0"
    assert second == "1.0,1,0.0,0" + 12 * ","


GOOD = json.loads(to_json(recorded(random_frames(9))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no timeline as JSON"),
        ("[]", "no timeline as JSON"),
        (json.dumps({**GOOD, "format": "of others"}), "no timeline as JSON"),
        (json.dumps({**GOOD, "version": 99}), "saved in version 99 of its format"),
        (json.dumps({**GOOD, "settings": {"view": "all"}}), "not 'all'"),
        (json.dumps({**GOOD, "settings": {"colour": "red"}}), "no timeline as JSON"),
        (json.dumps({**GOOD, "bins": [[0, 1, 2]]}), "damaged"),
        (json.dumps({**GOOD, "bins": [[0, "one"]]}), "no timeline as JSON|damaged"),
        (json.dumps({**GOOD, "bins": 3}), "no timeline as JSON"),
    ],
)
def test_other_json_is_refused(text, message):
    with pytest.raises(TimelineError, match=message):
        from_json(text)


@pytest.mark.parametrize("rows", ["bins", "tracks"])
@pytest.mark.parametrize("count", [0, -1, 1.9, "7", None, [1], 2**70])
def test_counts_that_cannot_be_are_refused(rows, count):
    document = json.loads(to_json(recorded(random_frames(9), view="person")))
    document[rows][1][2 if rows == "tracks" else 1] = count  # frames
    with pytest.raises(TimelineError, match=r"damaged: a row has impossible counts\."):
        from_json(json.dumps(document))


@pytest.mark.parametrize("rows", ["bins", "tracks"])
@pytest.mark.parametrize("column", ["small", "classified", "uncertain", *EXPRESSIONS])
def test_more_than_all_faces_is_refused(rows, column):
    document = json.loads(to_json(recorded(random_frames(9), view="person")))
    first = document["columns"].index(column) + (rows == "tracks")
    document[rows][1][first] += 10**7
    with pytest.raises(TimelineError, match=r"damaged: a row has impossible counts\."):
        from_json(json.dumps(document))


def test_a_byte_order_mark_of_an_editor_is_passed_over():
    timeline = recorded(random_frames(9))
    assert from_json("\ufeff" + to_json(timeline)) == timeline


@pytest.mark.parametrize("view", VIEWS)
def test_json_from_before_faces_were_turned_away_still_reads(view):
    timeline = steady(20, 6, view=view, happy=0.6, sad=0.4)
    document = json.loads(to_json(timeline))
    assert document["columns"][-1] == "turned" and document["version"] == 2
    old = {**document, "version": 1, "columns": document["columns"][:-1]}
    old["bins"] = [row[:-1] for row in document["bins"]]
    old["tracks"] = [row[: 2 + 14] for row in document.get("tracks", ())]  # after bin and track
    assert from_json(json.dumps(old)) == timeline
    with pytest.raises(TimelineError, match="damaged"):
        from_json(json.dumps({**old, "version": 2}))


@pytest.mark.parametrize("key", ["format", "version", "settings", "marks"])
def test_a_refusal_quotes_little_of_a_file(key):
    long = "\N{GRINNING FACE}&" * 100_000
    document = json.loads(to_json(Timeline("person"))) | {
        key: {"view": long} if key == "settings" else [long]
    }
    with pytest.raises((TimelineError, MarkError)) as error:
        from_json(json.dumps(document))
    assert len(str(error.value)) < 1000


def test_json_says_where_it_comes_from():
    timeline = recorded(random_frames(20))
    text = to_json(timeline, {"model": "a network"})
    assert json.loads(text)["about"] == {"model": "a network"}
    assert from_json(text) == timeline


def test_no_number_is_lost_in_writing():
    timeline = recorded(random_frames(200), view="person")
    column = table_of(to_csv(timeline))["happy"].to_numpy()
    assert np.array_equal(column, timeline.track_table()["happy"], equal_nan=True)
    assert np.unique(column[~np.isnan(column)]).size > 100
