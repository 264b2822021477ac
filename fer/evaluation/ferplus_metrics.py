"""Metrics by FER+'s votes, and of the combined output by the weight of FER+'s head.

FER2013's own labels and FER+'s majority agree on fewer than two pictures in three, so that a head
which is good at one set is poor at the other. The combined output is chosen by both.
"""

from dataclasses import replace

from fer.array_types import Float32Array, Int64Array
from fer.data.ferplus import majority_expression
from fer.evaluation.calibration import (
    calibration_error_by_labels,
    correctness_by_both,
    expected_calibration_error,
)
from fer.evaluation.metrics import score_predictions
from fer.i18n import gettext_noop as N_
from fer.model.evaluation_results import BothMetrics, CombinedMetrics, MajorityAccuracy
from fer.model.heads import combined_probabilities
from fer.model.network_settings import HeadCombination

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Shares of FER+'s head that are compared."""

FERPLUS_SHARE = 0.7
"""Weight of FER+'s head in the combined output, unless `--ferplus-share` sets another. By both
label sets together it is on validation as accurate as the best of `SHARES`, within chance."""

MAJORITY_OF_EIGHT = "FER+ majority of eight, without pictures voted unknown or not a face"
MAJORITY_OF_SEVEN = N_("FER+ majority where it is one of the seven")
"""Names of label sets."""

Logits = tuple[Float32Array, Float32Array | None]
"""Logits of both heads, (n, 7) and (n, 8); None without a FER+ head."""


def ferplus_share(
    requested: float | None, logits: Float32Array | None, votes: Float32Array
) -> float:
    """Return the weight of FER+'s head in the combined output; 0 where it learned nothing.

    Args:
        requested: The weight that the options ask for; None takes `FERPLUS_SHARE`.
        logits: The FER+ head's logits, None without that head.
        votes: Shares of the votes that it learned, (n, 8); zeros where there are none.
    """
    if logits is None:
        return 0.0
    if requested is not None:
        return requested
    return FERPLUS_SHARE if votes.any() else 0.0


def ferplus_head_metrics(
    logits: Float32Array | None, votes: Float32Array
) -> MajorityAccuracy | None:
    """Compare the second head with FER+'s majority; None without votes or without that head.

    A tie counts for the first in FER+'s order.

    Args:
        logits: (n, 8), or None.
        votes: Shares of the votes, (n, 8), as `fer.data.ferplus.vote_shares` returns them.
    """
    voted = votes.any(axis=1)
    if logits is None or not voted.any():
        return None
    correct = logits[voted].argmax(axis=1) == votes[voted].argmax(axis=1)
    return MajorityAccuracy(float(correct.mean()), MAJORITY_OF_EIGHT, int(voted.sum()))


def ferplus_agreement(predictions: Int64Array, votes: Float32Array) -> MajorityAccuracy | None:
    """Compare predictions of the seven expressions with FER+'s majority; None without votes.

    A tie counts as in `ferplus_head_metrics`: for the first in FER+'s order.

    Args:
        predictions: (n,) indices into `EXPRESSIONS`.
        votes: Shares of the votes, (n, 8).
    """
    majority = majority_expression(votes)
    voted = majority >= 0
    if not voted.any():
        return None
    correct = predictions[voted] == majority[voted]
    return MajorityAccuracy(float(correct.mean()), MAJORITY_OF_SEVEN, int(voted.sum()))


def combined_metrics(
    heads: HeadCombination, logits: Logits, labels: Int64Array, votes: Float32Array
) -> CombinedMetrics:
    """Compare the combined output with both label sets.

    Args:
        heads: How the heads are combined.
        logits: Both heads' own logits.
        labels: (n,) class indices.
        votes: Shares of FER+'s votes, (n, 8); zeros where there are none.
    """
    output = combined_probabilities(heads, *logits)
    predictions = output.argmax(axis=1)
    scores = score_predictions(predictions, labels)
    return CombinedMetrics(
        ferplus_share=heads.ferplus_share,
        prior_correction=heads.prior_correction,
        accuracy=scores.accuracy,
        macro_f1=scores.macro_f1,
        calibration_error=calibration_error_by_labels(output, labels),
        ferplus_agreement=ferplus_agreement(predictions, votes),
        both_label_sets=metrics_by_both(output, scores.macro_f1, labels, votes),
    )


def metrics_by_both(
    output: Float32Array, macro_f1: float, labels: Int64Array, votes: Float32Array
) -> BothMetrics | None:
    """Compare probabilities with the mean of both label sets; None without votes.

    Where FER+'s majority is none of the seven, FER2013's label counts alone.

    Args:
        output: (n, 7).
        macro_f1: Macro F1 by FER2013's labels.
        labels: (n,) class indices.
        votes: Shares of FER+'s votes, (n, 8).
    """
    majority, predictions = majority_expression(votes), output.argmax(axis=1)
    voted = majority >= 0
    if not voted.any():
        return None
    scores = score_predictions(predictions[voted], majority[voted])
    correctness = correctness_by_both(predictions, labels, votes)
    return BothMetrics(
        accuracy=float(correctness.mean()),
        macro_f1=(macro_f1 + scores.macro_f1) / 2,
        calibration_error=expected_calibration_error(output.max(axis=1), correctness),
    )


def metrics_by_share(
    heads: HeadCombination, logits: Logits, labels: Int64Array, votes: Float32Array
) -> list[CombinedMetrics]:
    """Return `combined_metrics` with the share in use and each of `SHARES`; [] with one head."""
    shares = () if logits[1] is None else sorted({*SHARES, heads.ferplus_share})
    each = (replace(heads, ferplus_share=share) for share in shares)
    return [combined_metrics(one, logits, labels, votes) for one in each]
