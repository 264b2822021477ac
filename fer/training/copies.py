"""Pictures that FER2013 has twice."""

import math

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CORRELATION = 0.995
"""Above it two pictures are copies of one another; checked by eye on FER2013."""

BATCH = 512


def has_copy(images: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Return which pictures have a copy in the training split.

    Blank pictures have no correlation with anything and count as copies of nothing.

    Args:
        images: uint8 (n, h, w).
        training: uint8 (m, h, w).

    Returns:
        bool (n,).
    """
    others = _normalised(training).T
    best = [
        (_normalised(images[start : start + BATCH]) @ others).max(axis=1)
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(best) > CORRELATION


def copy_pairs(images: np.ndarray) -> np.ndarray:
    """Return which pictures are copies of one another.

    Takes some ten seconds for the training split.

    Args:
        images: uint8 (n, h, w).

    Returns:
        int64 (pairs, 2) indices, the lower one first.
    """
    rows, pairs = _normalised(images), [np.zeros((0, 2), np.int64)]
    for start in range(0, len(rows), BATCH):
        copies = rows[start : start + BATCH] @ rows[start:].T > CORRELATION
        pairs.append(start + np.argwhere(np.triu(copies, k=1)))
    return np.concatenate(pairs)


def conflicting(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return which pictures have a copy among them that is labelled otherwise.

    Args:
        images: uint8 (n, h, w).
        labels: (n,) class indices.

    Returns:
        bool (n,); of two copies with different labels both are true, as either may be wrong.
    """
    pairs, found = copy_pairs(images), np.zeros(len(images), bool)
    found[pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]] = True
    return found


def copy_groups(pairs: np.ndarray, count: int) -> list[np.ndarray]:
    """Return the indices of the pictures of each group of copies.

    Args:
        pairs: What `copy_pairs` returns.
        count: How many pictures there are.
    """
    links = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(count, count))
    groups = connected_components(links, directed=False)[1]
    together = np.flatnonzero(np.bincount(groups, minlength=1) > 1)
    return [np.flatnonzero(groups == group) for group in together]


def _normalised(images: np.ndarray) -> np.ndarray:
    """Return (n, h * w) float32 rows of mean 0 and length 1, or 0 where a picture is blank."""
    rows = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
