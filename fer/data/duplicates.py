"""Duplicate pictures, found by the correlation of their pixels.

An upper bound of the correlation, from 4 x 4 block means, leaves few pairs to compare in full.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fer.array_types import BoolArray, Float32Array, Int64Array, UInt8Array

DUPLICATE_CORRELATION = 0.995
"""Two pictures are duplicates above it; the value was checked by eye on pairs of FER2013."""

BATCH_SIZE = 512
"""Pictures compared at a time: with 28,709 others, 59 MB of float32 bounds."""

BLOCK_SIDE = 4
"""Side in pixels; of 412 million pairs of FER2013 1,837 pass, of which 1,592 are duplicates."""

ROUNDING_TOLERANCE = 1e-4
"""What rounding to float32 may take from a bound."""


def has_duplicate_in(images: UInt8Array, reference: UInt8Array) -> BoolArray:
    """Return which pictures have a duplicate among others, such as the training split.

    Blank pictures have no correlation with anything, so they have no duplicates.

    Args:
        images: uint8 (n, h, w).
        reference: uint8 (m, h, w).

    Returns:
        bool (n,).
    """
    found = np.zeros(len(images), bool)
    for one, _ in _duplicate_pairs(images, reference):
        found[one] = True
    return found


def has_duplicate_within(images: UInt8Array, rows: Int64Array) -> BoolArray:
    """Return which pictures of a split have a duplicate among all its others, bool (r,).

    Args:
        images: The split, uint8 (n, h, w).
        rows: Indices of the pictures in question, (r,).
    """
    found = np.zeros(len(rows), bool)
    for one, other in _duplicate_pairs(images[rows], images):
        found[one[rows[one] != other]] = True  # not each with itself
    return found


def duplicate_groups(images: UInt8Array) -> list[Int64Array]:
    """Return the indices, in order, of the pictures of each group of duplicates.

    A duplicate of a duplicate is in the same group.

    Args:
        images: uint8 (n, h, w).
    """
    count = len(images)
    indices = first = np.arange(count)  # (n,): the lowest index of each picture's group
    for one, other in _duplicate_pairs(images, images):
        ends = np.concatenate([indices, one]), np.concatenate([first, other])
        links = coo_array((np.ones(len(ends[0]), bool), ends), shape=(count, count))
        groups = connected_components(links, directed=False)[1]
        first = np.unique(groups, return_index=True)[1][groups]
    return [np.flatnonzero(first == index) for index in np.unique(first[first != indices])]


def _duplicate_pairs(
    images: UInt8Array, others: UInt8Array
) -> Iterator[tuple[Int64Array, Int64Array]]:
    """Yield the pairs of duplicates as indices of both, in batches."""
    rows, columns = _normalised(images), _normalised(others)
    row_vectors, column_vectors = _bound_vectors(rows), _bound_vectors(columns)
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        bounds = row_vectors[start : start + BATCH_SIZE] @ column_vectors.T  # (batch, m)
        one, other = _indices(bounds > DUPLICATE_CORRELATION - ROUNDING_TOLERANCE)
        if len(one) > len(columns):  # pictures that are much alike
            one, other = _indices(_flat(batch) @ _flat(columns).T > DUPLICATE_CORRELATION)
        else:
            alike = np.einsum("nhw,nhw->n", batch[one], columns[other]) > DUPLICATE_CORRELATION
            one, other = one[alike], other[alike]
        yield start + one, other


def _indices(matrix: BoolArray) -> tuple[Int64Array, Int64Array]:
    """Return the row and column of each true value; faster than np.nonzero if these are few."""
    return np.divmod(np.flatnonzero(matrix), matrix.shape[1])


def _bound_vectors(images: Float32Array) -> Float32Array:
    """Return short vectors whose dot products are never below those of normalised images.

    They are the projections onto the blocks, which are orthonormal, and the length of what is left
    (the inequality of Cauchy and Schwarz bounds its product).

    Args:
        images: float32 (n, h, w) of length 1, or 0.

    Returns:
        float32 (n, blocks + 1).
    """
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (0, -height % BLOCK_SIDE), (0, -width % BLOCK_SIDE)))
    down, across = padded.shape[1] // BLOCK_SIDE, padded.shape[2] // BLOCK_SIDE
    tiles = padded.reshape(len(images), down, BLOCK_SIDE, across, BLOCK_SIDE)
    sums = tiles.sum(axis=(2, 4)).reshape(len(images), down * across) / BLOCK_SIDE
    residual = np.clip(1 - (sums**2).sum(axis=1, keepdims=True), 0, None)
    return np.concatenate([sums, np.sqrt(residual)], axis=1)


def _normalised(images: UInt8Array) -> Float32Array:
    """Return float32 (n, h, w) of mean 0 and length 1, or 0 where a picture is blank."""
    rows = images.astype(np.float32)
    rows -= rows.mean(axis=(1, 2), keepdims=True)
    lengths = np.sqrt((rows**2).sum(axis=(1, 2), keepdims=True))  # (n, 1, 1)
    rows /= np.where(lengths > 0, lengths, 1)
    return rows


def _flat(images: Float32Array) -> Float32Array:
    return images.reshape(len(images), -1)
