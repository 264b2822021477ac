"""Pages to attack, one for a whole file of tests."""

from collections.abc import Iterator

import gradio as gr
import pytest

from tests.security.page import Visitor, served
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


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gr.Blocks]:
    """Serve a page inside the tests' own process."""
    with served(tmp_path_factory.mktemp("uploads")) as opened:
        yield opened


@pytest.fixture
def visitor(demo: gr.Blocks) -> Visitor:
    """Visit that page."""
    return Visitor(demo)
