"""The report: one HTML file that holds everything, opens offline and prints well."""

import base64
import io
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from fer.array_types import UInt8Array
from fer.colors import COLORS
from fer.images import encode_jpeg
from fer.labels import EXPRESSIONS
from fer.timeline.counts import ERROR_BAND
from fer.timeline.formatting import NO_VALUE, format_duration, format_percent, format_signed
from fer.timeline.moments import MIN_BASELINE, MIN_DURATION, Moment
from fer.timeline.plot import timeline_plot
from fer.timeline.summary import Summary, TrackSummary, summarise
from fer.timeline.timeline import MIN_FACES, Timeline
from fer.timeline.track_counts import MAX_TRACKS_PER_BIN
from fer.vision.quality import TURNED_AWAY_FROM

TEMPLATE = Path(__file__).with_name("report_template.html")

MAX_TRACK_ROWS = 30
"""Rows of the table of faces; of more, those seen longest are told."""

MIN_LEAD = 0.5
"""Seconds of sound before the first picture that are worth a word."""

_PLOTS = (
    ("wide light", False, False),
    ("wide dark", True, False),
    ("narrow light", False, True),
    ("narrow dark", True, True),
)
"""Class of each plot, dark, narrow; the stylesheet shows one, on paper the first."""


def report_html(
    timeline: Timeline,
    title: str,
    thumbnails: Sequence[tuple[str, UInt8Array]] = (),
    warning: str | None = None,
    model: str | None = None,
    accuracy: str | None = None,
    rate: float | None = None,
    end: float | None = None,
    scale: float = 1.0,
    lead: float = 0.0,
) -> str:
    """Return a timeline as one HTML page, in the timeline's own view.

    All texts may hold anything: they are escaped. Nothing is fetched when the page is opened.

    Args:
        timeline: What to report; may be empty.
        title: What was recorded.
        thumbnails: Captions and pictures, RGB uint8 (h, w, 3): one a moment of the summary, in
            their order, or any number of any other pictures.
        warning: What went wrong, such as a part that could not be read.
        model: The network's name.
        accuracy: How often it is right, as it was measured, with what it was measured on.
        rate: Analysed frames a second.
        end: Seconds at which the recording ended; None takes the last bin as full.
        scale: Pixels of the recording a pixel of what was analysed.
        lead: Seconds by which the annotated video is later than the timeline.
    """
    summary = summarise(timeline, end)
    texts = {
        "title": escape(title),
        "kind": f"Expression timeline, {escape(timeline.view)} view",
        "sentence": escape(summary.sentence),
        "facts": _facts(summary),
        "warning": _warning(warning),
        "plot": _plot(timeline, summary),
        "caption": escape(_caption(summary, lead)),
        "moments": _moments(summary, thumbnails),
        "means": _means(summary),
        "error": escape(_error_note(summary)),
        "small": _small_note(timeline, scale),
        "view_note": _VIEW_NOTES[timeline.view],
        "tracks": _tracks(summary),
        "settings": _settings(timeline, model, accuracy, rate, scale),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(texts)


_VIEW_NOTES = {
    "class": (
        f"This is the class view: seconds in which a picture had fewer than {MIN_FACES} faces "
        "to judge, large enough and not turned away, show no expression, and single faces are not "
        "kept."
    ),
    "person": (
        "This is the person view: faces are numbered as they appear. The numbers are not names, "
        "and somebody who comes back after a while gets a new one. After a cut to another picture, "
        "somebody in the same place may go on under the number of who was there before."
    ),
}


def _facts(summary: Summary) -> str:
    index = _format_value(summary.index, format_signed)
    if math.isfinite(summary.index_error):
        index += f" <small>\N{PLUS-MINUS SIGN} {summary.index_error:.2f}</small>"
    facts = [("watched", format_duration(summary.seconds))]
    if summary.shown_seconds < summary.seconds:
        facts.append(("with figures", format_duration(summary.shown_seconds)))
    facts += [
        ("faces on average", _format_value(summary.faces, "{:.1f}".format)),
        ("positive-negative index", index),
        ("readings uncertain", _format_value(summary.uncertain, format_percent)),
        ("faces too small to judge", _format_value(summary.small, format_percent)),
        ("faces turned away", _format_value(summary.turned, format_percent)),
    ]
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _warning(warning: str | None) -> str:
    if not warning:
        return ""
    return (
        '<section class="card trouble"><h2>Not everything is in here</h2>'
        f"<p>{escape(warning)}</p></section>"
    )


def _plot(timeline: Timeline, summary: Summary) -> str:
    """Return the plot for four kinds of screen, as SVG within the page."""
    alt = (
        "Stacked shares of the seven expressions over time, number of faces, who was judged, "
        "and the index."
    )
    return "".join(
        f'<img class="{kind}" src="{_svg(timeline, summary.moments, dark, narrow)}" alt="{alt}">'
        for kind, dark, narrow in _PLOTS
    )


def _svg(timeline: Timeline, moments: Sequence[Moment], dark: bool, narrow: bool) -> str:
    file = io.BytesIO()
    figure = timeline_plot(timeline, moments, dark, narrow)
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _data_uri(file.getvalue(), "image/svg+xml")


def _data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _caption(summary: Summary, lead: float) -> str:
    parts = ["Seconds without pictures or faces are left empty."]
    if lead >= MIN_LEAD:
        parts.append(
            "Times count from the first picture; in the annotated video it comes "
            f"{format_duration(lead)} "
            "later, after sound alone."
        )
    if summary.view == "class":
        hatched = f"Hatched: fewer than {MIN_FACES} faces to judge"
        parts.append(f"{hatched}, so no figure is shown.")
    elif summary.unjudged_reason and summary.shown_seconds < summary.seconds:
        parts.append(f"Hatched: all faces were {summary.unjudged_reason}.")
    if summary.moments:
        parts.append("The numbers stand for the moments below.")
    return " ".join(parts)


def _moments(summary: Summary, thumbnails: Sequence[tuple[str, UInt8Array]]) -> str:
    """Return the moments with their pictures; other pictures where there are no moments."""
    sentences = [moment.sentence for moment in summary.moments]
    paired = len(thumbnails) == len(sentences)
    items = [
        f'{_picture(*thumbnails[i]) if paired else ""}<span class="number">{i + 1}</span>'
        f"{escape(sentence)}"
        for i, sentence in enumerate(sentences)
    ]
    if not paired:
        items += [_picture(*thumbnail) + escape(thumbnail[0]) for thumbnail in thumbnails]
    note = "" if sentences else f'<p class="note">{escape(_no_moment_note(summary))}</p>'
    pictures = "".join(f"<li>{item}</li>" for item in items)
    strip = f'<ul class="moments">{pictures}</ul>' if items else ""
    return f'<section class="card long"><h2>Moments of change</h2>{note}{strip}</section>'


def _no_moment_note(summary: Summary) -> str:
    if not summary.shown_seconds:
        return "Without figures there are no moments."
    if summary.shown_seconds < MIN_BASELINE + MIN_DURATION:
        return f"Moments need {MIN_BASELINE:g} seconds before them to be compared with."
    return (
        f"No expression rose clearly above the minute before for {MIN_DURATION:g} seconds or more."
    )


def _picture(caption: str, image: UInt8Array) -> str:
    source = _data_uri(encode_jpeg(image), "image/jpeg")
    return f'<img src="{source}" alt="{escape(caption)}">'


def _means(summary: Summary) -> str:
    if not summary.shown_seconds:
        return f"<p>{escape(summary.sentence)}</p>"
    bars = "".join(_bar(name, summary.mean[name]) for name in EXPRESSIONS)
    note = "All seven probabilities count, also those of readings that are called uncertain."
    return f'<div class="bars">{bars}</div><p class="note">{note}</p>'


def _bar(name: str, share: float) -> str:
    return (
        f'<div class="bar" style="{_style(name, share)}"><span>{name}</span>'
        '<span class="way"><span></span></span><span '
        f'class="value">{format_percent(share)}</span></div>'
    )


def _style(name: str, share: float) -> str:
    return f"--hue:{COLORS[name]};--value:{100 * share:.1f}%"


def _error_note(summary: Summary) -> str:
    if not math.isfinite(summary.index_error):
        return "Its error is not known: that takes the differences between two or more faces."
    return (
        f"The band in the plot reaches {ERROR_BAND} standard errors to both sides, the figure "
        "above "
        "names one. They come from the differences between faces and from the number of faces, "
        "not of pictures."
    )


def _small_note(timeline: Timeline, scale: float) -> str:
    return (
        f"Faces under {timeline.small * scale:.0f} pixels (the square root of the box's area) have "
        "no part in the shares. Those that are found count as too small to judge; most are not "
        "looked for. Nor have faces any part that are turned away: aside by an estimate of "
        f"{TURNED_AWAY_FROM:.0f} degrees or more."
    )


def _tracks(summary: Summary) -> str:
    """Return the table of single faces; nothing in the class view, which has none."""
    if not summary.tracks:
        return ""
    longest = summary.longest_tracks(MAX_TRACK_ROWS)
    rows = "".join(map(_track, longest))
    names = (*EXPRESSIONS, "index", "uncertain", "turned", "time")
    head = "".join(f'<th scope="col"><span class="upright">{name}</span></th>' for name in names)
    rest = len(summary.tracks) - len(longest)
    note = f'<p class="note">{_omitted_note(rest, len(summary.tracks))}</p>' if rest else ""
    return (
        '<section class="card long"><h2>Each face, mean shares in percent</h2><div class="scroll">'
        f'<table><thead><tr><th scope="col">Face</th>{head}</tr></thead><tbody>{rows}</tbody>'
        f"</table></div>{note}</section>"
    )


def _omitted_note(rest: int, tracks: int) -> str:
    note = f"{rest} more, seen no longer, are not listed."
    if tracks < MAX_TRACKS_PER_BIN:
        return note
    return (
        f"{note} Of each second {MAX_TRACKS_PER_BIN} faces are kept, those with the lowest numbers."
    )


def _track(track: TrackSummary) -> str:
    shares = "".join(_share(name, track.mean[name]) for name in EXPRESSIONS)
    others = (
        _format_value(track.index, format_signed),
        _format_value(track.uncertain, format_percent),
        format_percent(track.turned),
        format_duration(track.seconds),
    )
    cells = shares + "".join(f"<td>{value}</td>" for value in others)
    return f'<tr><th scope="row">{track.track}</th>{cells}</tr>'


def _share(name: str, share: float) -> str:
    if not math.isfinite(share):
        return f"<td>{NO_VALUE}</td>"
    return f'<td style="{_style(name, share)}">{100 * share:.0f}</td>'


def _settings(
    timeline: Timeline, model: str | None, accuracy: str | None, rate: float | None, scale: float
) -> str:
    rows: Mapping[str, str] = {
        "Network": model or "not stated",
        "Its measured accuracy": accuracy or "not stated",
        "View": timeline.view,
        "Length of a bin": f"{timeline.bin_seconds:g} s",
        "Pictures analysed": f"{rate:g} a second" if rate else "as they came",
        "Too small to judge": f"under {timeline.small * scale:.0f} pixels",
        "Called uncertain": f"under a probability of {timeline.uncertain_below:g}",
    }
    return "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items())


def _format_value(value: float, format_value: Callable[[float], str]) -> str:
    """Return a number as `format_value` writes it, or a dash for NaN."""
    return format_value(value) if math.isfinite(value) else NO_VALUE
