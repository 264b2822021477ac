"""How the page's own events are wired: private to the page, without a spinner or a limit."""

from typing import Literal, TypedDict


class EventOptions(TypedDict):
    """Keyword arguments of a Gradio event listener."""

    show_progress: Literal["hidden"]
    api_visibility: Literal["private"]
    concurrency_limit: None


PAGE_EVENT: EventOptions = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}
"""No limit on runs at a time: `fer.ui.fair_scheduler` and `fer.ui.job_queue` bound the work."""
