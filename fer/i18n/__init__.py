"""The languages of page and report: sentences in English, and the catalogues of translations.

English is the source. A sentence for visitors is written where it is needed, as
`_("At most %(most)s files.", most=20)` after `from fer.i18n import gettext as _`, in a template as
`{% trans %}` or `_()`, in a script as `_()`; its translations are in `de.json`, `es.json` and
`hi.json`. `python -m docs.translations` adds new sentences to these files, and a test fails until
all are filled in. Numbers with decimals go through `localized_number`. A new language is a line in
`LANGUAGES` and such a file.

A script that Gradio runs brings the translations of its own texts, see `with_translations`; its
language is what the document states when a text is needed.

What isn't translated: the command line, the Python API, and what programs read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

SOURCE = "en"

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "hi": "हिन्दी"}
"""Each language's name for itself, by its ISO 639-1 code."""

DRAWN = {"en", "de", "es"}
"""Languages whose letters are in the fonts of plots and of captions."""

FOLDER = Path(__file__).parent
"""The catalogues: `LANGUAGE.json` maps an English text to its translation, and the singular of a
text with two forms to a list of both."""

Catalogue = Mapping[str, str | list[str]]

MAX_ACCEPTED = 400
"""Letters of a request's header that are read; browsers send some fifty."""

_COMMA_DECIMALS = {"de", "es"}
"""Languages that write 1,234.5 as 1.234,5."""

_SINGULAR_ZERO = {"hi"}
"""Languages in which 0 takes the form of 1."""

_CALL = re.compile(r'(?<![\w.])N?_\(\s*("(?:[^"\\]|\\.)*")')
_PLURAL_CALL = re.compile(r'(?<![\w.])_n\(\s*("(?:[^"\\]|\\.)*")')

_FUNCTION = (
    'const _ = (text, values = {}) => (TEXTS[document.documentElement.lang.split("-")[0]]?.[text] '
    "?? text).replace(/%\\((\\w+)\\)s/g, (place, name) => values[name] ?? place);\n"
)

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


def current_language() -> str:
    """Return the language of texts that are made now, in this task or thread."""
    return _language.get()


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Make texts in a language within a `with` block; one that is unknown becomes English."""
    token = _language.set(language if language in LANGUAGES else SOURCE)
    try:
        yield
    finally:
        _language.reset(token)


@contextmanager
def use_drawn_language() -> Iterator[None]:
    """Make texts that are drawn into pictures: in English where fonts lack a language's letters.

    Neither matplotlib's nor Pillow's own font has Devanagari. The Hindi page states where it lists
    its files that text in images is English.
    """
    with use_language(current_language() if current_language() in DRAWN else SOURCE):
        yield


def preferred_language(accepted: str | None) -> str:
    """Return the language of a request.

    Only the first choice counts, as in Gradio's own scripts, so that a page is in one language.

    Args:
        accepted: The header Accept-Language, such as "de-AT,de;q=0.9,en;q=0.8"; None without one.
    """
    stated = (accepted or "")[:MAX_ACCEPTED]
    choices = [choice.partition(";") for choice in stated.split(",")]
    first, _, _ = max(choices, key=lambda choice: _quality(choice[2]))
    code = first.strip().lower().partition("-")[0]
    return code if code in LANGUAGES else SOURCE


def _quality(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


@cache
def catalogue(language: str) -> Catalogue:
    """Return the translations into a language; none for English."""
    if language == SOURCE:
        return {}
    found: Catalogue = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def load_catalogues() -> None:
    """Read all catalogues now, for a process that may open no file later."""
    for language in LANGUAGES:
        catalogue(language)


def lookup(text: str) -> str:
    """Return the translation of a text as it is in the catalogue; the text where there is none."""
    found = catalogue(current_language()).get(text)
    return found if isinstance(found, str) and found else text


def lookup_plural(singular: str, plural: str, number: int) -> str:
    """Return the translation of the singular or the plural, as the language has it for a number."""
    language = current_language()
    second = number > 1 if language in _SINGULAR_ZERO else number != 1
    found = catalogue(language).get(singular)
    return found[second] if isinstance(found, list) else (singular, plural)[second]


def gettext(text: str, /, **values: object) -> str:
    """Return a text in the current language, with values filled in.

    Args:
        text: The English text; a placeholder is `%(name)s`, and with values a percent sign is `%%`.
        values: Values by the names of placeholders.
    """
    found = lookup(text)
    return found % values if values else found


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """Return the form for a number, which is also the value `%(num)s`; see `gettext`."""
    return lookup_plural(singular, plural, number) % {"num": number, **values}


def localized_number(number: str) -> str:
    """Return a formatted number as the current language writes it: "1,5" in German for "1.5"."""
    swapped = str.maketrans(",.", ".,")
    return number.translate(swapped) if current_language() in _COMMA_DECIMALS else number


def format_count(number: float) -> str:
    """Return 3589 as "3,589"."""
    return localized_number(f"{number:,.0f}")


def gettext_noop(text: str) -> str:
    """Return a text as it is: `python -m docs.translations` finds it here, `gettext` comes later.

    By custom its name is `N_`.
    """
    return text


def script_texts(source: str) -> list[str]:
    """Return the texts of a script, each once."""
    return list(dict.fromkeys(json.loads(literal) for literal in _CALL.findall(source)))


def script_plurals(source: str) -> list[str]:
    """Return the singulars of a script's texts with two forms, `_n("%(num)s face", ...)`."""
    return list(dict.fromkeys(json.loads(literal) for literal in _PLURAL_CALL.findall(source)))


def with_translations(source: str) -> str:
    """Return a script that has the function `_`, with its translations, if it needs that."""
    texts = script_texts(source)
    if not texts:
        return source
    known = {}
    for language in LANGUAGES.keys() - {SOURCE}:
        with use_language(language):
            known[language] = {text: lookup(text) for text in texts}
    listed = json.dumps(known, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")
    return f"const TEXTS = {listed};\n{_FUNCTION}{source}"
