"""Summary of a timeline as HTML: the mean of all faces, and a table with a row for each."""

import math

from fer.labels import EXPRESSIONS
from fer.timeline.formatting import NO_VALUE, format_duration, format_percent, format_signed
from fer.timeline.summary import Summary, TrackSummary
from fer.ui import html

MAX_ROWS = 30
"""Rows of the table; of more faces, those seen longest."""


def summary_html(summary: Summary) -> str:
    """Return the mean shares as bars and, in the person view, the table of single faces.

    Empty where all is withheld.
    """
    if not summary.shown_seconds:
        return ""
    row = [summary.mean[name] for name in EXPRESSIONS]
    top = max(EXPRESSIONS, key=summary.mean.__getitem__)
    return (
        '<div class="fer-means"><h3 class="fer-heading">On average</h3>'
        f"{html.bars(row, top)}</div>{_table(summary)}"
    )


def _table(summary: Summary) -> str:
    """Return a table with a row a face; empty in the class view, which has no single faces."""
    if not summary.tracks:
        return ""
    rows = "".join(map(_row, summary.longest_tracks(MAX_ROWS)))
    names = (*EXPRESSIONS, "index", "uncertain", "turned", "seen")
    head = "".join(
        f'<th scope="col"><span class="fer-upright">{name}</span></th>' for name in names
    )
    rest = len(summary.tracks) - MAX_ROWS
    more = f'<p class="fer-note">{rest} more, seen no longer, are not listed.</p>'
    return (
        '<div class="fer-table" role="region" aria-label="Each face" tabindex="0"><table>'
        '<caption>Each face, mean shares in percent</caption><thead><tr><th scope="col">Face</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>{more if rest > 0 else ''}"
    )


def _row(track: TrackSummary) -> str:
    top = max(EXPRESSIONS, key=track.mean.__getitem__)
    shares = "".join(_share(track.mean[name], name == top) for name in EXPRESSIONS)
    index = format_signed(track.index) if math.isfinite(track.index) else NO_VALUE
    uncertain = format_percent(track.uncertain) if math.isfinite(track.uncertain) else NO_VALUE
    texts = index, uncertain, format_percent(track.turned), format_duration(track.seconds)
    others = "".join(f"<td>{text}</td>" for text in texts)
    return f'<tr><th scope="row">{track.track}</th>{shares}{others}</tr>'


def _share(share: float, top: bool) -> str:
    if not math.isfinite(share):
        return f"<td>{NO_VALUE}</td>"
    chosen = ' class="fer-top"' if top else ""
    return f'<td style="--value:{share:.3f}"{chosen}>{100 * share:.0f}</td>'
