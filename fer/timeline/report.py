"""The report: one HTML file that holds everything, opens offline and prints well."""

import base64
import hashlib
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from fer.array_types import UInt8Array
from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.images import encode_jpeg
from fer.labels import EXPRESSIONS
from fer.templates import FIGURES_CSS, chart_script, data_uri, render
from fer.timeline.chart import timeline_html
from fer.timeline.comparison_table import stretches_html
from fer.timeline.expression_statistics import ERROR_BAND, compute_statistics
from fer.timeline.formatting import (
    NO_VALUE,
    format_decimal,
    format_duration,
    format_exact_time,
    format_number,
    format_percent,
    format_signed,
)
from fer.timeline.marks import Mark, letters
from fer.timeline.methods import TimelineMetadata, methods_paragraph
from fer.timeline.moments import MIN_BASELINE, MIN_DURATION
from fer.timeline.summary import Summary, summarise
from fer.timeline.summary_table import listed_changes, omitted_note, top_expression, track_rows
from fer.timeline.timeline import Timeline
from fer.timeline.track_counts import MAX_TRACKS_PER_BIN
from fer.timeline.withholding import MIN_FACES
from fer.vision.quality import TURNED_AWAY_FROM

MIN_VIDEO_OFFSET = 0.5
"""Seconds of sound before the first picture that are worth a word."""


def report_html(
    timeline: Timeline,
    metadata: TimelineMetadata,
    thumbnails: Sequence[tuple[str, UInt8Array | None]] = (),
) -> str:
    """Return a timeline as one HTML page, in the timeline's own view.

    All texts may hold anything: they are escaped. Nothing is fetched when the page is opened.

    Args:
        timeline: What to report; may be empty.
        metadata: Where it comes from.
        thumbnails: Captions and pictures, RGB uint8 (h, w, 3): one per moment of the summary, in
            their order, None for one without a picture, or any number of any other pictures.
    """
    summary = summarise(timeline, metadata.duration)
    return render(
        "report.html",
        **_styles_and_script(),
        title=metadata.title,
        kind=_(_KINDS[timeline.view]),
        sentence=summary.sentence,
        facts=_facts(summary),
        warning=metadata.warning,
        marks=_marks(timeline),
        compared=stretches_html(timeline),
        chart=timeline_html(
            timeline, summary.moments, metadata.end, started=metadata.started, level=3
        ),
        caption=_caption(summary, metadata),
        moments=_moments(summary, thumbnails),
        no_moment_note="" if summary.moments else _no_moment_note(summary),
        **_means(summary),
        error_note=_error_note(summary, timeline),
        small_note=_small_note(timeline.small * metadata.scale),
        view_note=_(_VIEW_NOTES[timeline.view], least=MIN_FACES),
        rows=track_rows(summary),
        omitted=_omitted_note(summary),
        changes=listed_changes(summary, timeline),
        methods=methods_paragraph(timeline, metadata),
        settings=_settings(timeline, metadata).items(),
    )


_KINDS = {
    "class": N_("Expression timeline, class view"),
    "person": N_("Expression timeline, person view"),
}

_VIEW_NOTES = {
    "class": N_(
        "This is the class view: seconds in which a picture had fewer than %(least)s faces "
        "to classify, large enough and not turned away, show no expression, and single faces are "
        "not kept."
    ),
    "person": N_(
        "This is the person view: faces are numbered as they appear. The numbers are not names, "
        "and somebody who comes back after a while gets a new one. After a cut to another picture, "
        "somebody in the same place may go on under the number of who was there before."
    ),
}


def _facts(summary: Summary) -> list[tuple[str, str, str]]:
    """Return name, value and error of the figures below the title; "" where there is no error."""
    facts = [(_("watched"), format_duration(summary.seconds), "")]
    if summary.is_partial:
        facts.append((_("with figures"), format_duration(summary.shown_seconds), ""))
    known = math.isfinite(summary.index_error)
    error = f"\N{PLUS-MINUS SIGN} {format_decimal(summary.index_error, 2)}" if known else ""
    return [
        *facts,
        *([(_("left out"), format_duration(summary.left_out), "")] if summary.left_out else []),
        (_("faces on average"), _format_value(summary.faces, format_decimal), ""),
        (_("positive-negative index"), _format_value(summary.index, format_signed), error),
        (_("readings uncertain"), _format_value(summary.uncertain, format_percent), ""),
        (_("faces too small to classify"), _format_value(summary.small, format_percent), ""),
        (_("faces turned away"), _format_value(summary.turned, format_percent), ""),
    ]


def _caption(summary: Summary, metadata: TimelineMetadata) -> str:
    start, video_offset = metadata.start, metadata.video_offset
    parts = [_("Seconds without pictures or faces are left empty.")]
    if start:
        time = format_exact_time(start)
        parts.append(_("Times count from %(time)s of the recording.", time=time))
    if video_offset >= MIN_VIDEO_OFFSET:
        parts.append(
            _(
                "Times count from the first picture; in the annotated video it comes %(duration)s "
                "later, after sound alone.",
                duration=format_duration(video_offset),
            )
        )
    if summary.moments:
        parts.append(_("The numbers refer to the moments below."))
    return " ".join(parts)


def _marks(timeline: Timeline) -> list[tuple[str, str, str, str]]:
    """Return letters, time, kind and text of each mark."""
    return [
        (letters(i), _format_range(mark), mark.kind, mark.text)
        for i, mark in enumerate(timeline.marks)
    ]


def _format_range(mark: Mark) -> str:
    times = [format_exact_time(mark.start), format_exact_time(mark.end)]
    return times[0] if mark.start == mark.end else " \N{EN DASH} ".join(times)


class _Moment(NamedTuple):
    """A moment, or another picture: its number, its picture as a data URI, texts; "" for none."""

    number: int | str
    source: str
    caption: str
    text: str


def _moments(
    summary: Summary, thumbnails: Sequence[tuple[str, UInt8Array | None]]
) -> list[_Moment]:
    """Return the moments with their pictures; other pictures where there are no moments."""
    pictures = [
        ("" if image is None else data_uri(encode_jpeg(image), "image/jpeg"), caption)
        for caption, image in thumbnails
    ]
    sentences = [moment.sentence for moment in summary.moments]
    if len(pictures) == len(sentences):
        paired = zip(pictures, sentences, strict=True)
        return [_Moment(i, *picture, text) for i, (picture, text) in enumerate(paired, start=1)]
    alone = [_Moment(i, "", "", text) for i, text in enumerate(sentences, start=1)]
    return alone + [_Moment("", source, caption, caption) for source, caption in pictures]


def _no_moment_note(summary: Summary) -> str:
    if not summary.shown_seconds:
        return _("Without figures there are no moments.")
    if summary.shown_seconds < MIN_BASELINE + MIN_DURATION:
        return _(
            "Moments need %(seconds)s seconds before them to be compared with.",
            seconds=f"{MIN_BASELINE:g}",
        )
    return _(
        "No expression rose clearly above the minute before for %(seconds)s seconds or more.",
        seconds=f"{MIN_DURATION:g}",
    )


def _styles_and_script() -> dict[str, str]:
    """Return the style sheet, the script, and its hash: the page's policy allows no other one."""
    script = chart_script()
    digest = hashlib.sha256(script.encode()).digest()
    return {
        "figures_css": Markup(FIGURES_CSS.read_text(encoding="utf-8")),  # noqa: S704 - a file of ours
        "chart_js": Markup(script),  # noqa: S704 - a file of ours
        "chart_js_hash": base64.b64encode(digest).decode("ascii"),
    }


def _means(summary: Summary) -> dict[str, object]:
    """Return the mean shares and the largest one's expression, None where all is withheld."""
    if not summary.shown_seconds:
        return {"means": None, "top": None}
    means = [summary.mean[name] for name in EXPRESSIONS]
    return {"means": means, "top": top_expression(summary.mean)}


def _error_note(summary: Summary, timeline: Timeline) -> str:
    if not math.isfinite(summary.index_error):
        text = N_("Its error is not known: that takes the differences between two or more faces.")
        if np.isfinite(compute_statistics(timeline.included().counts()[1])["index_error"]).any():
            text = N_(
                "Its error is not known: that takes two or more classified faces on average. The "
                "band in the plot is the error of those seconds that have two or more."
            )
        return _(text)
    return _(
        "The band in the plot reaches %(band)s standard errors to both sides, the figure above "
        "names one. They come from the differences between faces and from the number of faces, "
        "not of pictures.",
        band=ERROR_BAND,
    )


def _small_note(side: float) -> str:
    return _(
        "Faces under %(side)s pixels (the square root of the box's area) have no part in the "
        "shares. Those that are found count as too small to classify; most are not looked for. "
        "Faces that are turned away have no part in the shares, either.",
        side=f"{side:.0f}",
    )


def _omitted_note(summary: Summary) -> str:
    note = omitted_note(summary)
    if not note or len(summary.tracks) < MAX_TRACKS_PER_BIN:
        return note
    kept = _(
        "Of each second %(most)s faces are kept, those with the lowest numbers.",
        most=MAX_TRACKS_PER_BIN,
    )
    return f"{note} {kept}"


def _settings(timeline: Timeline, metadata: TimelineMetadata) -> dict[str, str]:
    return {
        _("Network"): metadata.network.name,
        _("Its measured accuracy"): metadata.network.accuracy or _("not stated"),
        _("View"): _(timeline.view),
        _("Length of a bin"): f"{format_number(timeline.bin_seconds)} s",
        _("Pictures analysed"): _("%(rate)s a second", rate=format_number(metadata.rate))
        if metadata.rate
        else _("as they came"),
        _("Too small to classify"): _(
            "under %(side)s pixels", side=f"{timeline.small * metadata.scale:.0f}"
        ),
        _("Turned away"): _(
            "aside by an estimate of %(angle)s degrees or more", angle=f"{TURNED_AWAY_FROM:.0f}"
        ),
        _("Uncertain"): _(
            "under a probability of %(share)s", share=format_number(timeline.uncertain_below)
        ),
    }


def _format_value(value: float, format_value: Callable[[float], str]) -> str:
    """Return a number as `format_value` writes it, or a dash for NaN."""
    return format_value(value) if math.isfinite(value) else NO_VALUE
