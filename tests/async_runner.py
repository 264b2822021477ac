"""Coroutines in tests."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def run_async(scenario: Coroutine[None, None, Result]) -> Result:
    """Run a coroutine to its end in a thread of its own, as Playwright's loop may have this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scenario).result()
