"""The real page in a real browser: camera, photos, hostile files, keyboard, narrow screens."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from fer.colors import COLORS
from tests.e2e.browser import browser, camera_picture, start_recording, stop_recording
from tests.images.heic import heic

pytestmark = pytest.mark.browser

FACE = (304, 84, 415, 218)
"""Left, top, right, bottom of the astronaut's face in the mirrored camera picture, in pixels."""


def shown_frame(page):
    """The Live tab's drawn picture as RGB integers."""
    source = page.locator("#live-view img").get_attribute("src")
    content = base64.b64decode(source.split(",")[1])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def upright_line(picture, colour, x, top, bottom):
    """The share of the rows between top and bottom that have the colour close to column x."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    strip = picture[top:bottom, x - 16 : x + 16]
    return (np.abs(strip - wanted).max(axis=2) < 40).any(axis=1).mean()


def test_live_draws_a_box_on_the_face_and_stops(page):
    start_recording(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    label = page.locator("#live-panel .fer-verdict .fer-chip").inner_text()
    frame = shown_frame(page)
    left, top, right, bottom = FACE
    bare = camera_picture()[:, ::-1].astype(int)
    for side in (left, right):
        assert upright_line(frame, COLORS[label], side, top + 10, bottom - 10) > 0.9
        assert upright_line(bare, COLORS[label], side, top + 10, bottom - 10) < 0.6
    assert page.locator("#live-view").is_visible()
    page.get_by_text("frames/s").wait_for()

    stop_recording(page)
    page.wait_for_timeout(1000)
    late = []
    page.on("request", lambda request: "/stream/" in request.url and late.append(request.url))
    last = page.locator("#live-view img").get_attribute("src")
    page.wait_for_timeout(1500)
    assert page.locator("#live-view img").get_attribute("src") == last
    assert not late
    page.locator("#live-view img").wait_for(state="hidden")
    page.get_by_text("Record", exact=True).wait_for()


def test_one_press_opens_the_camera_and_starts_reading(page):
    page.get_by_title("grant webcam access").locator("button").click()
    page.get_by_role("button", name="Stop", exact=True).click()  # was meant for Record
    page.locator("#live-panel .fer-bar").first.wait_for()


def test_the_camera_is_started_in_two_steps_if_gradio_names_its_buttons_otherwise(page):
    page.evaluate(
        """() => new MutationObserver(() => {
          const icon = document.querySelector("#live-camera [title='start recording']");
          icon?.setAttribute("title", "record");
        }).observe(document.querySelector("#live-stage"), { childList: true, subtree: true })"""
    )
    page.get_by_title("grant webcam access").locator("button").click()
    page.wait_for_timeout(1500)
    assert page.locator("#live-panel .fer-bar").count() == 0
    page.get_by_role("button", name="Record", exact=True).click()
    page.locator("#live-panel .fer-bar").first.wait_for()


def test_the_cameras_button_is_called_what_is_written_on_it(page):
    start_recording(page)
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    stop_recording(page)
    page.get_by_role("button", name="Record", exact=True).wait_for()
    assert not page.locator("#live-panel .fer-rate").is_visible()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_who_waits_for_a_turn_is_told_so(page, motion):
    page.emulate_media(reduced_motion=motion)
    page.route("**/queue/join*", lambda route: None)  # nobody's turn comes
    start_recording(page)
    style = "getComputedStyle(document.querySelector('#live-stage'), '::after')"
    assert page.evaluate(f"{style}.content").startswith('"Waiting for a turn')
    assert page.evaluate(f"{style}.visibility") == "hidden"
    page.wait_for_function(f"{style}.visibility === 'visible'", timeout=10_000)
    page.unroute_all(behavior="ignoreErrors")


def test_a_class_gets_a_larger_picture(page):
    start_recording(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    asked = (
        "document.querySelector('#live-camera video').srcObject.getVideoTracks()[0]"
        ".getConstraints().width"
    )
    assert page.evaluate(asked) == 640
    page.get_by_text("A class", exact=True).first.click()
    page.wait_for_function(f"{asked} === 960")
    page.get_by_text("One person", exact=True).first.click()
    page.wait_for_function(f"{asked} === 640")


def test_live_starts_again_after_stop(page):
    start_recording(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    stop_recording(page)
    page.wait_for_timeout(800)
    before = page.locator("#live-view img").get_attribute("src")
    page.locator("#live-camera button.capture-button").click()
    page.wait_for_function(
        "before => document.querySelector('#live-view img').src !== before", arg=before
    )


def test_live_leaves_no_file_behind(page, app_folder):
    before = set(app_folder.rglob("*"))
    start_recording(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.wait_for_timeout(1000)
    assert set(app_folder.rglob("*")) == before


def test_without_a_camera_the_page_says_so(playwright, url, tmp_path):
    with browser(playwright, tmp_path, camera=None) as context:
        page = context.pages[0]
        page.goto(url)
        page.get_by_title("grant webcam access").locator("button").click()
        page.get_by_text("No camera was found").wait_for()


def open_photo(page, path):
    page.get_by_role("tab", name="Photo").click()
    page.locator("#photo-input input[type=file]").set_input_files(path)


def test_photo_answers_an_upload(page, photos):
    open_photo(page, photos / "one.jpg")
    page.locator("#photo-result .fer-box").wait_for()
    assert page.locator("#photo-result tr[data-face]").count() == 1
    box = page.locator("#photo-result .fer-box").bounding_box()
    image = page.locator("#photo-result img").bounding_box()
    centre = (box["x"] + box["width"] / 2 - image["x"]) / image["width"]
    middle = (box["y"] + box["height"] / 2 - image["y"]) / image["height"]
    assert (centre, middle) == (pytest.approx(0.44, abs=0.05), pytest.approx(0.23, abs=0.06))


def test_a_text_posing_as_a_photo_is_told_so_and_the_page_goes_on(page, photos):
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


def test_what_speaks_for_an_expression_is_shown_on_request(page, photos):
    open_photo(page, photos / "two.jpg")
    page.locator("#photo-result .fer-box").first.wait_for()
    page.locator("#photo-options").get_by_role("button").first.click()
    page.get_by_label("Highlight what each expression depends on").check()
    shown = page.locator("#photo-result [data-panel='1']")
    shown.get_by_text("Covering").wait_for()


def test_downloads(page, photos):
    open_photo(page, photos / "two.jpg")
    page.locator("#photo-result .fer-box").first.wait_for()
    saved = {}
    for button in ("save-picture", "save-csv", "save-json"):
        with page.expect_download() as waiting:
            page.locator(f"#{button}").click()
        saved[waiting.value.suggested_filename] = waiting.value.path()
    assert Image.open(saved["two-faces.jpg"]).size == (1024, 300)
    assert len(saved["two-faces.csv"].read_text().splitlines()) == 3
    assert len(json.loads(saved["two-faces.json"].read_text())["faces"]) == 2


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


def test_what_a_photo_comes_to_is_announced(page, photos):
    region = page.locator("#fer-spoken [role=status]")
    said = "document.querySelector('#fer-spoken p').innerText"
    assert region.count() == 1 and region.inner_text() == ""
    open_photo(page, photos / "two.jpg")
    page.wait_for_function(f"{said} === '2 faces: 2 happy'")
    page.get_by_role("tab", name="About").click()
    page.wait_for_function(f"{said} === ''")


def test_the_camera_s_panel_is_not_announced_with_every_frame(page):
    start_recording(page)
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
