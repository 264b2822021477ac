"""FER+ label distributions from crowd votes, and the majority expression."""

import numpy as np

from fer.array_types import Float32Array, FloatArray, Int64Array
from fer.labels import EXPRESSIONS, FERPLUS_INDICES, FERPLUS_LABELS


def vote_shares(votes: FloatArray) -> Float32Array:
    """Turn FER+'s ten vote counts into a distribution over its eight expressions.

    As in Barsoum et al. 2016, a single vote counts as noise and is dropped. Where most votes went
    to "unknown" or "not a face", the row is left out.

    Args:
        votes: (n, 10) counts in the order of `fer.labels.FERPLUS_VOTE_COLUMNS`; zeros where there
            are none.

    Returns:
        float32 (n, 8); rows sum to 1, or to 0 where nothing usable is left.
    """
    counts = np.where(votes > 1, votes, 0.0)
    usable = counts[:, : len(FERPLUS_LABELS)].max(axis=1) > counts[:, len(FERPLUS_LABELS) :].max(
        axis=1
    )
    kept = np.where(usable[:, None], counts[:, : len(FERPLUS_LABELS)], 0.0)
    totals = kept.sum(axis=1, keepdims=True)
    shares: Float32Array = (kept / np.maximum(totals, 1.0)).astype(np.float32)
    return shares


def majority_expression(votes: FloatArray) -> Int64Array:
    """Return the expression with most votes, as indices into `EXPRESSIONS`, int64 (n,).

    Args:
        votes: Shares of the votes, (n, 8), as `vote_shares` returns them. A tie counts for the
            first in FER+'s order.

    Returns:
        -1 where there are no votes, or most are for contempt.
    """
    named = np.full(len(FERPLUS_LABELS), -1)
    named[list(FERPLUS_INDICES)] = range(len(EXPRESSIONS))
    return np.where(votes.any(axis=1), named[votes.argmax(axis=1)], -1)


def vote_entropy(votes: FloatArray) -> Float32Array:
    """Return how much the voters disagree about each picture, float32 (n,), in bits.

    It is 0 where all agree, and 1 where they are split evenly over two expressions.

    Args:
        votes: (n, 10) counts in the order of `fer.labels.FERPLUS_VOTE_COLUMNS`.

    Returns:
        NaN where there are no votes.
    """
    totals = votes.sum(axis=1, keepdims=True)
    shares = votes / np.where(totals > 0, totals, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.where(shares > 0, -shares * np.log2(shares), 0.0)
    entropy: Float32Array = np.where(totals[:, 0] > 0, bits.sum(axis=1), np.nan).astype(np.float32)
    return entropy
