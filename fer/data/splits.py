"""FER2013's official splits: their names, their class counts, and a check against mix-ups.

Labels are matched by name wherever there are names; in an edition with bare indices, the class
counts decide. FER2013: Goodfellow et al. (2013), https://arxiv.org/abs/1307.0414.
"""

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from fer.array_types import Int64Array
from fer.i18n import gettext_noop as N_
from fer.labels import EXPRESSIONS
from fer.paths import public_name

SPLITS = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
"""Our names of the three splits and FER2013's own."""

OFFICIAL_COUNTS = {
    "train": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "validation": (467, 56, 496, 895, 653, 415, 607),
    "test": (491, 55, 528, 879, 594, 416, 626),
}
"""Pictures of each class, in the order of `EXPRESSIONS`, in FER2013's official splits."""

SPLIT_SYNONYMS = {
    "training": "train",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "publictest": "validation",
    "testing": "test",
    "privatetest": "test",
}
"""Other names of the splits, in lower case letters, and ours."""

_AROUND_SPLITS = re.compile(r"^fer2013|(set|data|images?|s)$")
"""What is left out of a split's name, as in `FER2013Train` and `test_images`."""


class DatasetError(ValueError):
    """A source is not FER2013, or not all of it; the message states what was found and expected."""


def canonical_split(name: str) -> str:
    """Return our name of a split: `canonical_split("PublicTest")` is `"validation"`.

    Raises:
        DatasetError: The name is none of the known spellings of the three splits.
    """
    key = "".join(filter(str.isalnum, name.lower()))
    if key not in SPLIT_SYNONYMS:
        key = _AROUND_SPLITS.sub("", key)
    key = SPLIT_SYNONYMS.get(key, key)
    if key not in SPLITS:
        raise DatasetError(f"{name!r} is not a split of FER2013: expected {', '.join(SPLITS)}.")
    return key


def is_official(split: str, labels: Int64Array) -> bool:
    """Return whether labels, indices into `EXPRESSIONS`, have the counts of an official split."""
    counts = np.bincount(labels, minlength=len(EXPRESSIONS)).tolist()
    return tuple(counts) == OFFICIAL_COUNTS[split]


def label_set(split: str, labels: Int64Array, dataset: str) -> str:
    """Return the name of the label set that a metric is by: FER2013's own, or a source's.

    Args:
        split: `"train"`, `"validation"` or `"test"`.
        labels: Indices into `EXPRESSIONS`.
        dataset: The source as it was given.
    """
    if is_official(split, labels):
        return N_("FER2013's own labels")
    return f"labels of {public_name(dataset)}"


def check_counts(
    where: str, split: str, counts: Sequence[int], named: bool, alone: bool = False
) -> bool:
    """Refuse a split whose class counts show that it is mixed up.

    Args:
        where: The source, for the message.
        split: `"train"`, `"validation"` or `"test"`.
        counts: Pictures of each class, (7,) in the order of `EXPRESSIONS`.
        named: Whether the labels came with names; bare indices must have the official counts.
        alone: Whether there is no validation split, whose pictures may be in test then.

    Returns:
        Whether this is exactly the official split, as far as the counts can tell.

    Raises:
        DatasetError: Another split, several splits in one, labels in another order, or labels
            without names in a split that is not the official one.
    """
    counts = tuple(counts)
    if counts == OFFICIAL_COUNTS[split]:
        return True
    held = _splits_held(counts)
    if alone and split == "test" and held == ("validation", "test"):
        return False
    if held:
        names = " and ".join(SPLITS[name] for name in held)
        raise DatasetError(
            f"{where}: the {split} split holds FER2013's {names}, but only {SPLITS[split]} "
            "belongs there."
        )
    if any(sorted(counts) == sorted(official) for official in OFFICIAL_COUNTS.values()):
        raise DatasetError(
            f"{where}: the labels of the {split} split are in another order than FER2013's: found "
            f"{_format_counts(counts)}; expected {_format_counts(OFFICIAL_COUNTS[split])}."
        )
    if not named:
        raise DatasetError(
            f"{where}: the labels of the {split} split are indices without names, and their counts "
            f"({_format_counts(counts)}) are not FER2013's, so their order can't be checked; name "
            "each with --map, such as --map 0=angry, or use an edition whose labels have names."
        )
    return False


def _splits_held(counts: tuple[int, ...]) -> tuple[str, ...]:
    """Return the official splits that together have these counts, or none."""
    for size in range(1, len(SPLITS) + 1):
        for names in combinations(SPLITS, size):
            official = zip(*(OFFICIAL_COUNTS[name] for name in names), strict=True)
            if tuple(map(sum, official)) == counts:
                return names
    return ()


def _format_counts(counts: Sequence[int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in zip(EXPRESSIONS, counts, strict=True))
