"""Each format, read by a reader of others; every interval comes back exactly."""

import csv
import html
import io
import json
from functools import cache

import pytest
import webvtt
from bidsschematools.schema import load_schema
from praatio import textgrid
from pympi import Eaf

from fer.labels import TURNED_AWAY
from fer.templates import UNNAMED_NOTES
from fer.timeline.annotation_tiers import STATES, Interval, IntervalTable, interval_table
from fer.timeline.exports import FORMATS, export_texts, write_exports
from fer.timeline.exports.elan import POINT_MILLISECONDS
from fer.timeline.exports.vtt import POINT_SECONDS
from fer.timeline.expression_statistics import compute_statistics
from fer.timeline.timeline import Timeline
from tests.timeline.frames import frame, mix, random_frames, recorded, steady

NOTE = 'He says "no" & <b>leaves</b> --> 5, "ja"; größer, 日本'

RARE = IntervalTable(
    (
        Interval("face 1", 0.0, 4.0, "happy", 0.617),
        Interval("events", 1.003, 1.003, "event", None, NOTE),
        Interval("events", 1.053, 1.053, "event", None, '"soon after'),
        Interval("moments", 2.0, 3.333, "rise in fear", None, NOTE),
        Interval("face 1", 5.0, 7.25, "turned away"),
    ),
    3725.501,
    "a film.mp4",
)


@cache
def made_tables():
    person, crowd = (recorded(random_frames(400), view=view) for view in ("person", "class"))
    rise = recorded(
        [(frame([mix(happy=1.0 * (i >= 30), neutral=1.0 * (i < 30))] * 6), i) for i in range(50)]
    )
    return {
        "person": interval_table(person, 77.7125, 0.4, "a.mp4"),
        "class": interval_table(crowd),
        "moment": interval_table(rise),
        "none": interval_table(recorded([])),
        "rare": RARE,
    }


@pytest.fixture(params=["person", "class", "moment", "none", "rare"])
def table(request):
    return made_tables()[request.param]


def written(table, tmp_path, name):
    return write_exports(table, tmp_path, "a film", [name])


def test_elan(table, tmp_path):
    (path,) = written(table, tmp_path, "elan")
    document = Eaf(path)
    tiers = table.tiers()
    assert [name for name in document.get_tier_names() if name != "default"] == list(tiers)
    for name, rows in tiers.items():
        found = sorted(document.get_annotation_data_for_tier(name))
        assert [value for *_, value in found] == [row.text or row.label for row in rows]
        assert [start for start, *_ in found] == [round(1000 * row.start) for row in rows]
        for (_, end, _), row in zip(found, rows, strict=True):
            assert end == round(1000 * row.end) or row.end == row.start
    slots = list(document.timeslots.values())
    assert slots == sorted(slots)
    if table.media:
        assert document.media_descriptors[0]["RELATIVE_MEDIA_URL"] == f"./{table.media}"


def test_points_have_a_length_in_elan_and_do_not_overlap(tmp_path):
    document = Eaf(written(RARE, tmp_path, "elan")[0])
    spans = [row[:2] for row in sorted(document.get_annotation_data_for_tier("events"))]
    assert spans == [(1003, 1053), (1053, 1053 + POINT_MILLISECONDS)]


def test_textgrid(table, tmp_path):
    (path,) = written(table, tmp_path, "textgrid")
    if not table.rows:
        assert "size = 0" in path.read_text()
        return
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False)
    tiers = table.tiers()
    assert list(grid.tierNames) == list(tiers)
    assert grid.maxTimestamp == table.duration
    for name, rows in tiers.items():
        expected = [(row.start, row.end, row.text or row.label) for row in rows]
        # praatio leaves doubled quotes, which are Praat's way to write one, as they are.
        found = [(*times, text.replace('""', '"')) for *times, text in grid.getTier(name).entries]
        assert found == expected or found == [(start, text) for start, _, text in expected]


def test_boris(table, tmp_path):
    (path,) = written(table, tmp_path, "boris")
    with path.open(encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file))
    assert all(set(event) == {"time", "subject", "code", "modifier", "comment"} for event in events)
    assert sorted(_paired(events)) == sorted(
        (row.tier, row.label, row.start, row.end, row.text) for row in table.rows
    )


def _paired(events):
    """Pair states as BORIS does: an event of a running state of a subject stops it."""
    running, found = {}, []
    for event in events:
        key, time = (event["subject"], event["code"]), float(event["time"])
        if event["code"] == "event":
            found.append((*key, time, time, event["comment"]))
        elif key in running:
            found.append((*key, running.pop(key), time, event["comment"]))
        else:
            assert not any(subject == key[0] for subject, _ in running)  # one state at a time
            running[key] = time
    assert not running
    return found


def test_bids(table, tmp_path):
    events, sidecar = export_texts(table, "a", ["bids"]).values()
    # As pandas and R read it: one that opens with a quotation mark would go on to the next one.
    rows = list(csv.DictReader(io.StringIO(events), delimiter="\t"))
    found = [
        Interval(
            row["tier"],
            float(row["onset"]),
            round(float(row["onset"]) + float(row["duration"]), 3),
            row["trial_type"],
            None if row["share"] == "n/a" else float(row["share"]),
            "" if row["text"] == "n/a" else row["text"],
        )
        for row in rows
    ]
    assert tuple(found) == table.rows
    _check_bids_rules(events, sidecar)


def _check_bids_rules(events, sidecar):
    """Check a table by the rules of the BIDS schema that its validator uses."""
    schema = load_schema()
    rule, columns = schema.rules.tabular_data.events.Events, schema.objects.columns
    header, *lines = [line.split("\t") for line in events.removesuffix("\n").split("\n")]
    assert header[: len(rule.initial_columns)] == list(rule.initial_columns)
    assert {name for name, level in rule.columns.items() if level == "required"} <= set(header)
    described = json.loads(sidecar)
    assert set(described) == set(header)
    assert {described[name]["Units"] for name in ("onset", "duration")} == {columns.onset.unit}
    assert all(len(line) == len(header) and all(line) for line in lines)  # empty is "n/a"
    levels = {line[header.index("trial_type")] for line in lines}
    assert levels <= set(described["trial_type"]["Levels"])


def test_a_face_that_is_turned_away_is_described_in_the_pages_words():
    words = "turned too far away from the camera to"
    assert words in STATES[TURNED_AWAY] and words in UNNAMED_NOTES[TURNED_AWAY]


def test_webvtt(table, tmp_path):
    (path,) = written(table, tmp_path, "vtt")
    cues = list(webvtt.read(str(path)))
    noted = [row for row in table.rows if row.text]
    assert [cue.start_time.in_seconds() for cue in cues] == [int(row.start) for row in noted]
    assert [cue.start_time.milliseconds for cue in cues] == [
        round(1000 * row.start) % 1000 for row in noted
    ]
    assert [html.unescape(cue.text) for cue in cues] == [row.text for row in noted]
    ends = [row.end if row.end > row.start else row.end + POINT_SECONDS for row in noted]
    assert [(cue.end_time.in_seconds(), cue.end_time.milliseconds) for cue in cues] == [
        divmod(round(1000 * end), 1000) for end in ends
    ]


def test_no_class_export_depends_on_how_fewer_than_five_faces_look():
    """Seconds with a frame of four faces: whatever these four look like, the files are the same.

    A file that differed would let somebody with two guesses find out which one is true.
    """
    looks = [mix(happy=1), mix(fear=1), mix(neutral=0.5, sad=0.5), mix()]
    files = []
    for look in looks:
        frames = [(frame([mix(neutral=0.9, happy=0.1)] * 5), i / 5) for i in range(200)]
        for second in (3, 4, 20, 39):  # one frame of the second is enough to withhold it
            frames[5 * second + 2] = frame([look] * 4), second + 0.4
        for second in (10, 11):  # five faces, but one too small, and one turned away
            frames[5 * second] = frame([look] * 5, [80] * 4 + [20]), float(second)
            turned = frame([look] * 5, turned_away=[True, *[False] * 4])
            frames[5 * second + 1] = turned, second + 0.2
        timeline = recorded(frames)
        files.append(export_texts(interval_table(timeline), "a", FORMATS))
        del files[-1]["a.eaf"]  # it holds the time of its making; its rows are those of the others
    assert all(other == files[0] for other in files)
    assert "withheld" in files[0]["a_events.tsv"]


def test_a_class_has_one_tier_and_no_track():
    crowd = recorded(random_frames(400), view="class")
    table = interval_table(crowd)
    assert set(table.tiers()) <= {"class", "moments"}
    assert "face 1" not in "".join(export_texts(table, "a", FORMATS).values())


def test_intervals_are_runs_of_one_state_up_to_the_end():
    rows = [[mix(happy=0.8)], [mix(happy=0.6)], [mix(fear=0.7)], [], [mix(fear=0.7)]]
    timeline = recorded([(frame(row), i) for i, row in enumerate(rows)], view="person")
    table = interval_table(timeline, end=4.5, video_offset=0.25)
    assert table.rows == (
        Interval("face 1", 0.25, 2.25, "happy", 0.7),
        Interval("face 1", 2.25, 3.25, "fear", 0.7),
        Interval("face 1", 4.25, 4.75, "fear", 0.7),
    )
    assert table.duration == 4.75


def test_unclassified_faces_have_the_reason_as_their_state():
    frames = [
        (frame([mix(happy=0.3)]), 0),
        (frame([mix(happy=0.9)], side=20), 1),
        (frame([mix(happy=0.9)], turned_away=[True]), 2),
    ]
    rows = interval_table(recorded(frames, view="person")).rows
    assert [row.label for row in rows] == ["uncertain", "too small", "turned away"]
    assert all(row.share is None and row.label in STATES for row in rows)


def test_statistics_are_computed_for_all_faces_at_once(monkeypatch):
    """A live timeline of two hours may have tens of thousands of them."""
    computed = []
    monkeypatch.setattr(
        "fer.timeline.annotation_tiers.compute_statistics",
        lambda counts: computed.append(len(counts)) or compute_statistics(counts),
    )
    tiers = interval_table(steady(3, 5, view="person", happy=0.9)).tiers()
    assert [len(rows) for rows in tiers.values()] == [1] * 5 and computed == [15]
    assert not interval_table(Timeline("person")).rows
