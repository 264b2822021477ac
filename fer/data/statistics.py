"""Data-set statistics: class counts, duplicates, and agreement of FER+'s votes with the labels."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from fer.array_types import Int64Array
from fer.data.arrays import FerArrays
from fer.data.duplicates import duplicate_groups, has_duplicate_in
from fer.labels import EXPRESSIONS, FERPLUS_INDICES, FERPLUS_VOTE_COLUMNS


class DuplicateStatistics(TypedDict):
    """Pictures that are in a split more than once; see `duplicate_statistics`."""

    groups: int
    redundant: int
    conflicting: int
    rows: list[list[int]]


class VoteStatistics(TypedDict):
    """FER2013's labels compared with FER+'s votes; see `vote_statistics`."""

    pictures: int
    matrix: list[list[int]]
    agreement: float
    voter_agreement: float
    unanimity: list[int]


class SplitStatistics(TypedDict):
    """One split.

    Attributes:
        pictures: Number of pictures.
        counts: Number of pictures of each expression.
        blank: Pictures of a single grey value.
        duplicates: Duplicates inside the split.
        in_train: Pictures with a duplicate in the training split; None for that split itself.
        ferplus: Statistics of FER+'s votes; None without votes.
    """

    pictures: int
    counts: dict[str, int]
    blank: int
    duplicates: DuplicateStatistics
    in_train: int | None
    ferplus: VoteStatistics | None


def dataset_statistics(splits: Mapping[str, FerArrays]) -> dict[str, SplitStatistics]:
    """Return the statistics of each split, as JSON can hold them.

    Args:
        splits: Splits by name; the others are also searched for duplicates of pictures of "train".
    """
    train = splits.get("train")
    return {
        name: split_statistics(arrays, None if name == "train" else train)
        for name, arrays in splits.items()
    }


def split_statistics(arrays: FerArrays, train: FerArrays | None) -> SplitStatistics:
    """Return the statistics of one split.

    Args:
        arrays: The split.
        train: The training split; None where that is `arrays` itself, or is missing.
    """
    counts = np.bincount(arrays.labels, minlength=len(EXPRESSIONS))
    in_train = None if train is None else int(has_duplicate_in(arrays.images, train.images).sum())
    return {
        "pictures": len(arrays),
        "counts": dict(zip(EXPRESSIONS, counts.tolist(), strict=True)),
        "blank": int((np.ptp(arrays.images, axis=(1, 2)) == 0).sum()),
        "duplicates": duplicate_statistics(arrays),
        "in_train": in_train,
        "ferplus": vote_statistics(arrays),
    }


def duplicate_statistics(arrays: FerArrays) -> DuplicateStatistics:
    """Count duplicates, and duplicates with conflicting labels.

    Returns:
        `groups` of duplicates, `redundant` pictures in them beyond one each, groups with
        `conflicting` labels, and of these, as `rows`, the first picture and the first one labelled
        otherwise.
    """
    groups = duplicate_groups(arrays.images)
    conflicting = [group for group in groups if np.ptp(arrays.labels[group]) > 0]
    return {
        "groups": len(groups),
        "redundant": sum(len(group) - 1 for group in groups),
        "conflicting": len(conflicting),
        "rows": [_first_two_labels(group, arrays.labels[group]) for group in conflicting],
    }


def _first_two_labels(group: Int64Array, labels: Int64Array) -> list[int]:
    return [int(group[0]), int(group[np.argmax(labels != labels[0])])]


def vote_statistics(arrays: FerArrays) -> VoteStatistics | None:
    """Compare FER2013's labels with the votes of FER+; None where there are none.

    Returns:
        `pictures` with votes; `matrix` (7, 10), how many of each label have each vote as their
        majority (of equal votes, the first in FER+'s order); `agreement`, the share whose majority
        is the label; `voter_agreement`, the share of single votes that are the label; `unanimity`,
        how many pictures have 1, 2, ... 10 tenths of their votes on the majority, rounded down.
    """
    voted = arrays.votes.sum(axis=1) > 0
    if not voted.any():
        return None
    labels, votes = arrays.labels[voted], arrays.votes[voted]
    shares = votes / votes.sum(axis=1, keepdims=True)
    majority = votes.argmax(axis=1)
    columns = np.array(FERPLUS_INDICES)[labels]
    matrix = np.zeros((len(EXPRESSIONS), len(FERPLUS_VOTE_COLUMNS)), int)
    np.add.at(matrix, (labels, majority), 1)
    tenths = np.floor(10 * shares.max(axis=1) + 1e-6).astype(int)
    return {
        "pictures": len(labels),
        "matrix": matrix.tolist(),
        "agreement": float((majority == columns).mean()),
        "voter_agreement": float(shares[np.arange(len(labels)), columns].mean()),
        "unanimity": np.bincount(tenths, minlength=11)[1:].tolist(),
    }
