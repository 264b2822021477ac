"""The page in the visitor's language, which their browser names.

Two sides write it. Gradio's scripts translate what is there when the page is loaded: labels,
buttons, info texts and HTML, by `gr.I18n`, whose keys are the English texts. What handlers return
later is written here, in the language of their request.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import gradio as gr
from gradio.context import Context
from gradio.i18n import I18nData
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fer.i18n import LANGUAGES, SOURCE, lookup, preferred_language, use_language

TRANSLATED = ("label", "info", "placeholder")
"""Properties of components that are texts and that Gradio translates, as it does choices' names,
and a button's value."""

_KEY = "__i18n__"
"""In front of a key, by which Gradio's scripts tell it from a text."""


class LocalizedBlocks(gr.Blocks):
    """Gradio's page, with translations of what it shows at first and of what its handlers return.

    In Python all texts are English, as are those of the API; only the configuration that browsers
    get has keys in their place.

    Attributes:
        panels: HTML of each panel in each language, by the panel's key; see `localized`.
        close_page: Called with a session's hash when its page has been closed. Gradio's own event
            for that would first build the state of a session that is new, for whoever asks.
    """

    def __init__(self, **settings: Any) -> None:
        self.close_page: Callable[[str], None] = lambda session: None
        self.panels: dict[str, dict[str, str]] = {}  # first: Gradio reads the configuration at once
        super().__init__(**settings)

    def launch(self, *arguments: Any, **settings: Any) -> Any:
        """Start the page as Gradio does."""
        return super().launch(*arguments, i18n=self.translations(), **settings)

    def get_config_file(self) -> Any:
        """Return the page's configuration, with keys for the texts that browsers translate.

        An open page has a heartbeat, which Gradio has browsers open only for components and events
        that this page doesn't have.
        """
        config: Any = super().get_config_file()
        config["connect_heartbeat"] = True
        panels = {made[SOURCE]: key for key, made in self.panels.items()}
        for component in config["components"]:
            properties = component["props"]
            if component["type"] == "html" and properties.get("value") in panels:
                component["props"] = {**properties, "value": _key(panels[properties["value"]])}
            elif _is_visible(component):
                component["props"] = {**properties, **_with_keys(component)}
        return config

    def get_api_info(self, *arguments: Any, **settings: Any) -> Any:
        """Return what programs may call, with the texts themselves."""
        known: Any = super().get_api_info(*arguments, **settings)
        for endpoint in known["named_endpoints"].values():
            for described in (*endpoint["parameters"], *endpoint["returns"]):
                described["label"] = _text(described["label"])
        return known

    def translations(self) -> gr.I18n:
        """Return the translations of all texts that the page shows at first."""
        texts, known = visible_texts(self), {}
        for language in LANGUAGES:
            with use_language(language):
                known[language] = {text: lookup(text) for text in texts}
            known[language] |= {key: made[language] for key, made in self.panels.items()}
        return gr.I18n(**known)

    async def call_function(
        self, block_fn: Any, processed_input: Any, iterator: Any = None, requests: Any = None,
        *arguments: Any, **settings: Any,
    ) -> Any:  # fmt: skip
        """Run a handler as Gradio does, in the language of its request."""
        known = block_fn, processed_input, iterator, requests
        with use_language(_language_of(requests[0] if isinstance(requests, list) else requests)):
            return await super().call_function(*known, *arguments, **settings)


def visible_texts(page: gr.Blocks) -> set[str]:
    """Return the English texts that Gradio shows: labels, buttons, info texts and choices."""
    found = set()
    for component in gr.Blocks.get_config_file(page)["components"]:
        if _is_visible(component):
            properties = component["props"]
            choices = [name for name, _ in properties.get("choices") or ()]
            texts = choices + [properties.get(name) for name in _text_properties(component)]
            found |= {text for text in texts if _is_text(text)}
    return found


def localized(make: Callable[[], str]) -> str:
    """Return HTML in English, and let the page that is being built show it in other languages.

    Args:
        make: Makes it, in the current language.
    """
    made = in_each_language(make)
    page = Context.root_block
    if isinstance(page, LocalizedBlocks):
        page.panels[f"panel {len(page.panels)}"] = made
    return made[SOURCE]


def in_each_language(make: Callable[[], str]) -> dict[str, str]:
    """Return HTML by language; `make` makes it in the current one."""
    made = {}
    for language in LANGUAGES:
        with use_language(language):
            made[language] = str(make())
    return made


class RequestLanguage:
    """ASGI middleware: what is written for a request is in the language that it asks for.

    Args:
        app: The wrapped application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        with use_language(preferred_language(headers.get("accept-language"))):
            await self.app(scope, receive, send)


def _language_of(request: Any) -> str:
    """Return the language of a request, as Gradio passes it on; English for a call in Python."""
    accepted = None
    with suppress(AttributeError, KeyError):
        accepted = request.headers["accept-language"]
    return preferred_language(accepted)


def _is_visible(component: Mapping[str, Any]) -> bool:
    """Return whether a component has texts that are shown, now or later: it isn't for programs."""
    properties = component["props"]
    is_shown = properties.get("visible") is not False or properties.get("elem_id")
    return component["type"] != "html" and bool(is_shown)


def _text_properties(component: Mapping[str, Any]) -> tuple[str, ...]:
    return (*TRANSLATED, "value") if component["type"] == "button" else TRANSLATED


def _is_text(value: object) -> bool:
    return isinstance(value, str) and any(letter.isalpha() for letter in value)


def _with_keys(component: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's texts as keys."""
    properties = component["props"]
    texts = {name: properties.get(name) for name in _text_properties(component)}
    changed: dict[str, Any] = {name: _key(text) for name, text in texts.items() if _is_text(text)}
    if choices := properties.get("choices"):
        changed["choices"] = [(_key(name), value) for name, value in choices]
    return changed


def _key(text: str) -> str:
    """Return a text as Gradio's scripts look it up."""
    return f"{_KEY}{json.dumps(I18nData(text).to_dict())}"


def _text(label: str) -> str:
    """Return the text of a key; any other text as it is."""
    if not label.startswith(_KEY):
        return label
    text: str = json.loads(label.removeprefix(_KEY))["key"]
    return text
