"""Validation of training settings: types, ranges and combinations."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

POSITIVE = ("epochs", "batch_size", "learning_rate", "max_train_samples", "view_size")
SHARES = ("warmup", "label_smoothing", "ema_decay", "dropout")
PROBABILITIES = ("teacher_weight", "ferplus_share")
NON_NEGATIVE = ("mixup", "ferplus_weight", "weight_decay", "seed")
NAMES = ("dataset", "output", "ferplus", "base_model", "hub_model_id", "hub_tag")
FLAGS = ("resume", "push_to_hub", "hub_private")

AUGMENTATION = {"rotation": 180.0, "scale": 0.99, "shift": 0.99, "erase": 1.0, "degrade": 1.0}
"""Entries of the table `augmentation`, with the largest value of each; the least is 0."""

WHOLE_NUMBERS = ("epochs", "batch_size", "max_train_samples", "view_size", "seed")

REQUIRES = {"hub_private": "push_to_hub", "hub_tag": "push_to_hub"}
"""Settings that have no effect without another one."""

CHOICES = {
    "arch": ("cnn", "vit"),
    "validation": ("train", "test"),
    "precision": ("auto", "bf16", "fp32"),
    "report_to": ("none", "tensorboard", "trackio", "wandb"),
}

RECIPE_KEYS = (
    "arch", "view_size", "warmup", "weight_decay", "ema_decay", "dropout", "augmentation",
    "teachers", "teacher_weight", "soup",
)  # fmt: skip
"""Settings that recipes have and the command line doesn't."""

FER_NETWORK_ONLY = ("depths", "widths", "view_size", "ferplus_share")
"""Settings of this project's network alone."""


def option_name(name: str) -> str:
    """Return what a user calls a setting: `"--batch-size"`, or `"warmup"` of recipes only."""
    return name if name in RECIPE_KEYS else "--" + name.replace("_", "-")


def check_known(where: str, table: object, known: Sequence[str]) -> None:
    """Refuse a table with unknown entries.

    Raises:
        ValueError: It has some, or is no table.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"{where} must be a table of settings, but has {table!r}.")
    if unknown := [str(name) for name in table if name not in known]:
        raise ValueError(
            f"{where} has {', '.join(unknown)}, which can't be set there; known are "
            f"{', '.join(known)}."
        )


def check_types(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse values of another type than their setting's; a YAML file can hold any.

    Args:
        options: Settings by name.
        defaults: Their default values; what has a default of None may be None.

    Raises:
        ValueError: There is one.
    """

    def given(names: Sequence[str]) -> list[str]:
        return [name for name in names if not (options[name] is None and defaults[name] is None)]

    for name in given((*POSITIVE, *SHARES, *PROBABILITIES, *NON_NEGATIVE)):
        check_number(option_name(name), options[name], whole=name in WHOLE_NUMBERS)
    for name in given(("depths", "widths")):
        check_whole_numbers(option_name(name), options[name])
    for name, choices in CHOICES.items():
        if options[name] not in choices:
            raise ValueError(
                f"{option_name(name)} must be {', '.join(choices[:-1])} or {choices[-1]}, but is "
                f"{options[name]!r}."
            )
    for name in given(NAMES):
        if not isinstance(options[name], str) or not options[name]:
            raise ValueError(f"{option_name(name)} must be a name, but is {options[name]!r}.")
    for name in FLAGS:
        if not isinstance(options[name], bool):
            raise ValueError(
                f"{option_name(name)} must be true or false, but is {options[name]!r}."
            )
    entries = options["map"]
    if not (isinstance(entries, list) and all(isinstance(entry, str) for entry in entries)):
        raise ValueError(f"--map must be a list of NAME=EXPRESSION, but is {entries!r}.")
    if not isinstance(options["teachers"], list):
        raise ValueError("teachers must be a list of tables, one for each teacher.")


def check_number(name: str, value: object, whole: bool = False) -> None:
    """Refuse a value that is no number.

    Raises:
        ValueError: It is not a number, such as 1e-3, which YAML reads as a string.
    """
    kind = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind):
        wanted = "a whole number" if whole else "a number, such as 0.001"
        raise ValueError(f"{name} must be {wanted}, but is {value!r}.")


def check_whole_numbers(name: str, value: object) -> None:
    """Refuse a value that is no list of whole numbers, or an empty one.

    Raises:
        ValueError: It is.
    """
    if not (isinstance(value, list) and value):
        raise ValueError(f"{name} must be a list of numbers, but is {value!r}.")
    for entry in value:
        check_number(name, entry, whole=True)


def check_augmentation(table: Any) -> None:
    """Refuse a table `augmentation` with unknown entries, or values out of their range.

    Raises:
        ValueError: It has some, or is no table.
    """
    check_known("augmentation", table, tuple(AUGMENTATION))
    for name, value in table.items():
        check_number(f"augmentation: {name}", value)
        if not 0 <= value <= AUGMENTATION[name]:
            raise ValueError(
                f"augmentation: {name} must be from 0 to {AUGMENTATION[name]:g}, but is {value}."
            )


def check_ranges(options: Mapping[str, Any]) -> None:
    """Refuse values out of their range.

    Args:
        options: Settings by name; None takes the default of the network.

    Raises:
        ValueError: There is one.
    """
    ranges: tuple[tuple[Sequence[str], Callable[[float], bool], str], ...] = (
        (POSITIVE, lambda value: value > 0, "above 0"),
        (SHARES, lambda value: 0 <= value < 1, "from 0 to below 1"),
        (PROBABILITIES, lambda value: 0 <= value <= 1, "from 0 to 1"),
        (NON_NEGATIVE, lambda value: value >= 0, "0 or more"),
        (("seed",), lambda value: value < 2**32, "below 2 ** 32"),  # NumPy takes no other
    )
    for names, fits, expected in ranges:
        for name in names:
            value = options[name]
            if value is not None and not (math.isfinite(value) and fits(value)):
                raise ValueError(f"{option_name(name)} must be {expected}, but is {value}.")
    for name in ("depths", "widths"):
        if (least := min(options[name] or (1,))) < 1:
            raise ValueError(f"{option_name(name)} must be 1 or more each, but has {least}.")
    check_augmentation(options["augmentation"])


def check_combinations(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Refuse settings that would be ignored.

    Args:
        options: Settings by name.
        defaults: Their default values.

    Raises:
        ValueError: One needs another, or the network to train doesn't have it.
    """
    if options["base_model"] and options["arch"] != "cnn":
        raise ValueError(
            "arch is for networks trained from scratch; --base-model has its own architecture."
        )
    for name, needed in REQUIRES.items():
        if options[name] != defaults[name] and not options[needed]:
            raise ValueError(f"{option_name(name)} needs {option_name(needed)}.")
    if options["ferplus_share"] and not (options["ferplus_weight"] or options["base_model"]):
        raise ValueError("--ferplus-share is of a head that --ferplus-weight 0 leaves untrained.")
    if options["push_to_hub"] != bool(options["hub_model_id"]):
        raise ValueError("--push-to-hub and --hub-model-id YOU/NAME go together.")
    if options["arch"] != "cnn":
        for name in FER_NETWORK_ONLY:
            if options[name] is not None:
                raise ValueError(
                    f"{option_name(name)} is for the convolutional network; leave it out, "
                    "or use recipes/vit.yaml."
                )
    soup = options["soup"]
    if soup is None:
        return
    if not (isinstance(soup, Mapping) and soup.get("seeds")):
        raise ValueError("soup needs seeds, a list of numbers; leave soup out for none.")
    check_whole_numbers("soup: seeds", soup["seeds"])
