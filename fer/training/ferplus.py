"""Figures beside FER+'s votes, and what each share of FER+'s head in the answer brings.

FER2013's own labels and FER+'s majority agree on fewer than two pictures in three, so that a head
which is good at one set is poor at the other. What is shown is chosen by both.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from fer.labels import EXPRESSIONS
from fer.model.heads import Heads
from fer.training.calibration import calibration_error
from fer.training.faces import majority_of_seven
from fer.training.metrics import ExpressionMetric

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of FER+'s head that are compared."""

MEAN_OF_BOTH = 0.5
"""Share of FER+'s head in what is shown, unless `--ferplus-share` says another: the plain mean. By
both label sets together it is on validation as accurate as the best of `SHARES`, within chance."""

Logits = tuple[np.ndarray, np.ndarray | None]
"""Of both heads, (n, 7) and (n, 8)."""


def shown_share(told: float | None, logits: np.ndarray | None, votes: torch.Tensor) -> float:
    """Return the share of FER+'s head in what is shown: half, but none where it learned nothing.

    Args:
        told: What else it is to be, or None.
        logits: Of that head, None without one.
        votes: Shares of the votes that it learned, (n, 8); zeros where there are none.
    """
    if logits is None:
        return 0.0
    if told is not None:
        return told
    return MEAN_OF_BOTH if votes.any() else 0.0


def ferplus_figures(logits: np.ndarray | None, votes: np.ndarray) -> dict[str, object] | None:
    """Compare the second head with FER+'s majority; None without votes or without that head.

    A tie counts for the first in FER+'s order.

    Args:
        logits: (n, 8), or None.
        votes: Shares of the votes, (n, 8), as `fer.training.faces.vote_shares` gives them.
    """
    voted = votes.any(axis=1)
    if logits is None or not voted.any():
        return None
    right = logits[voted].argmax(axis=1) == votes[voted].argmax(axis=1)
    return {
        "label_set": "FER+ majority of eight, without pictures voted unknown or not a face",
        "pictures": int(voted.sum()),
        "accuracy": float(right.mean()),
    }


def ferplus_answers(predictions: np.ndarray, votes: np.ndarray) -> dict[str, object] | None:
    """Compare answers, which name seven expressions, with FER+'s majority; None without votes.

    A tie counts as in `ferplus_figures`: for the first in FER+'s order.

    Args:
        predictions: (n,) indices into `EXPRESSIONS`.
        votes: Shares of the votes, (n, 8).
    """
    majority = majority_of_seven(votes)
    voted = majority >= 0
    if not voted.any():
        return None
    right = predictions[voted] == majority[voted]
    return {
        "label_set": "FER+ majority where it is one of the seven",
        "pictures": int(voted.sum()),
        "accuracy": float(right.mean()),
    }


def shown_figures(
    heads: Heads, logits: Logits, labels: np.ndarray, votes: np.ndarray
) -> dict[str, object]:
    """Compare what is shown with both label sets.

    Args:
        heads: How the logits become what is shown.
        logits: Of both heads.
        labels: (n,) class indices.
        votes: Shares of FER+'s votes, (n, 8); zeros where there are none.
    """
    probabilities = heads.probabilities(*logits)
    predictions = probabilities.argmax(axis=1)
    scores = ExpressionMetric(EXPRESSIONS).compute(predictions=predictions, references=labels)
    return {
        "ferplus_share": heads.ferplus_share,
        "accuracy": scores["accuracy"],
        "macro_f1": scores["macro_f1"],
        "calibration_error": calibration_error(probabilities, labels),
        "ferplus_answers": ferplus_answers(predictions, votes),
    }


def by_share(
    heads: Heads, logits: Logits, labels: np.ndarray, votes: np.ndarray
) -> Sequence[dict[str, object]]:
    """Return `shown_figures` with the share shown and each of `SHARES`; [] without two heads."""
    shares = () if logits[1] is None else sorted({*SHARES, heads.ferplus_share})
    each = (replace(heads, ferplus_share=share) for share in shares)
    return [shown_figures(one, logits, labels, votes) for one in each]
