"""Pictures that FER2013 has twice."""

import numpy as np

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


def conflicting(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return which pictures have a copy among them that is labelled otherwise.

    Takes some ten seconds for the training split.

    Args:
        images: uint8 (n, h, w).
        labels: (n,) class indices.

    Returns:
        bool (n,); of two copies with different labels both are true, as either may be wrong.
    """
    rows, found = _normalised(images), np.zeros(len(images), bool)
    for start in range(0, len(rows), BATCH):
        end = start + BATCH
        copies = rows[start:end] @ rows[start:].T > CORRELATION  # each pair once
        here, there = np.nonzero(copies & (labels[start:end, None] != labels[start:]))
        found[start + here] = found[start + there] = True
    return found


def _normalised(images: np.ndarray) -> np.ndarray:
    """Return (n, h * w) float32 rows of mean 0 and length 1, or 0 where a picture is blank."""
    rows = images.reshape(len(images), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
