"""The built page, with its networks or with a stand-in for them, and a browser with a camera."""

import shutil
import subprocess

import pytest
from filelock import FileLock

from tests.e2e.browser import blank_page, browser, write_camera
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
    with blank_page(context) as page:
        yield page


@pytest.fixture
def page(blank, site):
    """The page with the stand-in, loaded."""
    blank.goto(site.url)
    blank.locator("html[data-ready]").wait_for()
    return blank
