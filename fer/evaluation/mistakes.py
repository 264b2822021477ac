"""The mistakes that a network is most confident of, beside FER+'s votes on the same pictures.

On FER2013 many of them are the label's: ten people labelled its pictures again for FER+.
"""

from collections.abc import Sequence

import numpy as np

from fer.array_types import Float32Array, Int64Array
from fer.data.ferplus import majority_expression, vote_shares
from fer.i18n import gettext as _
from fer.labels import EXPRESSIONS, FERPLUS_VOTE_COLUMNS
from fer.model.evaluation_results import Mistake

MAX_MISTAKES = 20
"""Mistakes that are listed."""


def confident_mistakes(
    output: Float32Array, labels: Int64Array, votes: Float32Array, most: int = MAX_MISTAKES
) -> list[Mistake]:
    """Return the faces that a network names otherwise than their label, the most confident first.

    Args:
        output: Probabilities, (n, 7).
        labels: (n,) class indices.
        votes: FER+'s counts, (n, 10); zeros where there are none.
        most: How many are returned at most.
    """
    predictions, confidence = output.argmax(axis=1), output.max(axis=1)
    majority = majority_expression(vote_shares(votes))
    wrong = np.flatnonzero(predictions != labels)
    chosen = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return [
        Mistake(
            row=int(row),
            label=EXPRESSIONS[labels[row]],
            prediction=EXPRESSIONS[predictions[row]],
            probability=float(confidence[row]),
            label_probability=float(output[row, labels[row]]),
            votes=_counts(votes[row]),
            majority=EXPRESSIONS[majority[row]] if majority[row] >= 0 else None,
        )
        for row in chosen
    ]


def _counts(votes: Float32Array) -> dict[str, int]:
    """Return who got how many votes, most first; without those that got none."""
    order = np.argsort(-votes, kind="stable")
    return {FERPLUS_VOTE_COLUMNS[i]: int(votes[i]) for i in order if votes[i] > 0}


def describe_mistakes(mistakes: Sequence[Mistake]) -> str:
    """Return in a sentence whom FER+'s voters agree with; "" where there are no votes."""
    voted = [each for each in mistakes if each.votes]
    if not voted:
        return ""
    network = sum(each.majority == each.prediction for each in voted)
    label = sum(each.majority == each.label for each in voted)
    if network == len(voted):
        return _(
            "In all %(network)s, most of FER+'s voters see what the network names: it is the "
            "labels that look wrong.",
            network=network,
        )
    return _(
        "In %(network)s of the %(voted)s, most of FER+'s voters see what the network names; in "
        "%(label)s, they see what the label says.",
        network=network,
        voted=len(voted),
        label=label,
    )
