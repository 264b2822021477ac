"""Pages to attack: one with the fake pipeline for a whole file of tests."""

from collections.abc import Iterator

import pytest

from tests.security.protocol import Page
from tests.security.server import Server, start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a page whose pipeline finds one face in every picture."""
    with start(tmp_path_factory.mktemp("page"), fake=True) as server:
        yield server


@pytest.fixture
def page(server: Server) -> Iterator[Page]:
    """Connect to that page."""
    page = Page(server.url)
    yield page
    page.close()
