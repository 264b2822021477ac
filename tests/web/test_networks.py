"""The on-device page with its real networks: what it finds, loads, keeps and sends."""

import re
import shutil

import pytest
from PIL import Image
from skimage.data import astronaut

from fer.labels import EXPRESSIONS
from fer.pipeline import Pipeline
from tests.e2e.browser import browser
from tests.web import site as sites
from tests.web.faces import drawn, rgb

pytestmark = pytest.mark.browser

WATCH_PROGRESS = """
addEventListener("DOMContentLoaded", () => {
  const [loading, text] = ["#loading", "#loading-text"].map((name) => document.querySelector(name));
  window.progress = [];
  new MutationObserver(() => window.progress.push([loading.hidden, text.textContent]))
    .observe(text, { childList: true });
});
"""

KEPT = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const pause = () => new Promise((done) => setTimeout(done, 50));
  while (registration.active?.state !== "activated") await pause();
}"""


@pytest.fixture(scope="module")
def visit(playwright, built, camera, tmp_path_factory):
    """A first visit: the site, a page of it with its networks loaded, and requests elsewhere."""
    profile = tmp_path_factory.mktemp("profile")
    with sites.serve(built) as site, browser(playwright, profile, camera) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 1280, "height": 900})
        page.add_init_script(WATCH_PROGRESS)
        page.goto(site.url)
        page.locator("html[data-ready]").wait_for(timeout=60_000)
        page.evaluate(KEPT)
        yield site, page


def read(page):
    """Start the camera and return the label of the face in view, once it is confirmed."""
    page.get_by_role("button", name="Start camera").click()
    page.locator("#panel .fer-figure").wait_for(timeout=60_000)
    return page.locator("#panel .fer-verdict .fer-chip").inner_text()


def percentages(page):
    """The probabilities that the table shows, of each face."""
    rows = page.locator("#photo-result tbody tr").all()
    return [[int(cell) for cell in row.locator("td[data-share]").all_inner_texts()] for row in rows]


def boxes(page, width, height):
    """The boxes on the photo, in its pixels."""
    sides = "['left', 'top', 'width', 'height']"
    style = f"(box) => {sides}.map((side) => box.style.getPropertyValue('--' + side))"
    found = []
    for box in page.locator("#photo-result .fer-box").all():
        left, top, wide, high = (float(share.rstrip("%")) / 100 for share in box.evaluate(style))
        found.append([left * width, top * height, (left + wide) * width, (top + high) * height])
    return found


def test_the_runtime_reserves_no_more_memory_than_phones_give(built):
    script = (built / "ort" / "ort.wasm.bundle.min.mjs").read_text(encoding="utf-8")
    pages = [int(number) for number in re.findall(r"maximum:(\d+),shared", script)]
    assert 0 < max(pages) * 65536 <= 2**29


def test_loading_shows_its_progress(visit):
    _, page = visit
    progress = page.evaluate("progress")
    amounts = [re.fullmatch(r"([\d.]+) of ([\d.]+) MB", text).groups() for _, text in progress]
    loaded = [float(amount) for amount, _ in amounts]
    assert len(set(loaded)) > 5 and loaded == sorted(loaded)
    assert [hidden for hidden, _ in progress].count(True) == 1  # the last
    assert loaded[-1] == float(amounts[-1][1]) > 1
    assert not page.locator("#loading").is_visible()


def test_a_download_that_breaks_off_is_explained(context, built, tmp_path):
    shutil.copytree(built, folder := tmp_path / "dist")
    (model,) = folder.glob("models/onet.*")
    model.write_bytes(model.read_bytes()[:1000])
    with sites.serve(folder) as site, context.new_page() as page:
        page.goto(site.url)
        page.get_by_text("The networks could not be loaded. Check the connection").wait_for()
        assert not page.locator("#loading").is_visible()


def test_after_loading_nothing_is_requested_and_no_picture_is_sent(visit, tmp_path):
    site, page = visit
    loaded, elsewhere = len(site.requests), []
    page.on("request", lambda request: elsewhere.append(request.url))
    assert read(page) == "happy"
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:02").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("button", name="Example: astronaut").click()
    page.get_by_role("button", name=re.compile("Face 1 happy")).wait_for(timeout=60_000)
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    assert site.requests[loaded:] == []
    assert all(url.startswith(("blob:", site.url)) for url in elsewhere)
    assert {request.split()[0] for request in site.requests} == {"GET"}


def test_a_photo_has_the_faces_that_python_finds(visit, tmp_path):
    _, page = visit
    picture = astronaut()
    Image.fromarray(picture).save(tmp_path / "one.png")
    page.get_by_role("tab", name="Photo").click()
    page.locator("#file").set_input_files(tmp_path / "one.png")
    page.get_by_role("button", name=re.compile("Face 1 ")).wait_for(timeout=60_000)
    faces = Pipeline.load()(picture)
    expected = [[100 * share for share in row] for row in faces.data["probabilities"]]
    assert len(EXPRESSIONS) == len(expected[0])
    for row, expected_row in zip(percentages(page), expected, strict=True):
        assert row == pytest.approx(expected_row, abs=2.5)  # of which the rounding is half a point
    found = boxes(page, picture.shape[1], picture.shape[0])
    for box, expected_box in zip(found, faces.xyxy.tolist(), strict=True):
        assert box == pytest.approx(expected_box, abs=1)


def test_a_network_that_was_kept_in_part_is_loaded_again(visit):
    _, page = visit
    page.evaluate(
        """async () => {
          const cache = await caches.open("fer-models");
          const part = () => new Response("a part");
          for (const request of await cache.keys()) await cache.put(request, part());
        }"""
    )
    page.reload()
    page.locator("html[data-ready]").wait_for(timeout=60_000)


def test_it_works_without_a_connection(visit):
    """The last test: it stops the site."""
    site, page = visit
    site.stop()
    page.reload()
    page.locator("html[data-ready]").wait_for(timeout=60_000)
    assert page.evaluate("progress").pop()[0] is True
    label = read(page)
    page.wait_for_timeout(300)
    assert max(drawn(page, (225, 84, 336, 218), rgb(label))) > 0.8
    notice = page.context.new_page()
    notice.goto(site.url + "notice.html")
    assert notice.get_by_role("heading", level=1).is_visible()
