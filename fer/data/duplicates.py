"""Pictures that FER2013 has twice."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CORRELATION = 0.995
"""Above it two pictures are copies of one another; checked by eye on FER2013."""

BATCH_SIZE = 512


def has_duplicate(images: np.ndarray, training: np.ndarray) -> np.ndarray:
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
        (_normalised(images[start : start + BATCH_SIZE]) @ others).max(axis=1)
        for start in range(0, len(images), BATCH_SIZE)
    ]
    return np.concatenate(best) > CORRELATION


def duplicate_groups(images: np.ndarray) -> list[np.ndarray]:
    """Return the indices, in order, of the pictures of each group of copies.

    A copy of a copy is in the same group. Takes some ten seconds for the training split.

    Args:
        images: uint8 (n, h, w).
    """
    count = len(images)
    everyone = first = np.arange(count)  # each picture's first one of its group
    for one, other in _duplicate_pairs(images):
        ends = np.concatenate([everyone, one]), np.concatenate([first, other])
        links = coo_array((np.ones(len(ends[0]), bool), ends), shape=(count, count))
        groups = connected_components(links, directed=False)[1]
        first = np.unique(groups, return_index=True)[1][groups]
    return [np.flatnonzero(first == index) for index in np.unique(first[first != everyone])]


def _duplicate_pairs(images: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of copies as two arrays of indices, the lower ones first, in batches."""
    rows = _normalised(images)
    for start in range(0, len(rows), BATCH_SIZE):
        copies = rows[start : start + BATCH_SIZE] @ rows[start:].T > CORRELATION
        one, other = np.nonzero(np.triu(copies, k=1))
        yield start + one, start + other


def _normalised(images: np.ndarray) -> np.ndarray:
    """Return (n, h * w) float32 rows of mean 0 and length 1, or 0 where a picture is blank."""
    rows = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
