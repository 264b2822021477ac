"""Releases of the on-device page, as its service worker keeps and changes them."""

import json
import lzma

import pytest

from tests.e2e.browser import browser
from tests.web import site as sites
from tests.web.faces import face, start
from tests.web.test_networks import KEPT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFER = "A new version is there"

UPDATE = "async () => (await navigator.serviceWorker.ready).update()"

CACHES = "async () => (await caches.keys()).filter((name) => name.startsWith('fer-page')).sort()"


def publish(folder, version, models=()):
    """Make the page in a folder a release that loads these models."""
    (folder / "build.json").write_text(json.dumps({"models": list(models)}))
    paths = [path for path in folder.rglob("*.*") if path.suffix != ".xz" and path.name != "sw.js"]
    kept = [str(path.relative_to(folder)) for path in paths]
    worker = (sites.WEB / "service_worker.js").read_text(encoding="utf-8")
    worker = worker.replace('"{version}"', json.dumps(version))
    worker = worker.replace('["{files}"]', json.dumps(["./", *kept]))
    (folder / "sw.js").write_text(worker, encoding="utf-8")


@pytest.fixture
def folder(built, tmp_path):
    """Two copies of the page, a/ and b/, on one site."""
    for name in ("a", "b"):
        publish(sites.with_stand_in(built, tmp_path / "site" / name), "one")
    return tmp_path / "site"


@pytest.fixture
def visit(playwright, folder, camera, tmp_path):
    """A function that opens a copy."""
    profile = tmp_path / "profile"
    with sites.serve(folder) as site, browser(playwright, profile, camera) as context:

        def opened(name):
            page = context.new_page()
            page.goto(f"{site.url}{name}/")
            return page

        yield opened


def ready(page):
    page.locator("html[data-ready]").wait_for()
    page.evaluate(KEPT)
    return page


def offer(folder, *pages, models=()):
    """Publish a second release, of which these pages hear."""
    publish(folder / "a", "two", models)
    for page in pages:
        page.evaluate(UPDATE)
        page.evaluate("window.former = true")
        page.get_by_text(OFFER).wait_for()


@pytest.mark.long
def test_only_the_page_in_which_it_is_wanted_loads_a_new_release(folder, visit):
    page, other = ready(visit("a")), ready(visit("a"))
    offer(folder, page, other)
    with page.expect_event("load"):
        page.get_by_role("button", name="Load it now").click()
    ready(page)
    assert page.evaluate(CACHES) == ["fer-page-/a/-two"]
    assert not page.get_by_text(OFFER).is_visible()
    assert other.evaluate("window.former")
    with other.expect_event("load"):
        other.get_by_role("button", name="Load it now").click()


def test_a_new_release_has_its_networks_before_it_replaces_the_former(folder, visit):
    packed = lzma.compress(b"{}", check=lzma.CHECK_CRC32)
    network = folder / "a" / "models" / "config.two.json.xz"
    network.parent.mkdir()
    network.write_bytes(packed)
    url = "models/config.two.json.xz"
    model = {"name": "config", "url": url, "bytes": len(packed), "unpacked": 2}
    page = ready(visit("a"))
    offer(folder, page, models=[model])
    network.unlink()  # as without a connection
    with page.expect_event("load"):
        page.get_by_role("button", name="Load it now").click()
    ready(page)
    assert page.evaluate(CACHES) == ["fer-page-/a/-two"]


def test_an_unsaved_timeline_is_only_dropped_on_purpose(folder, visit):
    page = ready(visit("a"))
    start(page, face())
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    offer(folder, page)
    page.get_by_role("button", name="Load it now").click()
    assert page.get_by_text("loading the new version drops it").is_visible()
    drop = page.get_by_role("button", name="Drop it and load the new version")
    assert drop.evaluate("(button) => button === document.activeElement")
    with page.expect_event("load"):
        drop.click()
    assert not page.evaluate("window.former")


@pytest.mark.long
def test_a_release_that_cant_be_loaded_any_more_gives_way_to_the_next(folder, visit):
    gone = {"name": "onet", "url": "models/onet.old.onnx.xz", "bytes": 1000}
    publish(folder / "a", "one", [gone])
    page = visit("a")
    page.get_by_text("The networks could not be loaded").wait_for()
    page.evaluate(KEPT)
    publish(folder / "a", "two")
    page.reload()
    ready(page)
    assert not page.get_by_text("The networks could not be loaded").is_visible()


def test_copies_on_one_site_install_as_apps_of_their_own(visit):
    page, other = visit("a"), visit("b")
    ids = [
        each.context.new_cdp_session(each).send("Page.getAppId")["appId"] for each in (page, other)
    ]
    assert ids == [page.url, other.url]


def test_copies_on_one_site_leave_each_others_files_alone(folder, visit):
    page = ready(visit("a"))
    page.evaluate(
        """async () => {
          const cache = await caches.open("fer-models");
          for (const name of ["a", "b"]) await cache.put(`/${name}/models/old.xz`, new Response());
        }"""
    )
    other = ready(visit("b"))
    assert other.evaluate(CACHES) == ["fer-page-/a/-one", "fer-page-/b/-one"]
    kept = "async () => (await (await caches.open('fer-models')).keys()).map(({ url }) => url)"
    assert [url.split("/", 3)[3] for url in other.evaluate(kept)] == ["a/models/old.xz"]
