"""Marks on the page: the toolbar with its keys, the list, and what a visitor does with them."""

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.templates import render
from fer.timeline.formatting import format_exact_time
from fer.timeline.marks import (
    BASELINE,
    EVENT,
    KINDS,
    LEFT_OUT,
    MAX_SECONDS,
    MAX_TEXT,
    STRETCH,
    Mark,
    MarkError,
    letters,
    parse_time,
    sorted_marks,
)
from fer.timeline.timeline import Timeline
from fer.ui import html
from fer.ui.localization import localized
from fer.ui.serving.request_checks import OUTDATED

KEYS = {"e": EVENT, "x": LEFT_OUT, "s": STRETCH, "b": BASELINE}
"""The key that adds a mark of each kind."""

NAMES = {
    EVENT: N_("Event"),
    LEFT_OUT: N_("Leave out"),
    STRETCH: N_("Stretch"),
    BASELINE: N_("Baseline"),
}
"""Texts of the buttons."""

MAX_ACTION = 4_000
"""Letters of what the page sends about one mark."""


def build_marks(tab: str, live: bool) -> gr.HTML:
    """Build the toolbar of a tab; return the component that sends what is done with marks.

    Args:
        tab: Id of what holds the toolbar and the list of marks.
        live: Whether times are those of a camera, else of the recording's player.
    """
    gr.HTML(localized(toolbar_html), elem_classes="fer-mark-toolbar")
    return gr.HTML(
        html_template="",
        elem_classes="fer-mark-action",
        js_on_load=html.script("marks.js"),
        tab=tab,
        live=live,
        keys=KEYS,
    )


def toolbar_html() -> Markup:
    """Return the buttons that add marks, and the field for their text."""
    buttons = [
        {
            "kind": kind,
            "key": key.upper(),
            "name": _(NAMES[kind]),
            "meaning": _sentence_case(_(KINDS[kind])),
        }
        for key, kind in KEYS.items()
    ]
    ranges = [key.upper() for key, kind in KEYS.items() if kind != EVENT]
    keys = _("%(keys)s or %(last)s", keys=", ".join(ranges[:-1]), last=ranges[-1])
    return render("mark_toolbar.html", buttons=buttons, max_text=MAX_TEXT, range_keys=keys)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def marks_html(timeline: Timeline, editable: bool = True, trouble: str = "") -> Markup:
    """Return a timeline's marks as a list.

    Args:
        timeline: Timeline with its marks.
        editable: Whether they can be changed; while a timeline runs they are redrawn each second.
        trouble: Why the last change was not made; "" for nothing.
    """
    rows = [
        {
            "letters": letters(i),
            "kind": mark.kind,
            "start": format_exact_time(mark.start),
            "end": "" if mark.kind == EVENT else format_exact_time(mark.end),
            "text": mark.text,
            "mark": json.dumps([mark.start, mark.end, mark.kind, mark.text]),
        }
        for i, mark in enumerate(timeline.marks)
    ]
    return render(
        "mark_list.html",
        rows=rows,
        editable=editable,
        kinds=list(KINDS),
        max_text=MAX_TEXT,
        trouble=trouble,
    )


def change_marks(timeline: Timeline, action: object, end: float) -> str:
    """Set, change or remove a timeline's mark, see `changed_marks`; return why not, or ""."""
    try:
        timeline.marks = changed_marks(timeline.marks, action, end)
    except MarkError as error:
        return str(error)
    return ""


def changed_marks(marks: tuple[Mark, ...], action: object, end: float) -> tuple[Mark, ...]:
    """Return marks after what a visitor has done.

    Args:
        marks: The marks before.
        action: What the page sends: JSON with `do` ("add", "change" or "remove"), the `mark` that
            is changed or removed, and `kind`, `start`, `end` and `text` of the new one; instead of
            times, `at` has two numbers of seconds, which are clipped to the timeline.
        end: Seconds of the recording with its sound, or of a live timeline; no mark begins after
            that.

    Raises:
        MarkError: That is not possible; the message is fit for visitors.
    """
    wanted = _parsed(action)
    kept = list(marks)
    old = wanted.get("mark")
    if wanted.get("do") in ("change", "remove"):
        same = [mark for mark in kept if [mark.start, mark.end, mark.kind, mark.text] == old]
        if not same:  # it was removed meanwhile
            return marks
        kept.remove(same[0])
        wanted = {"kind": same[0].kind, **wanted}
    if wanted.get("do") in ("add", "change"):
        mark = _new_mark(wanted, end)
        if mark.start > end:
            raise MarkError(
                _("The timeline ends at %(end)s, before this mark.", end=format_exact_time(end))
            )
        kept.append(mark)
    elif wanted.get("do") != "remove":
        raise MarkError(_(OUTDATED))
    return sorted_marks(kept)


def _parsed(action: object) -> Mapping[str, Any]:
    if not isinstance(action, str) or len(action) > MAX_ACTION:
        raise MarkError(_(OUTDATED))
    try:
        wanted = json.loads(action)
    except (ValueError, RecursionError):
        wanted = None
    if not isinstance(wanted, dict):
        raise MarkError(_(OUTDATED))
    return wanted


def _new_mark(wanted: Mapping[str, Any], last: float) -> Mark:
    at = wanted.get("at")
    if at is not None:
        if not (isinstance(at, list) and len(at) == 2 and all(map(_is_number, at))):
            raise MarkError(_(OUTDATED))
        # It may have been on its way when the timeline ended.
        start, end = (min(max(0.0, seconds), last) for seconds in at)
    else:
        kind = str(wanted.get("kind"))
        start = _seconds(wanted.get("start"), "start")
        end = start if kind == EVENT else _seconds(wanted.get("end"), "end")
    return Mark(start, end, str(wanted.get("kind")), str(wanted.get("text", "")))


def _seconds(value: object, name: str) -> float:
    """Return a time that a visitor has typed, or that comes from the player."""
    if _is_number(value):
        return float(value)  # type: ignore[arg-type]
    seconds = parse_time(value) if isinstance(value, str) else None
    if seconds is None:
        if name == "start":
            raise MarkError(_("The start of a mark is a time such as 75.5 or 1:15.5."))
        raise MarkError(_("The end of a mark is a time such as 75.5 or 1:15.5."))
    return seconds


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= MAX_SECONDS
