"""The form of metrics.json: entries that a reader formats are of their type, or left out.

A folder may come from anybody, and so may the file in it. Entries that no reader here formats pass
as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_NUMBER = 1e15
"""Counts and amounts beyond are no measurement."""

Accepts = Callable[[Any], bool]


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


def is_text(value: object) -> bool:
    """Return whether a value is a string."""
    return isinstance(value, str)


def is_flag(value: object) -> bool:
    """Return whether a value is a bool."""
    return isinstance(value, bool)


def is_setting(value: object) -> bool:
    """Return whether a value is text, a finite number, a bool, None or a list of these."""
    if isinstance(value, list):
        return all(is_setting(entry) and not isinstance(entry, list) for entry in value)
    return value is None or isinstance(value, bool | str) or is_number(value)


def is_matrix(value: object) -> bool:
    """Return whether a value is a list of lists of numbers that aren't negative."""
    rows = value if isinstance(value, list) else [None]
    return all(isinstance(row, list) and all(map(is_amount, row)) for row in rows)


@dataclass(frozen=True)
class RecordSchema:
    """A JSON object.

    Attributes:
        fields: The form of each entry that is known.
        rest: The form of all other entries; None lets them pass.
        required: Entries without which the object is left out.
    """

    fields: Mapping[str, "Form"]
    rest: "Form | None" = None
    required: Sequence[str] = ()


@dataclass(frozen=True)
class RowsSchema:
    """A JSON array whose entries have one form."""

    form: "Form"


Form = Accepts | RecordSchema | RowsSchema

SCORES = RecordSchema(
    {
        "label_set": is_text,
        "pictures": is_amount,
        "accuracy": is_share,
        "macro_f1": is_share,
        "calibration_error": is_share,
    }
)

CLASS = RecordSchema({"support": is_amount}, rest=is_share)

ROBUSTNESS = RowsSchema(
    RecordSchema(
        {"damage": is_text, "amount": is_setting, "accuracy": is_share, "split": is_text},
        required=("damage", "amount", "accuracy"),
    )
)

SPLIT = RecordSchema(
    {
        **SCORES.fields,
        "official": is_flag,
        "views": is_text,
        "precision": is_text,
        "per_class": RecordSchema({}, rest=CLASS),
        "confusion_matrix": is_matrix,
        "ferplus_label_set": is_text,
        "ferplus_accuracy": is_share,
        "ferplus": RecordSchema(SCORES.fields, required=("accuracy", "label_set")),
        "without_copies": SCORES,
        "shown": RecordSchema(
            {
                **SCORES.fields,
                "ferplus_share": is_share,
                "ferplus_answers": RecordSchema(SCORES.fields, required=("accuracy",)),
            }
        ),
        "robustness": ROBUSTNESS,
    }
)
"""Of a split, and of evaluation.json."""

TRAINING = RecordSchema(
    {
        "hours": is_amount,
        "device": is_text,
        "machine": is_text,
        "torch_threads": is_amount,
        "training_pictures": is_amount,
        "versions": RecordSchema({}, rest=is_text),
        "base_model": is_text,
        "teachers": RowsSchema(is_text),
        "average_with": RowsSchema(is_text),
    }
)

NAMED = RecordSchema({"name": is_text, "command": is_text}, required=("name",))

METRICS_SCHEMA = RecordSchema(
    {
        "command": is_text,
        "parameters": is_amount,
        "validation": SPLIT,
        "test": SPLIT,
        "training": TRAINING,
        "calibration": RecordSchema({}, rest=is_setting),
        "robustness": ROBUSTNESS,
        "base_model": NAMED,
    }
)


def validate_metrics(document: object, form: Form = METRICS_SCHEMA) -> tuple[Any, list[str]]:
    """Return a JSON document without what isn't of the form, and the places of what was left out.

    None counts as absent: where the form is known, it is left out without being listed.

    >>> validate_metrics({"parameters": "3 million", "test": {"accuracy": 0.7}})
    ({'test': {'accuracy': 0.7}}, ['parameters'])
    """
    left_out: list[str] = []
    kept = _validated(document, form, "", left_out)
    return ({} if kept is None and isinstance(form, RecordSchema) else kept), left_out


def _validated(value: Any, form: Form, place: str, left_out: list[str]) -> Any:
    """Return what is of the form; None for nothing."""
    if isinstance(form, RecordSchema) and isinstance(value, Mapping):
        kept = dict(_entries(value, form, place, left_out))
        if kept.keys() >= set(form.required):
            return kept
    elif isinstance(form, RowsSchema) and isinstance(value, list):
        rows = [
            _validated(row, form.form, f"{place}[{i}]", left_out) for i, row in enumerate(value)
        ]
        return [row for row in rows if row is not None]
    elif callable(form) and form(value):
        return value
    if value is not None:
        left_out.append(place)
    return None


def _entries(
    value: Mapping[str, Any], form: RecordSchema, place: str, left_out: list[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the entries of an object that are of the form."""
    for name, entry in value.items():
        own = form.fields.get(name, form.rest)
        inside = f"{place}.{name}" if place else name
        kept = entry if own is None else _validated(entry, own, inside, left_out)
        if own is None or kept is not None:
            yield name, kept
