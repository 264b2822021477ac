"""The built page, with its networks or with a stand-in for them, and a browser with a camera."""

import shutil
import subprocess
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from tests.e2e.browser import browser, write_camera
from tests.web import site as sites


@pytest.fixture(scope="session")
def web_packages(tmp_path_factory):
    """The path of npm, once the page's packages are installed."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node.js is not installed")
    with FileLock(tmp_path_factory.getbasetemp().parent / "npm.lock"):  # tests run side by side
        if not (sites.WEB / "node_modules").is_dir():
            subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=sites.WEB, check=True)
    return npm


@pytest.fixture(scope="session")
def built(web_packages, tmp_path_factory):
    if shutil.which("xz") is None:
        pytest.skip("xz is not installed")
    return sites.build(tmp_path_factory.mktemp("built") / "dist")


@pytest.fixture(scope="session")
def camera(tmp_path_factory):
    return write_camera(tmp_path_factory.mktemp("camera") / "camera.y4m")


@pytest.fixture(scope="session")
def site(built, tmp_path_factory):
    """The page with the stand-in, see `show_faces`."""
    with sites.serve(sites.with_stand_in(built, tmp_path_factory.mktemp("site") / "dist")) as site:
        yield site


@pytest.fixture(scope="session")
def context(playwright, camera, tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile")
    with browser(playwright, profile, camera, service_workers="block") as opened:
        yield opened


@pytest.fixture
def blank(context):
    """A page before it is loaded; when the test ends, its errors and requests elsewhere fail it."""
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    errors, requests = [], []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    yield page
    page.close(run_before_unload=False)
    assert not errors
    assert requests
    hosts = {urlsplit(request).hostname for request in requests if request.startswith("http")}
    assert hosts == {"127.0.0.1"}


@pytest.fixture
def page(blank, site):
    """The page with the stand-in, loaded."""
    blank.goto(site.url)
    blank.locator("html[data-ready]").wait_for()
    return blank
