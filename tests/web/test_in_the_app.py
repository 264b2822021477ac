"""The choice on the app's Live tab: this device, by the page in a frame, or the server."""

import re

import pytest

from tests.e2e.browser import DRAWN, choose_language, start_camera
from tests.security.page import served
from tests.web.faces import TEN_TIMES_AS_FAST, face, show_faces
from tests.web.site import with_stand_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(built, tmp_path_factory):
    """The app with a pipeline at no cost, and the page with its stand-in."""
    folder = tmp_path_factory.mktemp("app")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_DEVICE_PAGE", str(with_stand_in(built, folder / "device")))
        with served(folder / "uploads") as demo:
            yield demo.local_url


@pytest.fixture
def page(blank, app):
    blank.goto(app)
    blank.get_by_role("radio", name="On this device").wait_for()
    yield blank
    blank.evaluate("localStorage.clear()")


@pytest.fixture
def frame(page):
    frame = page.frame_locator("#live-place iframe")
    frame.locator("html[data-ready]").wait_for()
    return frame


def on_device(page, frame, *faces, delay=0):
    """Start the camera on this device."""
    (device,) = [inner for inner in page.frames if "/device/" in inner.url]
    show_faces(device, *faces, delay=delay)
    frame.get_by_role("button", name="Start camera").click()
    frame.locator("#panel .fer-rate").wait_for()
    return device


def has_camera(place, selector):
    """Whether a video element shows a camera that is on."""
    source = f"document.querySelector('{selector}')?.srcObject?.getVideoTracks()[0]"
    return place.evaluate(f"{source}?.readyState === 'live'")


def test_this_device_reads_and_nothing_is_sent(page, frame):
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    device = on_device(page, frame, face())
    assert frame.locator("#panel .fer-verdict .fer-chip").inner_text() == "happy"
    assert page.get_by_text("No picture leaves your device.").is_visible()
    assert not page.locator("#live-stage").is_visible()
    assert not frame.get_by_role("heading", level=1).is_visible()  # the app has it already
    page.wait_for_timeout(500)
    assert not [url for url in sent if "/component_server" in url]
    assert has_camera(device, "#video")
    height = device.evaluate("document.querySelector('.page').offsetHeight")
    assert page.locator("#live-place iframe").bounding_box()["height"] == pytest.approx(
        height, abs=1
    )


def test_the_places_hand_over_the_camera_and_the_choice_is_remembered(page, frame):
    device = on_device(page, frame, face())
    frame.get_by_role("button", name="Start timeline").click()
    frame.get_by_text("Recording 0:01").wait_for()

    page.get_by_role("radio", name="On the server").check()
    assert page.get_by_text("frames are sent to the server").is_visible()
    assert not page.locator("#live-place iframe").is_visible()
    page.get_by_role("button", name="Start camera").click()
    page.locator("#live-panel .fer-bar").first.wait_for()
    assert not has_camera(device, "#video")

    page.get_by_role("radio", name="On this device").check()
    frame.get_by_text("Paused: no picture is read").wait_for()
    page.wait_for_function("!document.querySelector('#live-stage video').srcObject")
    page.get_by_role("radio", name="On the server").check()
    start_camera(page)
    page.wait_for_function(DRAWN)
    assert has_camera(page, "#live-stage video")

    again = page.context.new_page()
    again.goto(page.url)
    again.locator("#live-stage").wait_for()
    assert again.get_by_role("radio", name="On the server").is_checked()
    assert again.locator("#live-place iframe").get_attribute("src") is None  # nothing is loaded
    again.close()


@pytest.mark.parametrize(
    ("script", "delay"),
    [("delete globalThis.WebAssembly", None), (TEN_TIMES_AS_FAST, 250)],
    ids=["without WebAssembly", "slow"],
)
def test_a_device_that_cant_is_offered_the_server(blank, app, script, delay):
    blank.add_init_script(script)
    blank.goto(app)
    frame = blank.frame_locator("#live-place iframe")
    if delay:
        frame.locator("html[data-ready]").wait_for()
        on_device(blank, frame, face(), delay=delay)
    frame.get_by_role("button", name="Read on the server").click()
    blank.locator("#live-stage").wait_for()
    assert blank.get_by_role("radio", name="On the server").is_checked()
    blank.evaluate("localStorage.clear()")


def test_a_dark_page_has_a_dark_frame(page, app):
    page.goto(app + "?__theme=dark")
    frame = page.frame_locator("#live-place iframe")
    frame.locator("html[data-ready]").wait_for()
    color = "(body) => getComputedStyle(body).backgroundColor"
    assert frame.locator("body").evaluate(color) == "rgb(21, 18, 16)"
    page.evaluate("document.body.classList.remove('dark')")  # as when the system turns light
    page.wait_for_timeout(200)
    assert frame.locator("body").evaluate(color) == "rgb(250, 249, 247)"


AS_HIGH_AS_ITS_PAGE = """() => {
  const frame = document.querySelector("#live-place iframe");
  const page = frame.contentDocument.querySelector(".page");
  return Math.abs(frame.offsetHeight - page.offsetHeight) <= 1;
}"""


def test_another_language_is_the_frames_too_and_what_runs_in_it_continues(page, frame):
    on_device(page, frame, face())
    frame.get_by_role("button", name="Start timeline").click()
    frame.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("button", name="Settings").click()
    choose_language(page, "Español")
    page.get_by_role("radio", name="En este dispositivo").wait_for()
    frame.get_by_text(re.compile("Registrando 0:")).wait_for()
    frame.locator("#panel .fer-verdict").get_by_text("alegría").wait_for()
    assert frame.locator("#panel .fer-name").nth(3).inner_text() == "alegría"
    page.wait_for_function(AS_HIGH_AS_ITS_PAGE)
    title = page.locator("#live-place iframe").get_attribute("title")
    assert title == "En vivo, en este dispositivo"

    # The settings' dialog lies over the frame.
    frame.get_by_role("button", name="Detener", exact=True).dispatch_event("click")
    assert frame.get_by_text("Basta con pulsar").is_visible()
    frame.get_by_role("button", name="Detener línea de tiempo").dispatch_event("click")
    choose_language(page, "English")
    frame.get_by_text("Finished", exact=True).wait_for()
    assert frame.get_by_text("One press").is_visible()
    assert frame.get_by_role("button", name="Start timeline").is_visible()


def test_the_worker_may_ask_no_other_site(context, app):
    with context.new_page() as page:
        page.goto(app)
        page.frame_locator("#live-place iframe").locator("html[data-ready]").wait_for()
        (worker,) = page.workers
        refused = worker.evaluate(
            """(url) => new Promise((resolve) => {
              const told = ({ effectiveDirective }) => resolve(effectiveDirective);
              addEventListener("securitypolicyviolation", told);
              const otherwise = () => setTimeout(resolve, 1000, "nothing");
              fetch(url).then(otherwise, otherwise);
            })""",
            "http://127.0.0.1:9/",
        )
        assert refused == "connect-src"
