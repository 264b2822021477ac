"""Fixtures of several commands' tests."""

import signal

import pytest


@pytest.fixture
def sigterm():
    """The number of SIGTERM, whose handler is as before afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    yield signal.SIGTERM
    signal.signal(signal.SIGTERM, before)
