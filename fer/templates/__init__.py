"""HTML from Jinja2 templates, in the current language; whatever is put into them is escaped.

`macros.html` has the parts that pages share: bars, tables, legends, chips. `figures.css` is how
they look, on the page and in saved reports.

Translations may hold HTML, as the templates do, so `{% trans %}` and `_()` are for texts of the
templates alone. The filter `translated` is for names that are put in, `localized_number` for
numbers.
"""

import base64
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fer.colors import COLORS, text_color_on
from fer.i18n import current_language, localized_number, lookup, lookup_plural, with_translations
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS, TURNED_AWAY, UNCERTAIN

FOLDER = Path(__file__).parent

UNNAMED_NOTES = {
    UNCERTAIN: N_("no expression stands out"),
    TURNED_AWAY: N_("it is turned too far away from the camera to name an expression"),
}
"""Why a face's expression isn't named."""

FIGURES_CSS = FOLDER / "figures.css"
"""Styles of bars, tables, chips and charts; colours are variables, named as Gradio's themes do."""


def render(template: str, **values: object) -> Markup:
    """Return a template filled in; only `Markup` among the values is taken as HTML.

    Args:
        template: Its file name, such as "chart.html".
        values: What it names; anything it names that is missing is an error.
    """
    return Markup(template_environment().get_template(template).render(values))  # noqa: S704 - escaped there


def call_macro(name: str, *arguments: object, caller: Callable[[], Markup] | None = None) -> Markup:
    """Return what a macro of `macros.html` makes of its arguments; see `render`.

    Args:
        name: The macro's.
        arguments: Its own, in their order.
        caller: What it wraps, for those that wrap something.
    """
    macro = getattr(template_environment().get_template("macros.html").module, name)
    made = macro(*arguments) if caller is None else macro(*arguments, caller=caller)
    return Markup(made)  # noqa: S704 - escaped there


@cache
def chart_script() -> str:
    """Return the script of charts, which shows values and zooms; without it they are pictures."""
    source = (FOLDER / "chart.js").read_text(encoding="utf-8")
    return f"(() => {{\n{with_translations(source).strip()}\n}})();"


@cache
def template_environment() -> Environment:
    """Return what makes HTML of the templates."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(lookup, lookup_plural, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    environment.filters |= {"translated": lookup, "localized_number": localized_number}
    environment.globals |= {
        "EXPRESSIONS": EXPRESSIONS,
        "UNNAMED_NOTES": UNNAMED_NOTES,
        "colour_style": colour_style,
        "language": current_language,
        "percent": "{:.0%}".format,
    }
    return environment


def data_uri(content: bytes, media_type: str) -> str:
    """Return bytes as a `data:` URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def colour_style(label: str) -> str:
    """Return a `style` value that sets a label's colour, and the text colour on it, for the CSS."""
    return f"--hue:{COLORS[label]};--ink:{text_color_on(COLORS[label])}"
