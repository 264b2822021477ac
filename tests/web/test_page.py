"""The on-device page in a browser, with a stand-in that finds what each test tells it."""

import json

import pytest
from pandas.testing import assert_frame_equal
from PIL import Image
from skimage.data import astronaut

from docs.translations import in_page
from fer.timeline.serialization import from_json, to_csv
from tests.timeline.frames import table_of
from tests.web.faces import (
    BOX,
    TEN_TIMES_AS_FAST,
    WHITE,
    document,
    drawn,
    face,
    rgb,
    row,
    saved,
    show_faces,
    start,
    wait_until_drawn,
)
from tests.web.site import WEB

pytestmark = pytest.mark.browser


def chips(page):
    return page.locator("#panel .fer-chip").all_inner_texts()


def focused(page):
    return page.evaluate(
        "(({ id, ariaLabel, value }) => id || ariaLabel || value)(document.activeElement)"
    )


COUNT_LOCKS = """() => {
  window.locks = 0;
  navigator.wakeLock.request = async () => {
    locks++;
    return { release: () => locks-- };
  };
}"""
"""Counts in the page what keeps the screen on."""


def test_one_press_starts_the_camera_and_reading(page):
    page.evaluate(COUNT_LOCKS)
    start(page, face())
    assert page.evaluate("locks") == 1
    assert page.locator("#panel .fer-heading").inner_text() == "Your expression"
    assert chips(page) == ["happy"]
    assert page.locator("#panel .fer-figure").inner_text() == "93%"
    bars = page.locator("#panel [role=meter]")
    assert bars.count() == 7
    assert bars.nth(3).get_attribute("aria-valuetext") == "93 percent"
    page.wait_for_timeout(300)  # boxes glide
    assert min(drawn(page, BOX, rgb("happy"))) > 0.9
    assert page.locator("#panel .fer-status").inner_text().startswith("1 face")
    page.get_by_text("face: 1 happy").wait_for(state="attached")  # for screen readers

    page.get_by_role("button", name="Stop", exact=True).click()
    assert page.evaluate("locks") == 0
    assert page.evaluate("document.querySelector('#video').srcObject") is None
    assert page.locator("#panel .fer-steps").is_visible()
    assert not page.locator("#overlay").is_visible()
    page.get_by_role("button", name="Start camera").click()
    page.locator("#panel .fer-rate").wait_for()


def test_the_camera_waits_for_the_networks(blank, site):
    held = []
    blank.route("**/build.json", lambda route: held.append(route))
    blank.goto(site.url)
    blank.evaluate(
        """() => {
          const { mediaDevices } = navigator;
          const open = mediaDevices.getUserMedia.bind(mediaDevices);
          mediaDevices.getUserMedia = (options) => { window.opened = true; return open(options); };
        }"""
    )
    blank.get_by_role("button", name="Start camera").click()
    blank.wait_for_timeout(300)
    assert not blank.evaluate("window.opened")
    held[0].continue_()
    blank.locator("#panel .fer-rate").wait_for()
    assert blank.evaluate("window.opened")


def test_the_page_is_in_the_browsers_language(blank, site):
    german = "Object.defineProperty(navigator, 'language', { get: () => 'de-AT' })"
    blank.add_init_script(german)
    blank.goto(site.url)
    blank.locator("html[data-ready][lang=de]").wait_for()
    show_faces(blank, face())
    blank.get_by_role("button", name="Kamera starten").click()
    blank.locator("#panel .fer-rate").wait_for()
    assert blank.locator("#panel .fer-heading").inner_text() == "Ihr Ausdruck"
    assert chips(blank) == ["Freude"]
    blank.get_by_role("tab", name="Über").click()
    assert blank.locator("#fer-notice").get_attribute("href") == "notice.de.html"
    notice = blank.request.get(site.url + "notice.de.html").text()
    assert '<html lang="de">' in notice and "Wer verantwortlich ist" in notice
    texts = blank.evaluate("document.body.innerText") + blank.content().split("</head>")[1]
    english = in_page((WEB / "index.html").read_text(encoding="utf-8"))
    assert [text for text in english if len(text) > 12 and text in texts] == []


def test_uncertain_and_turned_away_faces_are_drawn_without_an_expression(page):
    away = face((470, 60, 580, 190), "angry", 0.9, 3, "turned away")
    unsure = face((20, 60, 130, 190), "fear", 0.4, 2)
    small = face((10, 300, 60, 360), track=4, state="tentative")
    start(page, face(), unsure, away, small)
    assert chips(page) == ["happy", "2 uncertain", "3 turned away"]
    assert page.locator("#panel .fer-heading").inner_text() == "Face 1, the largest"
    assert page.locator("#panel .fer-status").inner_text().startswith("3 faces")
    page.wait_for_timeout(300)
    assert min(drawn(page, unsure["box"], rgb("uncertain"))) > 0.9
    assert min(drawn(page, away["box"], rgb("turned away"))) > 0.9
    assert max(drawn(page, away["box"], rgb("angry"))) < 0.1
    show_faces(page, unsure)
    page.get_by_text("no expression stands out").wait_for()
    show_faces(page, away)
    page.get_by_text("it is turned too far away from the camera to name an expression").wait_for()
    show_faces(page, small)
    page.get_by_text("A face counts once it is detected in a second picture.").wait_for()
    show_faces(page)
    page.get_by_text("No face in view").wait_for()


def test_a_timeline_of_persons_is_saved_as_files_that_fer_reads(page):
    away = face((470, 60, 580, 190), "angry", 0.9, 2, "turned away")
    start(page, face(), away)
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:02").wait_for()
    assert page.locator("#chart .fer-plot h4").first.inner_text() == "All faces"
    page.get_by_role("button", name="Stop timeline").click()
    page.get_by_text("Finished", exact=True).wait_for()
    text, csv = saved(page, "json"), saved(page, "csv")
    timeline = from_json(text)
    assert (timeline.view, len(timeline.table()) >= 2) == ("person", True)
    assert timeline.table()["happy"].to_numpy() == pytest.approx(0.93)
    assert timeline.table()["turned"].to_numpy() == pytest.approx(0.5)
    tracks = timeline.track_table().set_index("track")
    assert set(tracks.index) == {1, 2}
    assert (tracks.loc[[1], "classified"] > 0).all() and (tracks.loc[[2], "classified"] == 0).all()
    assert_frame_equal(table_of(csv), table_of(to_csv(timeline)), check_dtype=False)  # 1 or 1.0
    about = json.loads(text)["about"]
    assert about["model"] == "embedded weights" and about["started"].startswith("20")


def test_a_timeline_that_ends_by_itself_leaves_the_focus_alone(page):
    page.evaluate(
        """() => {
          const now = performance.now.bind(performance);
          performance.now = () => now() + (window.later ?? 0);
        }"""
    )
    start(page, face())
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("tab", name="Live").focus()
    page.evaluate("window.later = 2 * 3600 * 1000")
    page.get_by_text("The timeline has ended").wait_for()
    assert focused(page) == "tab-live"
    assert max(second["time"] for second in document(page)["table"]) < 2 * 3600


def test_a_class_has_no_expression_below_five_faces(page):
    page.get_by_role("radio", name="A class").check()
    faces = row(5)
    start(page, *faces[:4])
    page.get_by_text("A class needs at least 5 faces").wait_for()
    assert page.locator("#panel [role=meter]:visible").count() == 0
    wait_until_drawn(page, faces[0]["box"], WHITE)  # all boxes are alike
    assert max(drawn(page, faces[0]["box"], rgb("happy"))) < 0.1
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    few = document(page)
    assert few["settings"]["view"] == "class" and "tracks" not in few
    assert {line["happy"] for line in few["table"]} == {None}
    assert {line["faces"] for line in few["table"]} == {4}
    assert from_json(json.dumps(few)).table()["happy"].isna().all()

    show_faces(page, *faces)
    page.get_by_text("On average of 5 faces").wait_for()
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    assert from_json(saved(page, "json")).table()["happy"].to_numpy() == pytest.approx(0.93)


def test_a_view_that_the_browser_keeps_through_a_reload_is_that_of_the_stage(blank, site):
    blank.add_init_script(
        """document.addEventListener("readystatechange", () => {
          document.querySelector("[value=class]").checked = true;
        }, { once: true });"""
    )
    blank.goto(site.url)
    blank.locator("html[data-ready]").wait_for()
    assert blank.locator("#stage").get_attribute("data-view") == "class"


def test_an_unsaved_timeline_is_only_dropped_on_purpose(page):
    start(page, face())
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("has not been saved").wait_for()
    assert page.get_by_text("Finished", exact=True).is_visible()
    saved(page, "csv")
    assert not page.get_by_text("has not been saved").is_visible()
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_role("button", name="Drop it and start a new one").click()
    page.get_by_text("Recording 0:00").wait_for()


def test_a_lost_camera_is_reported_and_nothing_is_counted(page):
    start(page, face())
    page.get_by_role("button", name="Start timeline").click()
    page.evaluate(
        """() => {
          const [track] = document.querySelector("#video").srcObject.getVideoTracks();
          window.track = track;
          Object.defineProperty(track, "muted", { value: true, configurable: true });
        }"""
    )
    page.get_by_text("The system has switched the camera off").wait_for()
    page.get_by_text("Paused: no picture is read").wait_for()
    assert not page.locator("#panel").is_visible()
    page.evaluate("delete track.muted")
    page.locator("#panel .fer-rate").wait_for()
    assert page.locator("#trouble").inner_text() == ""
    page.evaluate("track.stop()")
    page.get_by_text("The camera was unplugged").wait_for()
    page.get_by_role("button", name="Start camera").click()
    page.locator("#panel .fer-rate").wait_for()
    assert page.locator("#trouble").inner_text() == ""


def test_a_black_picture_is_reported_unless_the_camera_is_just_starting(page):
    show_faces(page, face())
    page.evaluate(
        """() => {
          const canvas = document.createElement("canvas");
          const context = canvas.getContext("2d");
          setInterval(() => {
            context.fillStyle = "#000";
            context.fillRect(0, 0, canvas.width, canvas.height);
            context.fillStyle = window.lit ? "#fc0" : "#000";
            context.fillRect(0, 0, 99, 99);
          }, 30);
          navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
        }"""
    )
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    page.wait_for_timeout(400)
    assert page.locator("#trouble").inner_text() == ""
    page.evaluate("window.lit = true")
    page.locator("#panel .fer-rate").wait_for()
    page.evaluate("window.lit = false")
    page.get_by_text("a picture of a single colour").wait_for()
    assert not page.locator("#panel").is_visible()


def test_only_the_camera_that_was_lost_comes_back_without_a_press(page, context):
    context.grant_permissions(["camera"])
    start(page, face())
    page.evaluate(
        """() => {
          const { mediaDevices } = navigator;
          window.plug = (listed) => {
            if (listed) mediaDevices.enumerateDevices = async () => listed;
            else delete mediaDevices.enumerateDevices;
            mediaDevices.dispatchEvent(new Event("devicechange"));
          };
          const [track] = document.querySelector("#video").srcObject.getVideoTracks();
          window.lost = track.getSettings().deviceId;
          track.stop();
        }"""
    )
    page.get_by_text("The camera was unplugged").wait_for()
    page.evaluate("plug([{ kind: 'videoinput', deviceId: 'another' }])")
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Start camera").is_enabled()
    page.get_by_role("radio", name="One person").focus()
    page.evaluate("plug()")
    page.locator("#panel .fer-rate").wait_for()
    assert focused(page) == "person"
    settings = "document.querySelector('#video').srcObject.getVideoTracks()[0].getSettings()"
    assert page.evaluate(f"{settings}.deviceId === lost")


def test_a_picture_that_the_browser_pauses_plays_again(page):
    start(page, face())
    page.evaluate("document.querySelector('#video').pause()")
    page.wait_for_function("!document.querySelector('#video').paused", timeout=3_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    assert page.evaluate("document.querySelector('#video').srcObject") is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("NotAllowedError", "The browser was not allowed to use the camera."),
        ("NotFoundError", "No camera was found."),
        ("NotReadableError", "The camera is busy."),
        ("AbortError", "The camera is busy."),
    ],
)
def test_a_camera_that_cant_be_opened_is_explained(page, name, sentence):
    page.evaluate(
        """(name) => {
          const refuse = () => Promise.reject(new DOMException("", name));
          navigator.mediaDevices.getUserMedia = refuse;
        }""",
        name,
    )
    page.get_by_role("button", name="Start camera").click()
    page.get_by_text(sentence).wait_for()
    assert page.get_by_text("The Photo tab works without a camera.").is_visible()
    assert page.get_by_role("button", name="Start camera").is_enabled()


def test_a_photo_is_read_and_other_files_are_refused_in_a_sentence(page, tmp_path):
    Image.fromarray(astronaut()).save(tmp_path / "one.png")
    (tmp_path / "text.jpg").write_text("no picture")
    page.get_by_role("tab", name="Photo").click()
    show_faces(page, face(), face((400, 60, 430, 90), "sad", 0.8, 2))
    page.locator("#file").set_input_files(tmp_path / "one.png")
    page.get_by_role("button", name="Face 1 happy 93%").wait_for()
    assert page.locator("#photo-result caption").inner_text() == "All faces, in percent"
    page.get_by_role("button", name="Show face 2").press("Enter")
    assert page.get_by_role("heading", name="Face 2").is_visible()
    assert page.get_by_text("Only 30 pixels on its longer side").is_visible()
    page.locator("#file").set_input_files(tmp_path / "text.jpg")
    page.get_by_text("This file is no picture that this browser can open.").wait_for()
    show_faces(page)
    page.get_by_role("button", name="Example: cat").click()
    page.get_by_text("No face found").wait_for()


def test_the_page_is_used_by_keyboard(page):
    show_faces(page, face())
    page.keyboard.press("Tab")
    assert focused(page) == "tab-live"
    page.keyboard.press("ArrowRight")
    assert focused(page) == "tab-photo" and page.locator("#drop").is_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    assert focused(page) == "start"
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"
    page.keyboard.press("Enter")
    page.locator("#panel .fer-rate").wait_for()
    assert focused(page) == "stop"
    page.keyboard.press("Tab")
    assert focused(page) == "person"
    page.keyboard.press("ArrowRight")
    assert focused(page) == "class"
    page.get_by_text("A class needs at least 5 faces").wait_for()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    assert focused(page) == "timeline-start"
    page.keyboard.press("Enter")
    assert focused(page) == "timeline-stop"
    page.get_by_text("Recording 0:01").wait_for()
    page.keyboard.press("Enter")
    assert focused(page) == "timeline-start"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    start(page, *row(6))
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    for name in ("Live", "Photo", "About"):
        page.get_by_role("tab", name=name).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("delete globalThis.WebAssembly", "This browser has no WebAssembly"),
        ("delete globalThis.OffscreenCanvas", "This browser is too old for this page."),
    ],
)
def test_a_browser_that_cant_run_the_networks_is_reported_in_a_sentence(
    blank, site, script, sentence
):
    blank.add_init_script(script)
    blank.goto(site.url)
    blank.get_by_text(sentence).wait_for()
    assert blank.locator("#live").evaluate("(live) => live.inert")
    blank.get_by_role("tab", name="About").click()
    assert blank.get_by_text("Your pictures stay here").is_visible()


def test_a_device_that_is_too_slow_is_reported(blank, site):
    blank.add_init_script(TEN_TIMES_AS_FAST)
    blank.goto(site.url)
    blank.locator("html[data-ready]").wait_for()
    show_faces(blank, face(), delay=250)
    blank.get_by_role("button", name="Start camera").click()
    blank.get_by_text("This device is slow").wait_for()
    assert blank.get_by_text("Close other programs and pages").is_visible()
    assert not blank.get_by_role("button", name="Read on the server").is_visible()
