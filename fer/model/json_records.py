"""Dataclasses as JSON objects: written whole, read leniently.

A file may come from anybody. What isn't of a field's type is left out and its place listed; what no
field knows is kept by classes that have an open field, and dropped by others.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Annotated, Any, Self, get_args, get_origin, get_type_hints

MAX_NUMBER = 1e15
"""Counts and amounts beyond are no measurement."""


def is_number(value: object) -> bool:
    """Return whether a value is a finite number within `MAX_NUMBER`; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -MAX_NUMBER <= value <= MAX_NUMBER


def is_amount(value: object) -> bool:
    """Return whether a value is a number that isn't negative."""
    return is_number(value) and value >= 0  # type: ignore[operator]


def is_share(value: object) -> bool:
    """Return whether a value is a number from 0 to 1."""
    return is_amount(value) and value <= 1  # type: ignore[operator]


def is_setting(value: object) -> bool:
    """Return whether a value is text, a finite number, a bool, None or a list of these."""
    if isinstance(value, list):
        return all(is_setting(entry) and not isinstance(entry, list) for entry in value)
    return value is None or isinstance(value, bool | str) or is_number(value)


def is_matrix(value: object) -> bool:
    """Return whether a value is a list of lists of numbers that aren't negative."""
    rows = value if isinstance(value, list) else [None]
    return all(isinstance(row, list) and all(map(is_amount, row)) for row in rows)


def is_interval(value: object) -> bool:
    """Return whether a value is a list of two numbers from 0 to 1."""
    return isinstance(value, list) and len(value) == 2 and all(map(is_share, value))


Share = Annotated[float, is_share]
Amount = Annotated[float, is_amount]
Count = Annotated[int, is_amount]
Setting = Annotated[bool | str | float | list[Any] | None, is_setting]
Matrix = Annotated[list[list[int]], is_matrix]
Interval = Annotated[list[float], is_interval]
Rows = Annotated[list[dict[str, Any]], lambda value: isinstance(value, list)]
"""Types of fields, each with the predicate of its values."""

_PLAIN: dict[Any, Callable[[object], bool]] = {
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    int: lambda value: is_number(value) and isinstance(value, int),
    float: is_number,
    Any: lambda value: True,
}
"""Predicates of types that aren't annotated with their own."""


def formerly(name: str) -> dict[str, object]:
    """Return the metadata of a field that had another name in older files, which is read, too."""
    return {"formerly": name}


OPEN = {"open": True}
"""Metadata of a field, a dict, that keeps the entries which no other field knows."""


class JsonRecord:
    """A dataclass whose fields all have defaults."""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object, without the fields that have their default value."""
        document: dict[str, Any] = to_json(self)
        return document

    @classmethod
    def from_json(cls, document: object) -> tuple[Self, list[str]]:
        """Return what a JSON document has, and the places of what isn't of its field's type.

        None counts as absent: where a field is known, it is left out without being listed.
        """
        left_out: list[str] = []
        record = _read(document, cls, "", left_out)
        return (cls() if record is None else record), left_out


def to_json(record: Any) -> Any:
    """Return a dataclass as a JSON object; lists and dicts may hold some, too."""
    if isinstance(record, list):
        return [to_json(entry) for entry in record]
    if isinstance(record, dict):
        return {name: to_json(entry) for name, entry in record.items()}
    if not is_dataclass(record):
        return record
    document: dict[str, Any] = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if one.metadata.get("open"):
            document |= value
        elif not _is_default(one, value):
            document[one.name] = to_json(value)
    return document


def _read(value: Any, hint: Any, place: str, left_out: list[str]) -> Any:
    """Return what is of a type; None for nothing."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(value, Mapping):
        record = _read_fields(value, hint, place, left_out)
        if record is not None:
            return record
    elif origin is list and isinstance(value, list):
        rows = [_read(row, arguments[0], f"{place}[{i}]", left_out) for i, row in enumerate(value)]
        return [row for row in rows if row is not None]
    elif origin is dict and isinstance(value, Mapping):
        read = {
            name: _read(entry, arguments[1], f"{place}.{name}", left_out)
            for name, entry in value.items()
        }
        return {name: entry for name, entry in read.items() if entry is not None}
    elif origin in (None, Annotated) and not is_dataclass(hint):
        accepts = arguments[1] if arguments else _PLAIN[hint]
        if accepts(value):
            return value
    if value is not None:
        left_out.append(place)
    return None


def _read_fields(value: Mapping[str, Any], cls: Any, place: str, left_out: list[str]) -> Any:
    """Return an object as a dataclass; None where it lacks a field that has to be there."""
    hints = _hints(cls)
    known, open_name = {}, None
    rest = dict(value)
    for one in fields(cls):
        if one.metadata.get("open"):
            open_name = one.name
            continue
        name, hint = _name_in(rest, one), hints[one.name]
        inside = f"{place}.{name}" if place else name
        read = _read(rest.pop(name, None), _without_none(hint), inside, left_out)
        if read is not None or (_has_no_default(one) and NoneType in get_args(hint)):
            known[one.name] = read
        elif _has_no_default(one):
            return None
    if open_name:
        known[open_name] = rest
    return cls(**known)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _without_none(hint: Any) -> Any:
    """Return a type without its `| None`."""
    kept = [one for one in get_args(hint) if one is not NoneType]
    return kept[0] if NoneType in get_args(hint) and len(kept) == 1 else hint


def _name_in(value: Mapping[str, Any], one: Field[Any]) -> str:
    """Return the name that an object has for a field, its present or its former one."""
    former = str(one.metadata.get("formerly", one.name))
    return former if former in value and one.name not in value else one.name


def _has_no_default(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _is_default(one: Field[Any], value: Any) -> bool:
    if one.default_factory is not MISSING:
        return bool(value == one.default_factory())
    return one.default is not MISSING and value == one.default
