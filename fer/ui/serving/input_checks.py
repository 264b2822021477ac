"""Validation of a handler's inputs by the page's own components, before Gradio runs the handler.

Gradio reports a value of the wrong type as an error without a sentence, with a traceback in the
log. Here the page's configuration gives what each handler takes, so one check covers all of them:
endpoints, the page's own events, and server functions of components.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from fer.ui.serving.request_checks import OUTDATED, RequestError

NO_LIST = "`data` is a list of the endpoint's inputs, in their order."


class InputError(RequestError):
    """An input that a handler doesn't take; Gradio's page and clients know this form.

    Args:
        parameter: Its name.
        sentence: What is wrong, and what to send.
    """

    def __init__(self, parameter: str, sentence: str) -> None:
        super().__init__(422, sentence)
        self.parameter = parameter

    def detail(self) -> Any:
        """Return the response's detail."""
        known = {"parameter_name": self.parameter, "message": self.sentence}
        return [{"__type__": "validate", "is_valid": False, **known}]


@dataclass(frozen=True)
class Parameter:
    """An input of a handler.

    Attributes:
        name: Name for messages: as programs call it, or the component's id.
        kind: Type of the component, such as "slider".
        props: The component's properties.
        is_public: Whether it belongs to an endpoint; the page's own number fields may be empty
            while they are edited, and are clipped to their range later.
    """

    name: str
    kind: str
    props: Mapping[str, Any]
    is_public: bool

    @property
    def default(self) -> Any:
        """What is used where a program sends nothing; None where it has to send something."""
        return self.props.get("value")

    def check(self, value: Any) -> None:
        """Check a value.

        Raises:
            InputError: The component can't have sent it.
        """
        check = _CHECKS.get(self.kind)
        if check is not None and (expected := check(self, value)) is not None:
            raise InputError(self.name, f"{self.name} is {expected}.")


@dataclass(frozen=True)
class Handler:
    """A handler of the page.

    Attributes:
        name: Its endpoint's name; "" for the page's own ones.
        parameters: Its inputs.
    """

    name: str
    parameters: tuple[Parameter, ...]

    def complete(self, data: Any) -> list[Any]:
        """Return a list of inputs that has been checked, with defaults where it ends early.

        Raises:
            InputError: There are too few or too many, or one is of another type.
        """
        if not isinstance(data, list):
            raise InputError("data", NO_LIST)
        if len(data) > len(self.parameters) or (not self.name and len(data) < len(self.parameters)):
            names = ", ".join(parameter.name for parameter in self.parameters) or "none"
            raise InputError(
                "data", f"Expected {len(self.parameters)} inputs ({names}), got {len(data)}."
            )
        rest = [parameter.default for parameter in self.parameters[len(data) :]]
        return self._checked([*data, *rest])

    def check_named(self, values: Mapping[str, Any]) -> None:
        """Check inputs that are given by name.

        Raises:
            InputError: A name is unknown or missing, or a value is of another type.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in values:
            if name not in names:
                raise InputError(name, f"{name[:100]} is no input; there are: {', '.join(names)}.")
        for parameter in self.parameters:
            if parameter.default is None and parameter.name not in values:
                name = parameter.name
                raise InputError(name, f"{name} is missing; the inputs are: {', '.join(names)}.")
        self._checked([values.get(p.name, p.default) for p in self.parameters])

    def _checked(self, values: list[Any]) -> list[Any]:
        for parameter, value in zip(self.parameters, values, strict=True):
            parameter.check(value)
        return values


class InputChecks:
    """The checks of one page.

    Args:
        blocks: The page.
        hidden: Name of an endpoint that counts as none; "" for all.
    """

    def __init__(self, blocks: gr.Blocks, hidden: str = "") -> None:
        config = blocks.get_config_file()
        components = {entry["id"]: entry for entry in config["components"]}
        named = blocks.get_api_info(all_endpoints=True)["named_endpoints"]
        self._handlers = {
            entry["id"]: _handler(entry, components, named)
            for entry in config["dependencies"]
            if entry["backend_fn"] and entry["api_name"] != hidden  # without one, in the browser
        }
        self._by_name = {handler.name: handler for handler in self._handlers.values()}
        listed = blocks.get_api_info()["named_endpoints"]
        self._listed = ", ".join(name for name in listed if name != f"/{hidden}")
        self._functions = {
            component: set(entry["props"].get("server_fns") or ())
            for component, entry in components.items()
        }

    def handler(self, index: Any) -> Handler:
        """Return the handler of an index.

        Raises:
            RequestError: There is no such handler, as after an update of the page.
        """
        if type(index) is not int or index not in self._handlers:
            raise RequestError(404, OUTDATED)
        return self._handlers[index]

    def endpoint(self, name: str) -> Handler:
        """Return the handler of an endpoint.

        Raises:
            RequestError: There is no endpoint of that name.
        """
        if not name or name not in self._by_name:
            raise RequestError(404, f"There is no such endpoint; this page has {self._listed}.")
        return self._by_name[name]

    def complete_call(self, body: dict[str, Any], name: str | None) -> None:
        """Check a request to run a handler, and complete its inputs in `body`.

        Args:
            body: The request.
            name: The endpoint in its path; None where the body has the handler's index.

        Raises:
            RequestError: There is no such handler, or it doesn't take these inputs.
        """
        handler = self.handler(body.get("fn_index")) if name is None else self.endpoint(name)
        body["data"] = handler.complete(body.get("data"))

    def check_function(self, component: int, name: str) -> None:
        """Check that a component has a server function of that name.

        Raises:
            RequestError: It has none.
        """
        if name not in self._functions.get(component, ()):
            raise RequestError(404, OUTDATED)


def _handler(
    entry: Mapping[str, Any], components: Mapping[int, Mapping[str, Any]], named: Mapping[str, Any]
) -> Handler:
    name = entry["api_name"] if entry["api_visibility"] != "private" else ""
    described: Sequence[Any] = named[f"/{name}"]["parameters"] if name else ()
    inputs = [components[index] for index in entry["inputs"]]
    names = [one["parameter_name"] for one in described] or [
        str(component["props"].get("elem_id")) for component in inputs
    ]
    return Handler(
        name,
        tuple(
            Parameter(given, component["type"], component["props"], bool(name))
            for given, component in zip(names, inputs, strict=True)
        ),
    )


def _expected_file(parameter: Parameter, value: Any) -> str | None:
    if value is None:
        return None  # handlers know what to do without one
    several = parameter.props.get("file_count") == "multiple"
    files = value if several and isinstance(value, list) else [value]
    if all(isinstance(file, dict) and isinstance(file.get("path"), str) for file in files):
        return None
    kind = "a list of files that were" if several else "a file that was"
    return f"{kind} uploaded to /gradio_api/upload before, as handle_file of Gradio's clients does"


def _expected_number(parameter: Parameter, value: Any) -> str | None:
    low, high = parameter.props["minimum"], parameter.props["maximum"]
    wanted = f"a number from {low:g} to {high:g}"
    if value is None:
        return wanted if parameter.is_public else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return wanted
    return wanted if parameter.is_public and not low <= value <= high else None


def _expected_flag(parameter: Parameter, value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _expected_choice(parameter: Parameter, value: Any) -> str | None:
    choices = [choice for _, choice in parameter.props["choices"]]
    return None if value in choices else f"one of: {', '.join(map(str, choices))}"


def _expected_text(parameter: Parameter, value: Any) -> str | None:
    is_empty = value is None and not parameter.is_public  # as a field is at first
    return None if is_empty or isinstance(value, str) else "text"


def _expected_index(parameter: Parameter, value: Any) -> str | None:
    last = len(parameter.props["samples"]) - 1
    return None if type(value) is int and 0 <= value <= last else f"a number from 0 to {last}"


# Each returns what it expected, or None if the value is valid.
_CHECKS: Mapping[str, Callable[[Parameter, Any], str | None]] = {
    "image": _expected_file,
    "file": _expected_file,
    "slider": _expected_number,
    "checkbox": _expected_flag,
    "radio": _expected_choice,
    "dataset": _expected_index,
    "textbox": _expected_text,
}
"""What each type of component wants in place of a value; None where the value will do. Tokens,
which HTML components send, are checked by `fer.ui.sessions`."""
