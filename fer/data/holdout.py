"""The validation split of a data set that comes without one: a part of its training split."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer.array_types import BoolArray, Int64Array
from fer.data.arrays import FerArrays
from fer.data.duplicates import has_duplicate_within
from fer.data.splits import DatasetError
from fer.labels import EXPRESSIONS

if TYPE_CHECKING:
    import datasets

HOLDOUT_SHARE = 0.1
"""Share of each expression's pictures: 2,871 of FER2013's, on which an accuracy of 70 % is known to
+- 1.7 points (95 % interval)."""

HOLDOUT_SEED = 0
"""One draw for all trainings, so that `fer evaluate` finds the pictures that none has learned."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingSplits:
    """The splits of a training, and what pictures `validation` has, in words."""

    train: FerArrays
    validation: FerArrays
    origin: str = "all pictures of the split"


def training_splits(
    splits: "Mapping[str, datasets.Dataset]", source: str, validation: str = "train"
) -> TrainingSplits:
    """Return the training and the validation split, in memory.

    Args:
        splits: Splits as `load_fer2013` returns them.
        source: Their source, for messages.
        validation: Where validation comes from if there is no such split: "train", a part of which
            is held out, or "test".

    Raises:
        DatasetError: A split is missing, or too small.
    """
    from fer.data.fer2013 import load_arrays

    if "train" not in splits:
        raise DatasetError(
            f"Training needs the split train, but {source} has only {' and '.join(splits)}."
        )
    if validation == "test" and ("validation" in splits or "test" not in splits):
        raise DatasetError(
            "--validation test is for data sets with the splits train and test alone, but "
            f"{source} has {', '.join(splits)}; leave it out."
        )
    train = load_arrays(splits["train"])
    if "validation" in splits:
        return TrainingSplits(train, load_arrays(splits["validation"]))
    if validation == "test":
        chosen = load_arrays(splits["test"])
        logger.warning(
            "%s has no validation split; its test split, %s pictures, is validation, so no "
            "unseen pictures are left to test with.", source, f"{len(chosen):,}",
        )  # fmt: skip
        return TrainingSplits(train, chosen, "all pictures of the test split")
    return hold_out(train, source)


@dataclass(frozen=True)
class EvaluationSplit:
    """A split to evaluate on.

    Attributes:
        name: Name of the split.
        faces: Its pictures.
        train: The training split without them; None where there is none, or it is this one.
        origin: What pictures these are, in words, where they aren't all of the split.
    """

    name: str
    faces: FerArrays
    train: FerArrays | None
    origin: str = ""


def evaluation_split(
    splits: "Mapping[str, datasets.Dataset]", source: str, name: str | None = None
) -> EvaluationSplit:
    """Return the split to evaluate on, in memory.

    Args:
        splits: Splits as `load_fer2013` returns them.
        source: Their source, for messages.
        name: Name of the split; None takes validation, test where that is missing, and where both
            are, the part of train that is held out as validation.

    Raises:
        DatasetError: There is no such split.
    """
    from fer.data.fer2013 import load_arrays

    present = [split for split in ("validation", "test") if split in splits]
    name = name or (present or ["validation"])[0]
    train = load_arrays(splits["train"]) if "train" in splits else None
    if name == "train" and train is not None:
        return EvaluationSplit(name, train, None)
    if name in splits:
        return EvaluationSplit(name, load_arrays(splits[name]), train)
    if name == "validation" and train is not None:
        parts = hold_out(train, source)
        return EvaluationSplit(name, parts.validation, parts.train, parts.origin)
    raise DatasetError(f"{source} has no split {name}; it has {', '.join(splits)}.")


def hold_out(train: FerArrays, source: str) -> TrainingSplits:
    """Split the training pictures in two; no picture of one part has a duplicate in the other.

    Raises:
        DatasetError: There are too few pictures.
    """
    held = held_out_rows(train)
    if not held.any():
        raise DatasetError(
            f"{source} has no validation split, and too few pictures to hold some of train out: "
            "two or more of an expression, without duplicates; add pictures, or a folder "
            "validation."
        )
    logger.warning(
        "%s has no validation split; %s of its %s training pictures, a tenth of each expression "
        "and none with a duplicate, are held out as validation.",
        source, f"{held.sum():,}", f"{len(train):,}",
    )  # fmt: skip
    return TrainingSplits(train.subset(~held), train.subset(held), "a tenth of train, held out")


def held_out_rows(train: FerArrays) -> BoolArray:
    """Draw `HOLDOUT_SHARE` of each expression's pictures, of those without a duplicate.

    At least one of each expression is drawn, but never the last one. Blank pictures, which are all
    alike, aren't drawn.

    Returns:
        bool (n,).
    """
    generator = np.random.default_rng(HOLDOUT_SEED)
    held = np.zeros(len(train), bool)
    blank = np.ptp(train.images, axis=(1, 2)) == 0
    for label in range(len(EXPRESSIONS)):
        of_label = train.labels == label
        count = int(of_label.sum())
        wanted = min(max(round(HOLDOUT_SHARE * count), 1), max(count - 1, 0))
        rows = generator.permutation(np.flatnonzero(of_label & ~blank))
        held[_draw_unique(train, rows, wanted)] = True
    return held


def _draw_unique(train: FerArrays, rows: Int64Array, wanted: int) -> Int64Array:
    """Return the first `wanted` of some rows whose pictures have no duplicate in train."""
    found = np.zeros(0, np.int64)
    while len(found) < wanted and len(rows):
        # Few have a duplicate, so that a few more than are wanted mostly suffice.
        some, rows = np.split(rows, [wanted - len(found) + 1 + wanted // 8])
        found = np.concatenate([found, some[~has_duplicate_within(train.images, some)]])
    return found[:wanted]
