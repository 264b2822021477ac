"""What metrics.json has about both heads combined, as the page has them."""

from collections.abc import Mapping
from typing import Any


def combined_agreement(metrics: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how both heads combined compare with FER+'s majority.

    Args:
        metrics: Those of a split in metrics.json.

    Returns:
        `accuracy`, `pictures` and `label_set`; None where the FER2013 head isn't combined with
        another one, so that its own metrics count, or where it wasn't measured.
    """
    combined = metrics.get("shown") or {}
    return combined.get("ferplus_answers") if combined.get("ferplus_share") else None


def describe_accuracy(metrics: Mapping[str, Any]) -> str | None:
    """Return how often a network is right, of its metrics.json: on the test split if it is there.

    Where both heads are combined it is how often they name what most people do.
    `{"test": {"accuracy": 0.7, "pictures": 3589, "label_set": "FER2013's own labels"}}`
    is "70.0% of 3,589 pictures of the test split (FER2013's own labels)".
    """
    for split in ("test", "validation"):
        split_metrics = metrics.get(split) or {}
        split_metrics = combined_agreement(split_metrics) or split_metrics
        if {"accuracy", "pictures", "label_set"} <= set(split_metrics):
            share = f"{split_metrics['accuracy']:.1%}"
            of = f"{split_metrics['pictures']:,} pictures of the {split} split"
            return f"{share} of {of} ({split_metrics['label_set']})"
    return None
