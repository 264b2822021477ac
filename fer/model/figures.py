"""What metrics.json says about the answers that visitors are shown."""

from collections.abc import Mapping
from typing import Any


def of_shown(figures: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how what is shown compares with FER+'s majority.

    Args:
        figures: Those of a split in metrics.json.

    Returns:
        `accuracy`, `pictures` and `label_set`; None where the first head's answers are shown as
        they are, so that its own figures count, or where it wasn't measured.
    """
    shown = figures.get("shown") or {}
    return shown.get("ferplus_answers") if shown.get("ferplus_share") else None


def accuracy_words(metrics: Mapping[str, Any]) -> str | None:
    """Return how often a network is right, of its metrics.json: on the test split if it is there.

    Where both heads are shown it is how often they name what most people do.
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
