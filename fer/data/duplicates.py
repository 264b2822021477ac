"""Duplicate pictures, found by the correlation of their pixels."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fer.array_types import BoolArray, Float32Array, Int64Array, UInt8Array

CORRELATION = 0.995
"""Two pictures are duplicates above it; the value was checked by eye on pairs of FER2013."""

BATCH_SIZE = 512
"""Pictures compared at a time: with 28,709 others, 59 MB of float32 correlations."""


def has_duplicate(images: UInt8Array, training: UInt8Array) -> BoolArray:
    """Return which pictures have a duplicate in the training split.

    Blank pictures have no correlation with anything, so they have no duplicates.

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


def is_duplicated(images: UInt8Array, rows: Int64Array) -> BoolArray:
    """Return which of some pictures have a duplicate among all the others, bool (r,).

    Args:
        images: uint8 (n, h, w).
        rows: Which of them, (r,).
    """
    every = _normalised(images)
    found = [np.zeros(0, bool)]
    for start in range(0, len(rows), BATCH_SIZE):
        chosen = rows[start : start + BATCH_SIZE]
        correlations = every[chosen] @ every.T  # (batch, n)
        correlations[np.arange(len(chosen)), chosen] = 0  # each with itself
        found.append(correlations.max(axis=1) > CORRELATION)
    return np.concatenate(found)


def duplicate_groups(images: UInt8Array) -> list[Int64Array]:
    """Return the indices, in order, of the pictures of each group of duplicates.

    A duplicate of a duplicate is in the same group. Takes some ten seconds for the training split.

    Args:
        images: uint8 (n, h, w).
    """
    count = len(images)
    indices = first = np.arange(count)  # (n,): the lowest index of each picture's group
    for one, other in _duplicate_pairs(images):
        ends = np.concatenate([indices, one]), np.concatenate([first, other])
        links = coo_array((np.ones(len(ends[0]), bool), ends), shape=(count, count))
        groups = connected_components(links, directed=False)[1]
        first = np.unique(groups, return_index=True)[1][groups]
    return [np.flatnonzero(first == index) for index in np.unique(first[first != indices])]


def _duplicate_pairs(images: UInt8Array) -> Iterator[tuple[Int64Array, Int64Array]]:
    """Yield pairs of duplicates as two arrays of indices, the lower ones first, in batches."""
    rows = _normalised(images)
    for start in range(0, len(rows), BATCH_SIZE):
        similar = rows[start : start + BATCH_SIZE] @ rows[start:].T > CORRELATION  # (batch, rest)
        one, other = np.nonzero(np.triu(similar, k=1))
        yield start + one, start + other


def _normalised(images: UInt8Array) -> Float32Array:
    """Return (n, h * w) float32 rows of mean 0 and length 1, or 0 where a picture is blank."""
    rows = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)  # (n, 1)
    rows /= np.where(lengths > 0, lengths, 1).astype(np.float32)
    return rows
