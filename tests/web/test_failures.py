"""What the on-device page says where something doesn't come, doesn't run or doesn't go on."""

import re

import pytest

from tests.web.faces import TEN_TIMES_AS_FAST, face, show_faces, start

pytestmark = pytest.mark.browser

NOT_LOADED = "The networks could not be loaded. Check the connection, then reload the page."
NOT_RUN = "The networks can't run in this browser."

COUNT_MESSAGES = """() => {
  window.messages = 0;
  const count = (changes) => changes.forEach(({ addedNodes }) => messages += addedNodes.length);
  new MutationObserver(count).observe(document.querySelector("#trouble"), { childList: true });
}"""

FALSE_CANVAS = """
OffscreenCanvasRenderingContext2D.prototype.getImageData = (x, y, width, height) => {
  const image = new ImageData(width, height);
  image.data.fill(255);
  return image;
};
"""


@pytest.fixture
def broken(context):
    """A page that may have errors."""
    with context.new_page() as page:
        yield page


def abort(route):
    route.abort()


def answer(body):
    return lambda route: route.fulfill(body=body, content_type="text/javascript")


@pytest.mark.parametrize(
    ("file", "handle", "sentence"),
    [
        ("page/settings.json", abort, NOT_LOADED),
        ("pipeline_worker.js", abort, NOT_LOADED),
        ("pipeline_worker.js", answer("this is no script"), NOT_RUN),
        (
            "pipeline/pipeline.js",
            answer("export const Pipeline = { async load() { throw new RangeError('memory'); } };"),
            NOT_RUN,
        ),
    ],
    ids=["settings", "worker", "old browser", "no memory"],
)
def test_files_that_fail_to_load_or_run_are_reported_in_a_sentence(
    broken, site, file, handle, sentence
):
    broken.route(site.url + file, handle)
    broken.goto(site.url)
    broken.get_by_text(sentence).wait_for()
    assert "memory" not in broken.locator("#notice").inner_text()
    assert broken.locator("#live").evaluate("(live) => live.inert")


def test_a_browser_that_falsifies_canvas_pixels_is_reported(broken, site):
    worker = broken.request.get(site.url + "pipeline_worker.js").text()
    broken.route(site.url + "pipeline_worker.js", answer(worker + FALSE_CANVAS))
    broken.goto(site.url)
    broken.get_by_text("This browser hides from web pages what is in pictures").wait_for()


def test_in_a_frame_of_another_site_it_is_a_page_of_its_own(broken, site):
    address = site.url.replace("127.0.0.1", "localhost") + "?embedded"
    broken.set_content(f'<iframe src="{address}"></iframe>')
    broken.frame_locator("iframe").locator("html[data-ready]").wait_for()
    assert broken.frame_locator("iframe").get_by_role("heading", level=1).is_visible()


@pytest.mark.parametrize(
    ("stand_in", "sentence"),
    [
        ({"error": "no memory"}, "This picture could not be read (no memory)."),
        ({"delay": 1_000_000}, "No picture has been read for some seconds"),
    ],
    ids=["fails", "hangs"],
)
def test_frames_that_arent_read_are_reported_once_and_pause_the_timeline(
    broken, site, stand_in, sentence
):
    broken.add_init_script(TEN_TIMES_AS_FAST)
    broken.goto(site.url)
    start(broken, face())
    broken.get_by_role("button", name="Start timeline").click()
    broken.evaluate(COUNT_MESSAGES)
    show_faces(broken, **stand_in)
    broken.get_by_text(sentence).wait_for()
    broken.get_by_text("Paused: no picture is read").wait_for()
    assert not broken.locator("#panel").is_visible()
    broken.wait_for_timeout(700)
    assert broken.evaluate("messages") == 1


def test_the_message_on_unread_frames_goes_when_one_is_read(broken, site):
    broken.add_init_script(TEN_TIMES_AS_FAST)
    broken.goto(site.url)
    start(broken, face())
    show_faces(broken, error="no memory")
    broken.get_by_text("This picture could not be read").wait_for()
    show_faces(broken, face())
    broken.locator("#trouble .fer-message").wait_for(state="detached")
    broken.locator("#panel .fer-rate").wait_for()


def test_a_worker_that_ends_is_reported_for_photos_and_frames(broken, site):
    broken.add_init_script(TEN_TIMES_AS_FAST)
    broken.goto(site.url)
    start(broken, face())
    show_faces(broken, face(), photoDelay=1_000_000)
    broken.get_by_role("tab", name="Photo").click()
    example = broken.get_by_role("button", name="Example: astronaut")
    example.click()
    broken.get_by_text("The faces are being detected.").wait_for()
    (worker,) = broken.workers
    worker.evaluate("void setTimeout(close)")
    ended = broken.get_by_text("The networks have stopped; memory may have run out.")
    ended.wait_for()
    example.click()
    ended.wait_for()
    broken.get_by_role("tab", name="Live").click()
    broken.locator("#trouble").get_by_text("The networks have stopped").wait_for()


@pytest.mark.parametrize(
    ("stand_in", "sentence"),
    [
        ({"delay": 1_000_000}, "No picture has been read for some seconds"),
        ({"error": "no memory"}, "This picture could not be read (no memory)."),
    ],
    ids=["hung", "failed"],
)
def test_a_worker_that_ends_after_it_hung_or_failed_is_reported(broken, site, stand_in, sentence):
    broken.add_init_script(TEN_TIMES_AS_FAST)
    broken.goto(site.url)
    start(broken, face())
    show_faces(broken, **stand_in)
    broken.get_by_text(sentence).wait_for()
    (worker,) = broken.workers
    worker.evaluate("void setTimeout(close)")
    broken.locator("#trouble").get_by_text("The networks have stopped").wait_for()


def test_an_example_is_read_without_a_connection(broken, site):
    broken.goto(site.url)
    broken.locator("html[data-ready]").wait_for()
    show_faces(broken, face())
    broken.get_by_role("tab", name="Photo").click()
    broken.get_by_role("button", name="Example: astronaut").click()  # it may still be loading
    broken.get_by_role("button", name=re.compile("Face 1 happy")).wait_for(timeout=5000)
    broken.route("**", abort)
    broken.get_by_role("button", name="Example: astronaut").click()
    broken.get_by_role("button", name=re.compile("Face 1 happy")).wait_for(timeout=5000)


def test_a_device_isnt_slow_because_a_photo_was_read(page, tmp_path):
    page.add_init_script(TEN_TIMES_AS_FAST)
    page.reload()
    start(page, face())
    show_faces(page, face(), photoDelay=700)
    page.wait_for_timeout(700)  # seven seconds by the page's clock, from when it counts
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("button", name="Example: astronaut").click()
    page.get_by_role("button", name=re.compile("Face 1 happy")).wait_for()
    page.get_by_role("tab", name="Live").click()
    page.wait_for_timeout(300)
    assert page.locator("#trouble").inner_text() == ""
