"""The app and a browser for the tests beside this file; without them the tests are skipped."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from tests.e2e.browser import blank_page, browser, serve, write_camera


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory):
    """Where the app keeps its files."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def url(playwright, app_folder):
    with serve(app_folder) as address:
        yield address


@pytest.fixture(scope="session")
def context(playwright, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    camera = write_camera(folder / "camera.y4m")
    with browser(playwright, folder / "profile", camera) as opened:
        yield opened


@pytest.fixture
def page(context, url):
    with blank_page(context) as page:
        page.goto(url)
        page.get_by_role("heading", level=1).wait_for()
        yield page


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Files to upload: one face, two faces, no face, and a text posing as a photo."""
    folder = tmp_path_factory.mktemp("photos")
    one = astronaut()
    pictures = {
        "one.jpg": one,
        "two.jpg": np.hstack([one[:300], one[:300, ::-1]]),
        "none.png": np.full((200, 300, 3), 120, np.uint8),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / name)
    (folder / "text.jpg").write_text("I am no picture.")
    return folder
