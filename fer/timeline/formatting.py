"""Times and shares as people read them; no line breaks between a number and its unit."""

from math import ceil

from fer.i18n import gettext as _
from fer.i18n import localized_number

NO_VALUE = "\N{EN DASH}"
"""Stands where there is no figure."""

MAX_SENTENCE = 400
"""Letters of a sentence that may quote a file."""

TICK_STEPS = (
    *(1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900),
    *(1200, 1800, 3600, 7200, 14400, 28800),
)
"""Steps of time axes in seconds; beyond the last one, its multiples."""

_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit."""


def shortened(sentence: str) -> str:
    """Return a sentence without what is beyond `MAX_SENTENCE` letters."""
    return sentence if len(sentence) <= MAX_SENTENCE else f"{sentence[:MAX_SENTENCE]}…"


def tick_step(length: float, most: int) -> int:
    """Return the least step that divides a length, in seconds, into at most `most` parts."""
    last = TICK_STEPS[-1]
    beyond = ceil(length / most / last) * last
    return next((step for step in TICK_STEPS if length / step <= most), beyond)


def format_time(seconds: float) -> str:
    """Return 760.4 as "12:40" and 3725 as "1:02:05"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def format_exact_time(seconds: float) -> str:
    """Return 75.5 as "1:15.5", exact to the millisecond, as `parse_time` reads it."""
    minutes, rest = divmod(round(1000 * seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    text = localized_number(f"{rest / 1000:06.3f}".rstrip("0").rstrip("."))
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def format_duration(seconds: float) -> str:
    """Return 20 as "20 s", 100 as "1 min 40 s" and 3720 as "1 h 2 min"."""
    if 0 < seconds < 0.05:
        return _("under %(least)s", least=f"{format_decimal(0.1)}{_SPACE}s")
    if round(seconds, 1) < 10 and seconds != round(seconds):
        return f"{format_decimal(seconds)}{_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        minutes, rest = round(seconds / 60), 0
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{value}{_SPACE}{unit}" for value, unit in parts if value) or f"0{_SPACE}s"


def format_percent(share: float, digits: int = 0) -> str:
    """Return 0.381 as "38%"."""
    return localized_number(f"{share:.{digits}%}")


def format_decimal(number: float, digits: int = 1) -> str:
    """Return 5.04 as "5.0"."""
    return localized_number(f"{number:.{digits}f}")


def format_number(number: float) -> str:
    """Return 0.40 as "0.4" and 5.0 as "5"."""
    return localized_number(f"{number:g}")


def format_signed(number: float, digits: int = 2) -> str:
    """Return -0.126 as "-0.13" and 0.126 as "+0.13", with a true minus sign; -0.001 as "+0.00"."""
    signed = f"{round(number, digits) + 0.0:+.{digits}f}"
    return localized_number(signed.replace("-", "\N{MINUS SIGN}"))
