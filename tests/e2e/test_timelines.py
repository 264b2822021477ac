"""Timelines in a real browser: of the camera, and of a recording that plays with its boxes."""

import re
import time
from pathlib import Path

import pytest

from fer.timeline.serialization import from_json
from tests.e2e.browser import choose_language, start_camera, stop_camera, write_film
from tests.timeline.frames import table_of

pytestmark = pytest.mark.browser

CONTRAST = Path(__file__).with_name("contrast.js").read_text()


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """Films of the astronaut, of two seconds and of forty, and a text posing as one."""
    folder = tmp_path_factory.mktemp("films")
    write_film(folder / "short.mp4", 2)
    write_film(folder / "long.mp4", 40)
    (folder / "text.mp4").write_text("I am no film.")
    return folder


def open_recording(page, path):
    page.get_by_role("tab", name="Recording").click()
    page.locator("#recording-input input[type=file]").set_input_files(path)


def save(page, button):
    return download(page, button).path()


def download(page, button):
    with page.expect_download() as waiting:
        page.locator(button).click()
    return waiting.value


def faint(page):
    """The texts that don't stand out enough from what lies behind them."""
    seen = page.evaluate(CONTRAST)
    assert len(seen) > 20
    return [(text, ratio) for text, ratio in seen if ratio < 4.5]


def fits(page, width=390):
    """Whether the page needs no sideways scrolling on a narrow screen."""
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_timeout(300)
    return page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_live_timeline_grows_each_second_and_is_saved(page, app_folder):
    before = set(app_folder.rglob("*"))
    assert not page.locator("#live-stop").is_visible()
    start_camera(page)
    page.locator("#live-start").click()
    drawn = "document.querySelector('#live-chart .fer-areas path')?.getAttribute('d') ?? ''"
    page.wait_for_function(f"({drawn}).length > 20")
    first = page.evaluate(drawn)
    page.wait_for_function(f"({drawn}).length > {len(first)}", timeout=10_000)
    page.get_by_text("Recording 0:").wait_for()
    assert not page.locator("#live-save-csv").is_visible()

    page.locator("#live-stop").click()
    page.get_by_text("Finished", exact=True).wait_for()
    page.wait_for_timeout(300)
    last = page.evaluate(drawn)
    page.wait_for_timeout(1300)
    assert page.evaluate(drawn) == last
    table = table_of(save(page, "#live-save-csv").read_text())
    assert len(table) >= 2 and (table["track"] == 1).all()
    assert from_json(save(page, "#live-save-json").read_text()).view == "person"
    assert save(page, "#live-save-plot").read_bytes().startswith(b"\x89PNG")
    assert "Live timeline" in save(page, "#live-save-report").read_text()
    assert set(app_folder.rglob("*")) == before  # nothing was written to disk
    assert faint(page) == []
    assert fits(page)


def test_a_timeline_without_a_picture_says_that_it_is_paused(page):
    page.get_by_text("Everyone in view has to have agreed").wait_for()
    start_camera(page)
    page.locator("#live-start").click()
    page.get_by_text("Recording 0:01").wait_for()
    paused = page.get_by_text("Paused: no picture is read")
    assert not paused.is_visible() and page.locator(".fer-dot").is_visible()
    stop_camera(page)
    paused.wait_for(timeout=12_000)
    assert not page.locator(".fer-dot").is_visible()
    start_camera(page)
    paused.wait_for(state="hidden", timeout=10_000)


def record_a_second(page):
    """Start the camera, and record a timeline."""
    start_camera(page)
    page.locator("#live-start").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.locator("#live-stop").click()


def test_a_finished_timeline_is_not_dropped_unasked(page):
    question = page.get_by_text("has not been saved")
    record_a_second(page)
    page.locator("#live-chart .fer-table").wait_for()
    page.locator("#live-start").click()
    question.wait_for()
    assert faint(page) == []
    assert len(table_of(save(page, "#live-save-csv").read_text())) >= 2
    assert question.count() == 0
    page.locator("#live-start").click()  # what is saved goes without a word
    page.get_by_text("Recording 0:01").wait_for()
    page.locator("#live-stop").click()
    page.locator("#live-chart .fer-done").wait_for()
    page.get_by_label("Start of the new mark").fill("0:00.5")
    page.locator("#live-start").click()
    page.get_by_role("button", name="Drop it and start a new one").press("Enter")
    page.get_by_text("Recording 0:01").wait_for()
    assert question.count() == 0
    page.locator("#live-stop").click()
    page.locator("#live-chart .fer-done").wait_for()
    assert page.get_by_label("Start of the new mark").input_value() == ""


def test_what_is_not_saved_as_it_is_counts_as_not_saved(page):
    question = page.get_by_text("has not been saved")
    record_a_second(page)
    page.locator("#live-chart .fer-table").wait_for()
    stop_camera(page)
    page.route("**/component_server/", lambda route: route.fulfill(json={"error": "It is busy."}))
    page.locator("#live-save-csv").click()
    page.get_by_text("It is busy.").wait_for()
    page.locator("#live-start").click()
    question.wait_for()
    page.unroute("**/component_server/")
    save(page, "#live-save-csv")
    question.wait_for(state="detached")
    page.get_by_label("Start of the new mark").fill("0")
    page.get_by_role("button", name="Add mark").click()
    page.locator("#live-chart [data-row]").wait_for()
    page.locator("#live-start").click()  # the file has no mark
    question.wait_for()
    save(page, "#live-save-csv")
    question.wait_for(state="detached")
    page.get_by_label("Start of the new mark").fill("soon")
    page.get_by_role("button", name="Add mark").click()
    page.get_by_text("The mark was not changed").wait_for()
    page.locator("#live-start").click()  # the file lacks nothing
    page.locator("#live-chart .fer-running").wait_for()


def press_key(page, key, code):
    """Press a key of a keyboard that writes something else by it."""
    page.evaluate(
        "options => document.body.dispatchEvent(new KeyboardEvent('keydown', options))",
        {"key": key, "code": code, "bubbles": True},
    )


def test_a_range_that_has_begun_ends_with_the_timeline(page):
    start_camera(page)
    page.locator("#live-start").click()
    page.get_by_text("Recording 0:01").wait_for()
    press_key(page, ".", "KeyE")  # of a Dvorak keyboard: no mark
    press_key(page, "Process", "KeyE")  # of an input method
    press_key(page, "\u0902", "KeyX")  # of a keyboard for Hindi, which writes another letter
    page.get_by_role("tab", name="About").click()
    page.wait_for_timeout(1500)  # the chart is drawn again
    page.get_by_role("tab", name="Live").click()
    assert page.locator("#live-timeline [data-mark='left out'][aria-pressed=true]").count()
    page.locator("#live-stop").click()
    page.locator("#live-chart [data-row]").wait_for()
    (mark,) = from_json(save(page, "#live-save-json").read_text()).marks
    assert mark.kind == "left out" and mark.start > 0.5 and mark.end - mark.start > 1.5


def test_a_timeline_continues_when_the_page_is_reloaded(context, url):
    page = context.new_page()  # Gradio calls it an error that its requests end with the page
    page.goto(url)
    start_camera(page)
    page.locator("#live-start").click()
    page.get_by_text("Recording 0:02").wait_for()
    page.reload()
    page.get_by_text("The page was loaded again").wait_for()
    assert not page.locator(".fer-dot").is_visible()
    start_camera(page)
    page.get_by_text("The page was loaded again").wait_for(state="detached")
    page.get_by_text(re.compile("Recording 0:(0[4-9]|[1-5])")).wait_for()
    page.locator("#live-stop").click()
    table = table_of(save(page, "#live-save-csv").read_text())
    assert table["time"].min() == 0 and table["time"].max() >= 3

    page.goto("about:blank")
    page.go_back()
    page.locator("#live-save-csv").wait_for()

    copied = page.evaluate("sessionStorage.getItem('fer-token')")
    copy = context.new_page()  # as a duplicated tab, which gets a copy of storage and history
    copy.add_init_script(f"sessionStorage.setItem('fer-token', '{copied}')")
    copy.add_init_script("performance.getEntriesByType = () => [{ type: 'back_forward' }]")
    copy.goto(url)
    copy.wait_for_timeout(1500)
    assert not copy.locator("#live-save-csv").is_visible()
    copy.close()
    page.close()


def test_a_class_of_one_is_withheld(page):
    start_camera(page)
    page.get_by_text("A class", exact=True).first.click()
    page.get_by_text("Withheld", exact=True).wait_for()
    assert page.locator("#live-panel [role=meter]").count() == 0
    page.locator("#live-start").click()
    page.locator("#live-chart .fer-drawing i").first.wait_for()


def test_a_recording_plays_with_its_boxes_and_is_saved(page, url, films):
    page.goto(f"{url}?__theme=dark")
    open_recording(page, films / "short.mp4")
    page.get_by_text("640 x 480").wait_for()
    assert not page.locator("#recording-cancel").is_visible()
    page.locator("#recording-start").click()
    page.locator("#recording-result .fer-chart").wait_for(timeout=60_000)
    video = "document.querySelector('#recording-video video')"
    page.wait_for_function(f"{video}?.readyState >= 2")
    assert page.evaluate(f"{video}.duration") == pytest.approx(2, abs=0.1)
    assert page.evaluate(f"[{video}.videoWidth, {video}.videoHeight]") == [640, 480]

    edges = page.evaluate(
        "[...document.querySelectorAll('#recording-result .fer-card, #recording-video')]"
        ".map((each) => Math.round(each.getBoundingClientRect().right))"
    )
    assert len(edges) == 4 and len(set(edges)) == 1
    page.locator("#recording-result [data-time]").last.click()
    page.wait_for_function(f"{video}.currentTime > 1.5")
    chart = "document.querySelector('#recording-result .fer-chart')"
    page.wait_for_function(f"{chart}.style.getPropertyValue('--now') > 0.7")
    assert page.evaluate(f"{video}.play().then(() => true)")

    timeline = from_json(save(page, "#recording-save-json").read_text())
    assert timeline.view == "person" and len(timeline) == 2
    table = table_of(save(page, "#recording-save-csv").read_text())
    assert table.equals(timeline.track_table())
    video = download(page, "#recording-save-video")
    assert video.suggested_filename == "short_annotated.mp4"
    assert video.path().stat().st_size > 10_000
    assert "short.mp4" in save(page, "#recording-save-report").read_text()
    page.reload()
    page.wait_for_timeout(1500)  # the result is back before the tab is opened
    page.get_by_role("tab", name="Recording").click()
    page.locator("#recording-result .fer-chart").wait_for()
    assert "short.mp4" in save(page, "#recording-save-report").read_text()
    assert faint(page) == []
    assert fits(page)
    page.locator("#recording-input input[type=file]").set_input_files(__file__)
    page.get_by_text("test_timelines.py is in none of these formats").wait_for()
    page.clock.install()
    page.clock.fast_forward("51:00")
    page.get_by_text("Its files have been deleted").wait_for()


def test_when_a_recordings_files_have_gone_the_page_says_so(page, films):
    page.clock.install()
    open_recording(page, films / "short.mp4")
    page.locator("#recording-start").click()
    page.locator("#recording-result .fer-chart").wait_for(timeout=60_000)
    gone = page.get_by_text("Its files have been deleted")
    page.clock.fast_forward("49:00")
    assert not gone.is_visible() and page.locator("#recording-save-csv").is_visible()
    page.clock.fast_forward("02:00")
    gone.wait_for()
    assert not page.locator("#recording-save-csv, #recording-video").first.is_visible()
    assert page.locator("#recording-result .fer-chart").is_visible()


@pytest.mark.long
def test_a_recording_that_is_removed_stops_playing(page, films):
    open_recording(page, films / "long.mp4")
    page.locator("#recording-rate input[type=number]").fill("1")
    page.locator("#recording-start").click()
    player = page.locator("#recording-video video")
    player.wait_for(timeout=60_000)
    page.evaluate("window.played = document.querySelector('#recording-video video')")
    page.evaluate("played.play()")
    page.wait_for_function("!played.paused && played.currentTime > 0.2")
    page.locator("#recording-input").get_by_label("Clear").first.click()
    page.get_by_text("What you get").wait_for()
    page.wait_for_function("played.paused || !played.currentSrc", timeout=5_000)
    assert player.count() == 0 and not page.locator("#recording-result .fer-chart").count()


@pytest.mark.parametrize("width", [1280, 390])
def test_start_keeps_its_place_when_a_recording_is_chosen(page, url, films, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(url)
    page.get_by_role("tab", name="Recording").click()
    page.get_by_text("up to 500 MB").wait_for()
    start = page.locator("#recording-start")
    before = start.bounding_box()
    page.locator("#recording-input input[type=file]").set_input_files(films / "short.mp4")
    page.locator("#recording-known .fer-known").wait_for()
    assert start.bounding_box() == before


def start_long(page, films, app_folder, at_once=False):
    """Start on the long film, `at_once` or after its upload; return its files' folder."""
    uploads = app_folder / "uploads"
    before = set(uploads.rglob("recordings/*"))
    open_recording(page, films / "long.mp4")
    if not at_once:
        page.locator("#recording-known .fer-known").wait_for()
    page.locator("#recording-start").click()
    page.locator("#recording-progress [role=progressbar]").wait_for()
    deadline = time.monotonic() + 20
    while not (made := set(uploads.rglob("recordings/*")) - before):
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    (folder,) = made
    return folder


def test_cancel_stops_the_work_and_leaves_no_file(page, films, app_folder):
    folder = start_long(page, films, app_folder)
    page.locator("#recording-cancel").click()
    page.get_by_text("no file of it was kept").wait_for()
    assert not folder.exists()
    page.locator("#recording-start").wait_for()


def test_start_pressed_during_the_upload_starts_for_good(page, films, app_folder):
    late = []

    def hold_the_look_at_the_upload(route):
        recording_and_desk = len(route.request.post_data_json["data"]) == 2
        late.append(route) if recording_and_desk else route.continue_()

    page.route("**/queue/join*", hold_the_look_at_the_upload)
    folder = start_long(page, films, app_folder, at_once=True)
    deadline = time.monotonic() + 20
    while not late:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)  # lets routes come in
    late[0].continue_()
    page.locator("#recording-known .fer-known").wait_for()
    assert folder.exists() and page.locator("#recording-progress [role=progressbar]").is_visible()
    page.unroute("**/queue/join*")
    page.locator("#recording-cancel").click()
    page.get_by_text("no file of it was kept").wait_for()


def test_leaving_the_page_stops_the_work(context, url, films, app_folder):
    page = context.new_page()
    page.goto(url)
    folder = start_long(page, films, app_folder)
    page.close()
    deadline = time.monotonic() + 20
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_recordings_are_analysed_in_a_queue_while_finished_ones_are_viewed(page, url, films):
    page.goto(f"{url}?__theme=dark")
    names = ("text.mp4", "short.mp4", "other.mp4", "long.mp4")
    (films / "other.mp4").write_bytes((films / "short.mp4").read_bytes())
    open_recording(page, [films / name for name in names])
    page.locator("#recording-known").get_by_text("4 recordings").wait_for()
    page.locator("#recording-queue").get_by_text("be read as a video").wait_for()
    page.locator("#recording-start").click()
    page.get_by_text("Recording 4 of 4: long.mp4").wait_for(timeout=60_000)
    assert download(page, "#recording-save-csv").suggested_filename == "short_timeline.csv"
    page.keyboard.press("x")
    drafts = [
        page.get_by_label("Start of the new mark"),
        page.get_by_role("textbox", name="Text of the next mark"),
    ]
    for draft in drafts:
        draft.fill("0:01")
    page.get_by_role("button", name="Show other.mp4").click()
    page.locator("#recording-queue [aria-label='Show other.mp4'][aria-pressed=true]").wait_for()
    page.wait_for_function(
        "!document.querySelector('#recording-tab [data-mark][aria-pressed=true]')"
    )
    assert [draft.input_value() for draft in drafts] == ["", ""]
    player = "document.querySelector('#recording-video video')"
    page.wait_for_function(f"{player}?.currentSrc.includes('other_annotated')")
    page.evaluate(f"window.played = {player}")
    page.keyboard.press("e")
    page.locator("#recording-result [data-row]").wait_for()
    page.locator("#recording-comparison button").first.click()
    page.locator("#comparison-result").get_by_text("other less short").first.wait_for()
    assert page.locator("#recording-progress [role=progressbar]").is_visible()
    assert faint(page) == []
    page.locator("#recording-cancel").click()
    page.get_by_text("what was finished before is kept").wait_for()
    assert page.evaluate(f"{player} === played")  # neither progress nor the end replaces the player
    assert page.locator("#recording-queue [data-show]").count() == 2
    assert "long.mp4" not in page.locator("#comparison-recordings").inner_text()
    assert fits(page)


def test_marks_are_set_by_key_and_button_and_changed_in_the_list(page, context, url, films):
    open_recording(page, films / "short.mp4")
    page.locator("#recording-start").click()
    page.locator("#recording-result .fer-chart").wait_for(timeout=60_000)
    player = page.locator("#recording-video video")
    keys = page.get_by_role("checkbox", name="Single keys add marks")
    keys.uncheck()
    page.keyboard.press("e")
    keys.check()
    page.evaluate("document.body.dispatchEvent(new Event('keydown', { bubbles: true }))")
    page.keyboard.press("x")
    player.evaluate("(video) => { video.currentTime = 0.75; }")
    page.keyboard.press("x")
    page.get_by_text("Left out:").wait_for()
    page.get_by_role("textbox", name="Text of the next mark").fill("x and e are letters here")
    page.get_by_role("button", name="Event").click()
    rows = page.locator("#recording-result [data-row]")
    rows.nth(1).wait_for()
    assert page.locator("#recording-result .fer-mark-event b").inner_text() == "B"
    text = page.get_by_label("Text of mark B")
    assert text.input_value() == "x and e are letters here"
    text.fill("quiz")
    text.press("Tab")
    page.wait_for_function("document.querySelector('.fer-mark-event').title.includes('quiz')")
    assert page.evaluate("document.activeElement.name") == "remove"
    page.wait_for_timeout(1500)  # the files come after the chart
    marks = from_json(save(page, "#recording-save-json").read_text()).marks
    assert [(mark.kind, mark.text) for mark in marks] == [("left out", ""), ("event", "quiz")]
    assert marks[0].end == pytest.approx(0.75, abs=0.05)
    page.get_by_label("Remove mark A").click()
    page.wait_for_function("document.querySelectorAll('#recording-result [data-row]').length === 1")
    start = page.get_by_label("Start of the new mark")
    color = "(field, part) => getComputedStyle(field, part).color"
    assert start.evaluate(color) != start.evaluate(color, "::placeholder")
    assert not page.get_by_label("End of the new mark").is_visible()  # an event has none
    start.fill("soon")
    page.get_by_role("button", name="Add mark").click()
    page.get_by_text("a time such as").wait_for()
    assert faint(page) == []
    assert fits(page)
    keys.uncheck()
    later = context.new_page()
    later.goto(url)
    later.get_by_role("tab", name="Recording").click()
    later.locator("#recording-tab .fer-mark-keys input:not(:checked)").wait_for(state="attached")
    later.close()
    keys.check()


def test_a_live_mark_is_where_its_key_was_pressed_though_the_server_is_late(page):
    page.locator("#live-start").click()
    page.locator("#live-chart .fer-running").wait_for()
    began = time.monotonic()
    page.route("**/queue/join*", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.keyboard.press("s")
    page.wait_for_timeout(1000)
    page.keyboard.press("s")
    pressed = time.monotonic() - began
    page.locator("#live-chart .fer-mark-list li").wait_for()
    times = page.locator("#live-chart .fer-mark-list li").inner_text()
    start, end = (float(time) for time in re.findall(r"0:([\d.]+)", times))
    assert end < pressed + 1 and 0.9 < end - start < 1.4


def test_a_timeline_stays_when_the_language_is_changed(page):
    start_camera(page)
    page.get_by_role("button", name="Start timeline").click()
    page.locator("#live-chart").get_by_text("Recording 0:02").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    page.locator("#live-chart").get_by_text("Finished").wait_for()
    page.get_by_role("button", name="Settings").click()
    choose_language(page, "Español")
    page.locator("#live-chart").get_by_text("Terminado").wait_for()
    tabs = page.get_by_role("tab").all_inner_texts()  # also those that were not opened yet
    assert tabs == ["En vivo", "Foto", "Grabación", "Modelo", "Info"]
    page.wait_for_timeout(500)
    assert page.locator("#live-chart .fer-done svg").count() > 0


def test_a_range_that_has_begun_goes_on_in_another_language(page):
    page.locator("#live-start").click()
    page.locator("#live-chart").get_by_text("Recording 0:00").wait_for()
    page.keyboard.press("x")
    page.get_by_role("button", name="Settings").click()
    choose_language(page, "Español")
    page.locator("#live-chart").get_by_text("Registrando").wait_for()
    page.wait_for_timeout(500)
    assert page.locator("#live-timeline [data-mark='left out'][aria-pressed=true]").count()
    assert page.locator("#live-timeline [data-mark=event][aria-pressed]").count() == 0  # no range
    assert page.locator("#live-chart .fer-mark-list").count() == 0


def test_a_mark_is_where_its_key_was_pressed_after_a_language_came_late(page):
    page.locator("#live-start").click()
    page.locator("#live-chart .fer-running").wait_for()
    began = time.monotonic()
    late = "**/queue/data*"
    page.route(late, lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.get_by_role("button", name="Settings").click()
    choose_language(page, "Español")
    page.locator("#live-chart").get_by_text("Registrando").wait_for()
    page.unroute(late)
    page.evaluate("document.activeElement.blur()")
    pressed = time.monotonic() - began
    page.keyboard.press("e")
    page.locator("#live-chart .fer-mark-list li").wait_for()
    text = page.locator("#live-chart .fer-mark-list li").inner_text().replace(",", ".")
    assert float(re.search(r"0:([\d.]+)", text)[1]) > pressed - 0.5
