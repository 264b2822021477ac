"""The real page in a real browser: camera, photos, hostile files, keyboard, narrow screens."""

import base64
import json
from pathlib import Path

import pytest
from PIL import Image
from skimage.data import astronaut

from tests.e2e.browser import DRAWN, browser, start_camera, stop_camera
from tests.images.heic import heic
from tests.web.faces import BOX, rgb, wait_until_drawn

pytestmark = pytest.mark.browser


def test_one_press_starts_the_camera_and_a_box_is_drawn_until_it_stops(page):
    sent = []
    page.on("request", lambda request: sent.append(request))
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    label = page.locator("#live-panel .fer-verdict .fer-chip").inner_text()
    wait_until_drawn(page, BOX, rgb(label))
    page.get_by_text("frames/s").wait_for()
    frames = [request.post_data for request in sent if "component_server" in request.url]
    assert frames and max(map(len, frames)) < 100_000
    assert len(frames[-1].split("base64,")) == 2  # one picture goes up, none comes back
    assert page.locator("#live-camera img, #live-panel img").count() == 0

    stop_camera(page)
    page.wait_for_timeout(1000)
    late = []
    page.on("request", lambda request: late.append(request.url))
    page.wait_for_timeout(1500)
    assert not late and not page.evaluate(DRAWN)
    assert page.locator("#live-panel .fer-steps").is_visible()
    page.get_by_role("button", name="Start camera").click()
    page.locator("#live-panel .fer-rate").wait_for()


def test_an_open_page_has_a_heartbeat_until_it_is_closed(context, url):
    """Without it the server takes the page's visitor for one who has left."""
    page, ended = context.new_page(), []  # Gradio's scripts report what a page that is left misses
    page.on("requestfailed", lambda request: ended.append(request))
    with page.expect_request("**/gradio_api/heartbeat/*") as opened:
        page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(500)
    assert opened.value.failure is None and opened.value not in ended
    page.goto("about:blank")
    page.wait_for_timeout(500)
    assert opened.value.failure or opened.value in ended
    page.close()


def test_waiting_for_a_result_is_reported(page):
    start_camera(page)
    page.locator("#live-panel .fer-rate").wait_for()
    page.route("**/component_server/", lambda route: None)  # no answer comes
    style = "getComputedStyle(document.querySelector('#live-stage'), '::after').content"
    assert page.evaluate(style) == "none"
    page.wait_for_function(f"{style}.startsWith('\"Waiting for an answer')", timeout=10_000)
    assert not page.locator("#live-panel .fer-rate").is_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_a_server_that_does_not_respond_is_reported_until_it_does(page):
    page.route("**/component_server/", lambda route: route.fulfill(status=200, body="no JSON"))
    start_camera(page)
    page.get_by_text("The server doesn't answer").wait_for()
    page.unroute_all(behavior="ignoreErrors")
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.get_by_text("The server doesn't answer").wait_for(state="detached")


DELAYED = """(delay) => {
  const real = window.fetch;
  Object.assign(window, { open: 0, most: 0, answered: 0 });
  window.fetch = async (...given) => {
    if (!String(given[0]).includes("component_server")) return real(...given);
    window.most = Math.max(window.most, ++window.open);
    const response = await real(...given);
    await new Promise((resolve) => setTimeout(resolve, delay));
    window.open--;
    window.answered++;
    return response;
  };
}"""
"""Lets each frame and its answer be on the way for longer, and counts those that are."""


def test_on_a_slow_connection_two_frames_are_on_their_way(page):
    page.evaluate(DELAYED, 1000)
    start_camera(page)
    page.wait_for_function("window.answered >= 4")
    assert page.evaluate("window.most") == 2


def test_a_picture_that_is_turned_in_the_stream_is_drawn_upright(page):
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.evaluate(
        """async () => {
          const [canvas, camera] = ["canvas", "video"].map((name) => document.createElement(name));
          const video = document.querySelector("#live-stage video");
          Object.assign(canvas, { width: 480, height: 640 });
          Object.assign(camera, { srcObject: video.srcObject, muted: true });
          await camera.play();
          setInterval(() => canvas.getContext("2d").drawImage(camera, -80, 0), 50);
          video.srcObject = canvas.captureStream(20);
          await video.play();
        }"""
    )
    ratio = "getComputedStyle(document.querySelector('#live-stage')).aspectRatio"
    page.wait_for_function(f"{ratio} === '480 / 640'")
    page.wait_for_timeout(1500)
    page.wait_for_function(DRAWN)


def test_a_class_gets_a_larger_picture(page):
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    width = (
        "document.querySelector('#live-stage video').srcObject.getVideoTracks()[0]"
        ".getConstraints().width"
    )
    assert page.evaluate(width) == 640
    page.get_by_text("A class", exact=True).first.click()
    page.wait_for_function(f"{width} === 960")
    page.get_by_text("One person", exact=True).first.click()
    page.wait_for_function(f"{width} === 640")


def test_live_leaves_no_file_behind(page, app_folder):
    before = set(app_folder.rglob("*"))
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.wait_for_timeout(1000)
    assert set(app_folder.rglob("*")) == before


def test_without_a_camera_the_page_says_so(playwright, url, tmp_path):
    with browser(playwright, tmp_path, camera=None) as context:
        page = context.pages[0]
        page.goto(url)
        page.get_by_role("button", name="Start camera").click()
        page.get_by_text("No camera was found").wait_for()


def open_photo(page, path):
    page.get_by_role("tab", name="Photo").click()
    page.locator("#photo-input input[type=file]").set_input_files(path)


def test_an_uploaded_photo_is_analysed(page, photos):
    open_photo(page, photos / "one.jpg")
    page.locator("#photo-result .fer-box").wait_for()
    assert page.locator("#photo-result tr[data-face]").count() == 1
    box = page.locator("#photo-result .fer-box").bounding_box()
    image = page.locator("#photo-result img").bounding_box()
    centre = (box["x"] + box["width"] / 2 - image["x"]) / image["width"]
    middle = (box["y"] + box["height"] / 2 - image["y"]) / image["height"]
    assert (centre, middle) == (pytest.approx(0.44, abs=0.05), pytest.approx(0.23, abs=0.06))


def test_a_text_posing_as_a_photo_is_refused_and_the_page_still_works(page, photos):
    open_photo(page, photos / "text.jpg")
    page.get_by_text("The file is not a picture that can be read").wait_for()
    page.get_by_label("Remove Image").click()
    page.get_by_text("What you get").wait_for()
    open_photo(page, photos / "one.jpg")
    page.locator("#photo-result .fer-box").wait_for()


@pytest.mark.parametrize("name", ["IMG_0001.HEIC", "img.heic", "scan.JP2"])
def test_pictures_to_which_the_browser_gives_no_type_are_read(page, tmp_path, name):
    if name.lower().endswith("heic"):
        (tmp_path / name).write_bytes(heic(astronaut()))
    else:
        Image.fromarray(astronaut()).save(tmp_path / name, "JPEG2000")
    open_photo(page, tmp_path / name)
    page.locator("#photo-result .fer-box").wait_for()
    preview = page.locator("#photo-input img")
    page.wait_for_function("image => image.naturalWidth > 0", arg=preview.element_handle())
    assert preview.is_visible()


def test_a_heic_photo_can_be_dropped(page):
    page.get_by_role("tab", name="Photo").click()
    content = base64.b64encode(heic(astronaut())).decode()
    transfer = page.evaluate_handle(
        """content => {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "IMG_0001.HEIC"));
          return transfer;
        }""",
        content,
    )
    area = page.locator("#photo-input [aria-dropeffect=copy]")
    area.dispatch_event("drop", {"dataTransfer": transfer})
    page.locator("#photo-result .fer-box").wait_for()


@pytest.mark.parametrize("dropped", [False, True])
def test_a_file_that_is_no_video_is_refused_in_a_sentence(page, tmp_path, dropped):
    page.get_by_role("tab", name="Recording").click()
    if dropped:
        transfer = page.evaluate_handle(
            """() => {
              const transfer = new DataTransfer();
              transfer.items.add(new File(["no video"], "notes.txt"));
              return transfer;
            }"""
        )
        area = page.locator("#recording-input [aria-dropeffect=copy]")
        area.dispatch_event("drop", {"dataTransfer": transfer})
    else:
        (tmp_path / "notes.txt").write_text("no video")
        page.locator("#recording-input input[type=file]").set_input_files(tmp_path / "notes.txt")
    page.get_by_text("notes.txt is in none of these formats; choose a video in one of").wait_for()
    assert page.get_by_test_id("toast-body").count() == 0


def test_more_recordings_than_can_be_uploaded_are_refused_beside_the_one_chosen(page, tmp_path):
    page.get_by_role("tab", name="Recording").click()
    names = [f"{number}.mp4" for number in range(11)]
    for name in names:
        (tmp_path / name).write_bytes(b"no video")
    field = page.locator("#recording-input input[type=file]").first
    field.set_input_files(tmp_path / names[0])
    page.locator("#recording-known").get_by_text("be read as a video").wait_for()
    field.set_input_files([tmp_path / name for name in names])
    page.get_by_text("At most 10 files can be uploaded at a time.").wait_for()
    field.set_input_files(tmp_path / names[1])
    page.locator("#recording-known").get_by_text("2 recordings").wait_for()
    assert page.get_by_text("At most 10 files").count() == 0


def test_no_face_leaves_the_photo_unmarked(page, photos):
    open_photo(page, photos / "none.png")
    page.get_by_text("No face found").wait_for()
    assert page.locator("#photo-result img").is_visible()
    assert page.locator("#photo-result .fer-box").count() == 0
    assert not page.locator("#save-csv").is_visible()


def test_an_example_is_one_press_away(page):
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("button", name="Example: astronaut").click()
    page.locator("#photo-result .fer-box").wait_for()


def test_a_face_size_is_typed_without_an_error_and_the_page_stays_where_it_is(page, photos):
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("tab", name="Photo").click()
    page.locator("#photo-input input[type=file]").set_input_files(photos / "one.jpg")
    page.locator("#photo-result figure").wait_for()
    page.get_by_role("button", name="Options").click()
    field = page.locator("#photo-min-face input[type=number]")
    field.scroll_into_view_if_needed()
    place = field.bounding_box()["y"]
    for typed, faces in (("", 1), ("4", 1), ("40", 1), ("199", 0), ("40", 1)):
        field.fill(typed)
        page.wait_for_timeout(700)
        page.wait_for_function(f"document.querySelectorAll('.fer-box').length === {faces}")
    assert page.locator("[data-testid=toast-body], .error").count() == 0
    assert field.bounding_box()["y"] == pytest.approx(place, abs=5)


def test_faces_are_chosen_by_mouse_and_by_keyboard(page, photos):
    open_photo(page, photos / "two.jpg")
    page.locator("#photo-result .fer-box").nth(1).click()
    page.get_by_role("heading", name="Face 2").wait_for()
    assert not page.get_by_role("heading", name="Face 1").is_visible()
    page.locator("#photo-result .fer-box").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Face 1").wait_for()
    page.get_by_role("button", name="Show face 2").focus()
    page.keyboard.press("Space")
    page.get_by_role("heading", name="Face 2").wait_for()


def test_salient_regions_are_shown_on_request(page, photos):
    open_photo(page, photos / "two.jpg")
    page.locator("#photo-result .fer-box").first.wait_for()
    page.locator("#photo-options").get_by_role("button").first.click()
    page.get_by_label("Highlight what each expression depends on").check()
    shown = page.locator("#photo-result [data-panel='1']")
    shown.get_by_text("Covering").wait_for()


def test_downloads(page, photos):
    open_photo(page, photos / "two.jpg")
    page.locator("#photo-result .fer-box").first.wait_for()
    page.evaluate(
        """() => {
          const send = window.fetch;
          const small = (resource) => !`${resource}`.startsWith("data:"); // as Firefox has it
          window.fetch = (resource, ...more) =>
            small(resource) ? send(resource, ...more) : Promise.reject(new TypeError("too large"));
        }"""
    )
    saved = {}
    for button in ("save-picture", "save-csv", "save-json"):
        with page.expect_download() as waiting:
            page.locator(f"#{button}").click()
        saved[waiting.value.suggested_filename] = waiting.value.path()
    assert Image.open(saved["two-faces.jpg"]).size == (1024, 300)
    assert len(saved["two-faces.csv"].read_text().splitlines()) == 3
    assert len(json.loads(saved["two-faces.json"].read_text())["faces"]) == 2


def test_no_style_is_lost_on_its_way_to_the_page(page):
    """Gradio writes rules anew as the browser has read them: `border: 1px solid var(--edge)` comes
    back empty if the same rule has a `border-left`, which belongs in a rule of its own."""
    styles = "[...document.querySelectorAll('style')].map((style) => style.textContent).join(' ')"
    text = page.evaluate(styles)
    assert ".fer-table" in text
    assert [rule for rule in text.split("}") if ": ;" in rule] == []


@pytest.mark.parametrize("tab", ["Live", "Photo", "About"])
def test_narrow_screens_need_no_sideways_scrolling(page, photos, tab):
    page.set_viewport_size({"width": 390, "height": 844})
    open_photo(page, photos / "two.jpg")
    page.locator("#photo-result .fer-box").first.wait_for()
    page.get_by_role("tab", name=tab).click()
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if tab == "Photo":
        table = "document.querySelector('#photo-result .fer-table')"
        assert page.evaluate(f"{table}.scrollWidth <= {table}.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(page, url, photos, scheme):
    page.goto(f"{url}?__theme={scheme}")
    seen = []
    for tab in ("Live", "Photo", "Recording", "About"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Photo":
            page.locator("#photo-options").get_by_role("button").first.click()
            open_photo(page, photos / "two.jpg")
            page.locator("#photo-result .fer-box").first.wait_for()
        page.wait_for_timeout(800)
        seen += page.evaluate(Path(__file__).with_name("contrast.js").read_text())
    assert len(seen) > 60
    assert [(text, ratio) for text, ratio in seen if ratio < 4.5] == []


def test_the_result_of_a_photo_is_announced(page, photos):
    region = page.locator("#fer-spoken [role=status]")
    spoken = "document.querySelector('#fer-spoken p').innerText"
    assert region.count() == 1 and region.inner_text() == ""
    open_photo(page, photos / "two.jpg")
    page.wait_for_function(f"{spoken} === '2 faces: 2 happy'")
    page.get_by_role("tab", name="About").click()
    page.wait_for_function(f"{spoken} === ''")


def test_the_camera_s_panel_is_not_announced_with_every_frame(page):
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.wait_for_function("document.querySelector('#fer-spoken p').innerText.startsWith('1 face')")
    page.get_by_text("A class", exact=True).first.click()
    page.get_by_text("Withheld", exact=True).wait_for()
    assert page.locator("#live-panel [role=status], #live-panel [role=alert]").count() == 0


def test_the_meters_can_be_read_aloud(page, photos):
    open_photo(page, photos / "one.jpg")
    page.locator("#photo-result .fer-box").wait_for()
    spoken = page.locator("#photo-result").aria_snapshot()
    assert "meter" in spoken and "surprise" in spoken
    assert 'heading "Face 1"' in spoken
