"""Bring the catalogues of `fer/i18n` up to date: `python -m docs.translations`.

It adds the texts that a catalogue lacks, with an empty translation to be filled in, removes those
that are gone, and names the former. From the catalogues it writes `MODULE`, the translations of the
ES modules of both pages. A test checks that there is nothing to do.
"""

import ast
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from fer.colors import outcome_colors
from fer.evaluation.robustness import CORRUPTIONS
from fer.i18n import FOLDER, LANGUAGES, SOURCE, catalogue, script_plurals, script_texts
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS, LABEL_SYNONYMS, UNNAMED
from fer.templates import UNNAMED_NOTES, template_environment
from fer.timeline.timeline import VIEWS
from fer.ui import build_demo, load_pipeline
from fer.ui.live.camera_monitor import CameraLoss
from fer.ui.localization import visible_texts

ROOT = Path(__file__).parents[1]

MODULES = ROOT / "fer" / "ui" / "shared_js"

MODULE = MODULES / "translations.js"

DEVICE_PAGE = ROOT / "web" / "index.html"

READ_OUT = ("aria-label", "alt", "placeholder", "title")
"""Attributes that are texts."""

MARKERS = ("_", "N_", "ngettext")
"""Names of the functions whose first argument is a text to translate."""

SPLITS, AUGMENTED_VIEWS = ("train", "validation", "test"), ("single", "ten")

LABEL_SET = "FER2013's own labels, all pictures of the split"
"""What the embedded weights' metrics.json states; those of networks from the Hub stay English."""

Texts = dict[str, bool]
"""By text, whether it is the singular of two forms."""


def all_texts(labels: set[str]) -> Texts:
    """Return the texts of the package.

    Args:
        labels: Those that Gradio shows, see `visible_texts`.
    """
    found: Texts = dict.fromkeys(_names(), False)
    for path in sorted((ROOT / "fer").rglob("*.py")):
        found |= in_module(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "fer" / "templates").glob("*.html")):
        found |= in_template(path.read_text(encoding="utf-8"))
    for path in scripts():
        source = path.read_text(encoding="utf-8")
        found |= dict.fromkeys(script_texts(source), False)
        found |= dict.fromkeys(script_plurals(source), True)
    found |= dict.fromkeys(in_page(DEVICE_PAGE.read_text(encoding="utf-8")), False)
    return found | dict.fromkeys(filter(_has_words, labels), False)


def _names() -> set[str]:
    """Return what texts name: expressions, corruptions of pictures, splits of a data set."""
    corruptions = {name for pair in CORRUPTIONS for name in pair}
    votes = {*FERPLUS_VOTE_COLUMNS} - {*LABEL_SYNONYMS, "NF"}
    metrics = {*SPLITS, *AUGMENTED_VIEWS, LABEL_SET}
    return {*EXPRESSIONS, *UNNAMED, *corruptions, *votes, *metrics, *VIEWS}


def _has_words(text: str) -> bool:
    return any(letter.isalpha() for letter in text)


def in_module(source: str) -> Texts:
    """Return the texts of a Python module.

    Raises:
        ValueError: A text is put together before it is translated.
    """
    return dict(_calls(ast.parse(source)))


def _calls(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in MARKERS:
            continue
        text = node.args[0] if node.args else None
        if isinstance(text, ast.JoinedStr | ast.BinOp):
            raise ValueError(f"{ast.unparse(node)}: give the values by name, as %(name)s.")
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value, getattr(node.func, "id", "") == "ngettext"


def in_template(source: str) -> Texts:
    """Return the texts of a Jinja2 template."""
    calls = template_environment().extract_translations(source)  # type: ignore[attr-defined]
    return {
        texts if isinstance(texts, str) else texts[0]: function == "ngettext"
        for _, function, texts in calls
    }


def updated(language: str, texts: Texts) -> dict[str, str | list[str]]:
    """Return a catalogue with exactly these texts, empty where a translation is missing."""
    path = FOLDER / f"{language}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {
        text: known[text]
        if isinstance(known.get(text), list if has_plural else str)
        else (["", ""] if has_plural else "")
        for text, has_plural in sorted(texts.items())
    }


def module_text() -> str:
    """Return `MODULE`'s content."""
    sources = [path.read_text(encoding="utf-8") for path in _modules()]
    texts = {text for source in sources for text in script_texts(source)}
    texts |= {text for source in sources for text in script_plurals(source)}
    texts |= in_page(DEVICE_PAGE.read_text(encoding="utf-8"))
    outcomes = {name for view in VIEWS for name in outcome_colors(view)}
    texts |= {*EXPRESSIONS, *UNNAMED, *UNNAMED_NOTES.values(), *outcomes}
    texts |= {loss.value for loss in CameraLoss}
    languages = sorted(LANGUAGES.keys() - {SOURCE})
    known = {
        language: {text: catalogue(language)[text] for text in sorted(texts)}
        for language in languages
    }
    listed = json.dumps(known, ensure_ascii=False, indent=1)
    return f"// Written by python -m docs.translations.\n\nexport const TRANSLATIONS = {listed};\n"


def _modules() -> list[Path]:
    found = [*MODULES.glob("*.js"), *DEVICE_PAGE.with_name("page").glob("*.js")]
    return sorted(path for path in found if path != MODULE)


def scripts() -> list[Path]:
    """Return the scripts of both pages."""
    return sorted({*(ROOT / "fer").rglob("*.js"), *_modules()} - {MODULE})


class _PageTexts(HTMLParser):
    """The texts of web/index.html that its script translates: `_` in web/page/language.js."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in ("meta", "link", "img", "input"):
            self.open.append("skipped" if values.get("id") == "idle" else tag)
        self.found |= {values[name] or "" for name in READ_OUT if name in values}

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "body" in self.open and not {"skipped", "noscript", "script"} & {*self.open}:
            self.found.add(" ".join(data.split()))


def in_page(page: str) -> set[str]:
    """Return the texts of a page of HTML, one for each element and attribute."""
    return set(filter(_has_words, _PageTexts(page).found))


def missing(catalogue: dict[str, str | list[str]]) -> list[str]:
    """Return the texts without a translation."""
    return [text for text, found in catalogue.items() if not all(found) or not found]


def main() -> None:
    """Update all catalogues."""
    texts = all_texts(visible_texts(build_demo(load_pipeline())))
    for language in LANGUAGES.keys() - {SOURCE}:
        translations = updated(language, texts)
        content = json.dumps(translations, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{language}.json").write_text(content, encoding="utf-8")
        for text in missing(translations):
            print(f"{language}: {text}")  # noqa: T201
    catalogue.cache_clear()
    MODULE.write_text(module_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
