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
