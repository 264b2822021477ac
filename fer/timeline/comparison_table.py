"""A comparison as text, table and HTML, with what can and can't be concluded from it."""

from collections.abc import Mapping, Sequence
from math import isfinite

from markupsafe import Markup

from fer.i18n import gettext as _
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS
from fer.output_files import csv_text
from fer.templates import render
from fer.timeline.block_bootstrap import MIN_SECONDS
from fer.timeline.compare import (
    Comparison,
    Difference,
    Sample,
    compare,
    stretch_samples,
)
from fer.timeline.expression_statistics import MEASURES
from fer.timeline.formatting import NO_VALUE, format_duration, format_percent, format_signed
from fer.timeline.timeline import Timeline

LIMITS = N_(
    "What this can't tell: the intervals come from how much these seconds vary. They are not about "
    "other people, another day or another camera, not about what caused a difference, and not "
    "about what anybody felt."
)

COLUMNS = ("measure", "sample", "mean", "difference", "low", "high")
"""Columns of a comparison as CSV: the difference and its 95 % interval are to the first sample."""


def conclusions(comparison: Comparison, networks: Sequence[str] = ()) -> list[str]:
    """Return what can be concluded, in sentences, and what can't.

    Args:
        comparison: The comparison.
        networks: The fingerprint of the network of each recording, as far as known.
    """
    first, *others = comparison.samples
    sentences = [
        _conclusion(first, other, differences)
        for other, differences in zip(others, comparison.differences, strict=True)
    ]
    short = [sample.name for sample in comparison.samples if sample.seconds < MIN_SECONDS]
    if short:
        sentences.append(
            _(
                "Fewer than %(least)s s with figures have no interval: %(names)s.",
                least=MIN_SECONDS,
                names=", ".join(short),
            )
        )
    if comparison.intervals:
        sentences.append(
            _(
                "Of %(number)s intervals of 95%%, about one in twenty misses the truth by chance.",
                number=comparison.intervals,
            )
        )
    if len(set(networks)) > 1:
        sentences.append(
            _("Different networks read these recordings, which may be the difference.")
        )
    return [*sentences, _(LIMITS)]


def _conclusion(first: Sample, other: Sample, differences: Mapping[str, Difference]) -> str:
    pair = {"first": first.name, "other": other.name}
    clear = [name for name in MEASURES if _is_clear(name, differences[name])]
    if not clear:
        if not any(isfinite(difference.low) for difference in differences.values()):
            return _("From %(first)s to %(other)s: too few seconds for an interval.", **pair)
        return _(
            "From %(first)s to %(other)s no figure changes by more than these seconds vary anyway.",
            **pair,
        )
    more = ", ".join(_(name) for name in clear if differences[name].value > 0)
    less = ", ".join(_(name) for name in clear if differences[name].value < 0)
    parts = [_("more %(figures)s", figures=more)] if more else []
    parts += [_("less %(figures)s", figures=less)] if less else []
    return _(
        "From %(first)s to %(other)s, by more than these seconds vary anyway: %(changes)s.",
        **pair,
        changes="; ".join(parts),
    )


def format_difference(name: str, difference: Difference) -> str:
    """Return "+12 points (+6 to +18)"; of the index "+0.12 (+0.06 to +0.18)"."""
    value = _signed(name, difference.value)
    if name != "index":
        value = _("%(value)s points", value=value)
    if not isfinite(difference.low):
        return value if isfinite(difference.value) else NO_VALUE
    low, high = _signed(name, difference.low), _signed(name, difference.high)
    return f"{value} ({_('%(low)s to %(high)s', low=low, high=high)})"


def _is_clear(name: str, difference: Difference) -> bool:
    """Return whether the interval leaves out 0, also as it is displayed: "+0.0" is no change."""
    ends = _signed(name, difference.low), _signed(name, difference.high)
    return difference.is_clear and _signed(name, 0.0) not in ends


def _signed(name: str, value: float) -> str:
    if not isfinite(value):
        return NO_VALUE
    return format_signed(value) if name == "index" else format_signed(100 * value, 1)


def _mean(name: str, sample: Sample) -> str:
    value = sample.means[name]
    if not isfinite(value):
        return NO_VALUE
    return format_signed(value) if name == "index" else format_percent(value)


def describe_sample(sample: Sample) -> str:
    """Return how much of a sample has statistics, in words."""
    shown, whole = format_duration(sample.seconds), format_duration(sample.watched)
    if shown == whole:
        return shown
    return _("%(shown)s of %(whole)s with figures", shown=shown, whole=whole)


def comparison_text(comparison: Comparison, networks: Sequence[str] = ()) -> str:
    """Return a comparison for a terminal: a table, then what can be concluded."""
    names = [sample.name for sample in comparison.samples]
    rows = [["", *names]]
    rows += [["time", *map(describe_sample, comparison.samples)]]
    rows += [[name, *(_mean(name, sample) for sample in comparison.samples)] for name in MEASURES]
    lines = _aligned(rows)
    for other, differences in zip(names[1:], comparison.differences, strict=True):
        pairs = [[name, format_difference(name, differences[name])] for name in MEASURES]
        lines += ["", f"{_title(names[0], other, differences)}:", *_aligned(pairs)]
    return "\n".join([*lines, "", *conclusions(comparison, networks)])


def _title(first: str, other: str, differences: Mapping[str, Difference]) -> str:
    """Return what a table of differences shows."""
    known = any(isfinite(difference.low) for difference in differences.values())
    text = (
        N_("%(name)s less %(first)s, with 95%% intervals")
        if known
        else N_("%(name)s less %(first)s")
    )
    return _(text, name=other, first=first)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def comparison_csv(comparison: Comparison) -> str:
    """Return CSV with `COLUMNS`, one row per measure and sample; unknown values are empty."""
    rows: list[Sequence[str | float]] = [COLUMNS]
    for name in MEASURES:
        for i, sample in enumerate(comparison.samples):
            difference = comparison.differences[i - 1][name] if i else None
            values = (sample.means[name],) + (
                (difference.value, difference.low, difference.high) if difference else (None,) * 3
            )
            cells = ["" if value is None or not isfinite(value) else value for value in values]
            rows.append([name, sample.name, *cells])
    return csv_text(rows)


def stretches_html(timeline: Timeline) -> Markup:
    """Return the comparison of a timeline's marked stretches; empty where fewer than two are."""
    samples = stretch_samples([("", timeline)])
    return comparison_html(compare(samples)) if len(samples) > 1 else Markup()


def comparison_html(comparison: Comparison, networks: Sequence[str] = ()) -> Markup:
    """Return a comparison as HTML: means side by side, differences, and what can be concluded."""
    return render(
        "comparison.html",
        samples=[(sample.name, describe_sample(sample)) for sample in comparison.samples],
        shares=[
            (name, [(sample.means[name], _mean(name, sample)) for sample in comparison.samples])
            for name in EXPRESSIONS
        ],
        differences=[
            (
                sample.name,
                _title(comparison.samples[0].name, sample.name, each),
                [
                    (name, format_difference(name, each[name]), _is_clear(name, each[name]))
                    for name in MEASURES
                ],
            )
            for sample, each in zip(comparison.samples[1:], comparison.differences, strict=True)
        ],
        sentences=conclusions(comparison, networks),
    )
