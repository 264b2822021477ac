"""What a visitor does with marks, as the page sends it."""

import json

import pytest

from fer.i18n import use_language
from fer.timeline.marks import MAX_SECONDS, Mark, MarkError
from fer.timeline.timeline import Timeline
from fer.ui.mark_editor import KEYS, OUTDATED, changed_marks, marks_html

QUIZ = Mark(75.5, 75.5, "event", "quiz")


def done(marks=(), last=MAX_SECONDS, **action):
    return changed_marks(tuple(marks), json.dumps(action), last)


def test_a_mark_is_added_by_the_players_time_or_by_one_that_is_typed():
    assert done(do="add", kind="event", start=75.5, end=75.5, text="quiz", nonce=1) == (QUIZ,)
    assert done(do="add", kind="event", start="1:15.5", end="", text="quiz") == (QUIZ,)
    assert done(do="add", kind="event", start="75,5", end="", text="quiz") == (QUIZ,)
    assert done(do="add", kind="left out", start="3", end="1:02:03", text="") == (
        Mark(3, 3723, "left out"),
    )


def test_a_live_mark_is_within_its_timeline():
    assert done(do="add", kind="stretch", at=[54.75, 60.2], text="", last=60) == (
        Mark(54.75, 60, "stretch"),
    )
    assert done(do="add", kind="event", at=[-0.1, -0.1], last=60) == (Mark(0, 0, "event"),)


def test_a_mark_is_changed_and_removed_by_what_it_was():
    old = [75.5, 75.5, "event", "quiz"]
    other = Mark(1, 2, "stretch")
    changed = done([other, QUIZ], do="change", mark=old, start="80", text="test")
    assert changed == (other, Mark(80, 80, "event", "test"))
    assert done([other, QUIZ], do="remove", mark=old) == (other,)
    assert done([other], do="remove", mark=old) == (other,)  # pressed twice
    assert done([other], do="change", mark=old, start="1", text="") == (other,)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"do": "add", "kind": "event", "start": "soon"}, "start of a mark is a time such as"),
        ({"do": "add", "kind": "stretch", "start": 1, "end": ""}, "end of a mark is a time"),
        ({"do": "add", "kind": "stretch", "start": 5, "end": 4}, "needs an end after its start"),
        ({"do": "add", "kind": "<b>", "start": 5, "end": 6}, "A mark is one of"),
        ({"do": "add", "kind": "event", "start": True}, "start of a mark"),
        ({"do": "add", "kind": "event", "start": 10**400}, "start of a mark"),
        ({"do": "add", "kind": "event", "at": [None, 1]}, OUTDATED),
        ({"do": "drop"}, OUTDATED),
        ([], OUTDATED),
    ],
)
def test_what_is_impossible_is_refused_in_a_sentence(action, error):
    with pytest.raises(MarkError, match=error):
        changed_marks((QUIZ,), json.dumps(action), 60)


LONG = json.dumps({"do": "add", "kind": "event", "start": 1, "text": "x" * 4000})


@pytest.mark.parametrize("action", [None, 5, "x", "[" * 3000, LONG, '{"do": NaN}'])
def test_anything_else_is_refused(action):
    with pytest.raises(MarkError, match=OUTDATED):
        changed_marks((), action, 60)


def test_times_in_the_list_are_read_back_exactly():
    timeline = Timeline()
    timeline.marks = (Mark(3725.017, 3725.25, "stretch", '"<b>'), Mark(3800, 3800, "event"))
    html = marks_html(timeline)
    assert 'value="1:02:05.017"' in html and "&#34;&lt;b&gt;" in html
    old = [3725.017, 3725.25, "stretch", '"<b>']
    again = done(timeline.marks, do="change", mark=old, start="1:02:05.017", end="1:02:05.25",
                 text='"<b>')  # fmt: skip
    assert again == timeline.marks
    with use_language("de"):
        assert 'value="1:02:05,017"' in marks_html(timeline)
    assert done((), do="add", kind="event", start="1:02:05,017")[0].start == 3725.017
    assert "input" not in marks_html(timeline, editable=False)


def test_every_kind_has_a_key():
    from fer.timeline.marks import KINDS

    assert sorted(KEYS.values()) == sorted(KINDS)
