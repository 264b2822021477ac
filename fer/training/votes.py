"""What the votes of FER+ make likely as FER2013's own label of the same picture.

A label is one person's opinion. How often each label stands beside votes like a picture's own is
what can be known of it without the luck of who was asked. Votes are seen in training alone:
Lopez-Paz et al. (2016), https://arxiv.org/abs/1511.03643. Learned beside the labels, it brings a
network nearer to FER+'s voters, and further from FER2013's labels (docs/experiments.md, voted).
"""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from fer.labels import EXPRESSIONS

STRENGTH = 10.0
"""scikit-learn's C; with a few hundred weights for thousands of pictures it hardly matters."""


def told_by_votes(votes: np.ndarray, labels: np.ndarray) -> torch.Tensor:
    """Return how likely each of FER2013's labels is beside such votes, float32 (n, 7).

    Pictures without votes keep their label.

    Args:
        votes: (n, 10) counts in the order of `fer.labels.FERPLUS_VOTES`; zeros where none are.
        labels: (n,) class indices.

    Raises:
        ValueError: The pictures with votes are all labelled alike, or there are none.
    """
    answers = np.eye(len(EXPRESSIONS), dtype=np.float32)[labels]
    known = votes.any(axis=1)
    if len(set(labels[known].tolist())) < 2:
        raise ValueError(
            "The training pictures that have votes of FER+ are all labelled alike, so the votes "
            "say nothing; take more pictures, or leave --votes-share out."
        )
    seen = described(votes[known])
    voted = LogisticRegression(C=STRENGTH, max_iter=2000).fit(seen, labels[known])
    answers[known] = 0.0
    answers[np.ix_(known, voted.classes_)] = voted.predict_proba(seen)
    return torch.from_numpy(answers)


def described(votes: np.ndarray) -> np.ndarray:
    """Return the shares of votes, (n, 10), with their roots and squares, (n, 30)."""
    parts = votes / votes.sum(axis=1, keepdims=True)
    return np.hstack([parts, np.sqrt(parts), parts**2])
