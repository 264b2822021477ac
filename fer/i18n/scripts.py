"""Scripts in the reader's language: each brings the translations of its own texts.

A script writes `_("At most %(most)s files.", { most: 20 })`; which language it is in is what the
document states, when the text is needed.
"""

import json
import re

from fer.i18n import LANGUAGES, SOURCE, lookup, use_language

_CALL = re.compile(r'(?<![\w.])N?_\(\s*("(?:[^"\\]|\\.)*")')
_PLURAL_CALL = re.compile(r'(?<![\w.])_n\(\s*("(?:[^"\\]|\\.)*")')

_FUNCTION = (
    'const _ = (text, values = {}) => (TEXTS[document.documentElement.lang.split("-")[0]]?.[text] '
    "?? text).replace(/%\\((\\w+)\\)s/g, (place, name) => values[name] ?? place);\n"
)


def script_texts(source: str) -> list[str]:
    """Return the texts of a script, each once."""
    return list(dict.fromkeys(json.loads(literal) for literal in _CALL.findall(source)))


def script_plurals(source: str) -> list[str]:
    """Return the singulars of a script's texts with two forms, `_n("%(num)s face", ...)`."""
    return list(dict.fromkeys(json.loads(literal) for literal in _PLURAL_CALL.findall(source)))


def with_translations(source: str) -> str:
    """Return a script that has the function `_`, if it needs that."""
    texts = script_texts(source)
    if not texts:
        return source
    known = {}
    for language in LANGUAGES.keys() - {SOURCE}:
        with use_language(language):
            known[language] = {text: lookup(text) for text in texts}
    listed = json.dumps(known, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")
    return f"const TEXTS = {listed};\n{_FUNCTION}{source}"
