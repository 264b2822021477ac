"""Which settings of a training can be, and which belong together."""

import math
from collections.abc import Mapping

ABOVE_ZERO = (
    "epochs", "batch_size", "learning_rate", "max_train_samples", "view_size", "teachers_asked",
)  # fmt: skip
SHARES = (
    "base_share", "warmup", "label_smoothing", "averaging", "dropout", "scale", "shift",
    "ferplus_share", "teacher_share", "votes_share", "sharpness_from",
)  # fmt: skip
PROBABILITIES = ("erase", "degrade")
ZERO_OR_MORE = ("mixup", "sharpness", "rotation", "ferplus_weight", "weight_decay")

NEEDED = {
    "base_share": "base_model",
    "teach_views": "teachers",
    "teacher_share": "teachers",
    "teachers_asked": "teach_views",
    "sharpness_from": "sharpness",
    "hub_private": "push_to_hub",
    "hub_tag": "push_to_hub",
}
"""Settings that say nothing without another one."""

OWN_NETWORKS = ("dropout", "ferplus_weight")
"""Settings of this project's network that mean nothing to others; `foreign` refuses more."""


def flag(name: str) -> str:
    """Return an option as it is written: `flag("batch_size")` is `"--batch-size"`."""
    return "--" + name.replace("_", "-")


def check_numbers(options: Mapping[str, object]) -> None:
    """Refuse numbers out of their range.

    Args:
        options: Settings by name; None leaves a setting open.

    Raises:
        ValueError: There is one.
    """
    ranges = {
        **dict.fromkeys(ABOVE_ZERO, (lambda value: value > 0, "above 0")),
        **dict.fromkeys(SHARES, (lambda value: 0 <= value < 1, "from 0 to below 1")),
        **dict.fromkeys(PROBABILITIES, (lambda value: 0 <= value <= 1, "from 0 to 1")),
        **dict.fromkeys(ZERO_OR_MORE, (lambda value: value >= 0, "0 or more")),
    }
    for name, (fits, said) in ranges.items():
        value = options[name]
        if value is not None and not (math.isfinite(value) and fits(value)):
            raise ValueError(f"{flag(name)} must be {said}, but is {value}.")
    for name in ("depths", "widths"):
        if (least := min(options[name] or (1,))) < 1:
            raise ValueError(f"{flag(name)} must be 1 or more each, but has {least}.")


def check_together(options: Mapping[str, object], defaults: Mapping[str, object]) -> None:
    """Refuse settings that would be ignored.

    Args:
        options: Settings by name.
        defaults: What they are where nothing was said.

    Raises:
        ValueError: One needs another, or is none of the network that is trained.
    """
    if options["base_model"] and options["arch"] != "cnn":
        raise ValueError("--arch is for untrained networks; --base-model brings its own.")
    for name, needed in NEEDED.items():
        if options[name] != defaults[name] and not options[needed]:
            raise ValueError(f"{flag(name)} needs {flag(needed)}.")
    if options["push_to_hub"] != bool(options["hub_model_id"]):
        raise ValueError("--push-to-hub and --hub-model-id YOU/NAME go together.")
    if options["arch"] != "cnn":
        for name in OWN_NETWORKS:
            if options[name] != defaults[name]:
                raise ValueError(f"{flag(name)} is of this project's network; leave --arch out.")
