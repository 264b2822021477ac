"""What FER2013 is like: how many faces of each expression, copies, and what FER+'s voters say."""

from collections.abc import Mapping

import numpy as np

from fer.data.arrays import FerArrays
from fer.data.duplicates import duplicate_groups, has_duplicate
from fer.labels import EXPRESSIONS, FERPLUS_INDICES, FERPLUS_VOTE_COLUMNS


def dataset_statistics(splits: Mapping[str, FerArrays]) -> dict[str, dict]:
    """Return the figures of each split, as JSON can hold them.

    Args:
        splits: By name; those beside "train" are also looked through for copies of its pictures.
    """
    train = splits.get("train")
    return {
        name: split_statistics(arrays, None if name == "train" else train)
        for name, arrays in splits.items()
    }


def split_statistics(arrays: FerArrays, train: FerArrays | None) -> dict:
    """Return what there is to say about one split.

    Args:
        arrays: The split.
        train: The training split, where this is another one.
    """
    counts = np.bincount(arrays.labels, minlength=len(EXPRESSIONS))
    copied = None if train is None else int(has_duplicate(arrays.images, train.images).sum())
    return {
        "pictures": len(arrays),
        "counts": dict(zip(EXPRESSIONS, counts.tolist(), strict=True)),
        "blank": int((np.ptp(arrays.images, axis=(1, 2)) == 0).sum()),
        "copies": duplicate_statistics(arrays),
        "in_train": copied,
        "ferplus": vote_statistics(arrays),
    }


def duplicate_statistics(arrays: FerArrays) -> dict:
    """Return how many pictures are there more than once, and copies that are labelled otherwise.

    Returns:
        `groups` of copies, `extra` pictures in them beyond one each, groups with `differing`
        labels, and of these, as `rows`, the first picture with the first one labelled otherwise.
    """
    groups = duplicate_groups(arrays.images)
    differing = [group for group in groups if np.ptp(arrays.labels[group]) > 0]
    return {
        "groups": len(groups),
        "extra": sum(len(group) - 1 for group in groups),
        "differing": len(differing),
        "rows": [_first_two_labels(group, arrays.labels[group]) for group in differing],
    }


def _first_two_labels(group: np.ndarray, labels: np.ndarray) -> list[int]:
    return [int(group[0]), int(group[np.argmax(labels != labels[0])])]


def vote_statistics(arrays: FerArrays) -> dict | None:
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
