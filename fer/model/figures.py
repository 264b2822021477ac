"""What metrics.json has about both heads combined, as the page has them."""

from collections.abc import Mapping
from typing import Any


def of_shown(figures: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how both heads combined compare with FER+'s majority.

    Args:
        figures: Those of a split in metrics.json.

    Returns:
        `accuracy`, `pictures` and `label_set`; None where the FER2013 head isn't combined with
        another one, so that its own metrics count, or where it wasn't measured.
    """
    shown = figures.get("shown") or {}
    return shown.get("ferplus_answers") if shown.get("ferplus_share") else None


def accuracy_words(metrics: Mapping[str, Any]) -> str | None:
    """Return how often a network is right, of its metrics.json: on the test split if it is there.

    Where both heads are combined it is how often they name what most people do.
    `{"test": {"accuracy": 0.7, "pictures": 3589, "label_set": "FER2013's own labels"}}`
    is "70.0% of 3,589 pictures of the test split (FER2013's own labels)".
    """
    for split in ("test", "validation"):
        figures = metrics.get(split) or {}
        figures = of_shown(figures) or figures
        if {"accuracy", "pictures", "label_set"} <= set(figures):
            share = f"{figures['accuracy']:.1%}"
            of = f"{figures['pictures']:,} pictures of the {split} split"
            return f"{share} of {of} ({figures['label_set']})"
    return None
