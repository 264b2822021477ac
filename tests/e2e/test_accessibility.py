"""What axe-core objects to: nothing, in any state of any tab, in light and dark colours."""

import re
from types import SimpleNamespace

import pytest

from tests.e2e.accessibility import PASSED_OVER, objections
from tests.e2e.browser import start_camera, write_film

pytestmark = pytest.mark.browser


@pytest.fixture
def quiet_page(page):
    """The page without motion, so that no color is seen on its way."""
    page.emulate_media(reduced_motion="reduce")
    return page


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()
    page.get_by_role("tabpanel").locator("visible=true").wait_for()


@pytest.mark.long
def test_live(quiet_page):
    page = quiet_page
    assert "\n".join(objections(page)) == ""
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.locator("#live-start").click()
    page.get_by_text(re.compile("Recording 0:0[2-9]")).wait_for()
    page.keyboard.press("e")
    assert "\n".join(objections(page)) == ""
    page.locator("#live-stop").click()
    page.locator("#live-chart .fer-table").wait_for()
    page.get_by_text("A class", exact=True).first.click()
    page.get_by_text("Withheld", exact=True).wait_for()
    assert "\n".join(objections(page)) == ""


def test_photo(quiet_page, photos):
    page = quiet_page
    open_tab(page, "Photo")
    page.locator("#photo-options").get_by_role("button").first.click()
    page.get_by_label("Highlight what each expression depends on").check()
    assert "\n".join(objections(page)) == ""
    page.locator("#photo-input input[type=file]").set_input_files(photos / "two.jpg")
    page.locator("#photo-result [data-panel='1']").get_by_text("Covering").wait_for()
    assert "\n".join(objections(page)) == ""
    page.get_by_label("Remove Image").click()
    page.locator("#photo-input input[type=file]").set_input_files(photos / "text.jpg")
    page.locator("#photo-result .fer-trouble").wait_for()
    assert "\n".join(objections(page)) == ""


def test_recording(quiet_page, tmp_path):
    page, film = quiet_page, write_film(tmp_path / "film.mp4", 6)
    open_tab(page, "Recording")
    page.locator("#recording-comparison button").first.click()
    page.locator("#comparison-input").wait_for()
    assert "\n".join(objections(page)) == ""
    (tmp_path / "text.mp4").write_text("I am no film.")
    films = [film, tmp_path / "text.mp4"]
    page.locator("#recording-input input[type=file]").set_input_files(films)
    page.locator("#recording-known .fer-known").wait_for()
    page.locator("#recording-start").click()
    page.locator("#recording-progress [role=progressbar]").wait_for()
    assert "\n".join(objections(page)) == ""
    page.locator("#recording-result .fer-chart").wait_for(timeout=120_000)
    for i, (start, end) in enumerate((("0", "3"), ("3", "6"))):
        page.get_by_label("Kind of the new mark").select_option("stretch")
        page.get_by_label("Start of the new mark").fill(start)
        page.get_by_label("End of the new mark").fill(end)
        page.get_by_role("button", name="Add mark").click()
        page.locator("#recording-result [data-row]").nth(i).wait_for()
        form = [page.get_by_label(f"{name} of the new mark") for name in ("Start", "End", "Kind")]
        assert [field.input_value() for field in form] == ["", "", "event"]
    page.locator("#recording-result .fer-comparison").wait_for()
    page.wait_for_timeout(1500)  # the files come after the chart
    with page.expect_download() as waiting:
        page.locator("#recording-save-json").click()
    timeline = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(timeline)
    page.locator("#comparison-input input[type=file]").set_input_files(timeline)
    page.get_by_text("Marked stretches", exact=True).last.click()
    page.locator("#comparison-result .fer-comparison").wait_for()
    assert "\n".join(objections(page)) == ""


@pytest.mark.long
def test_model(quiet_page, photos):
    page = quiet_page
    open_tab(page, "Photo")
    page.locator("#photo-input input[type=file]").set_input_files(photos / "two.jpg")
    page.locator("#photo-result .fer-box").first.wait_for()
    sent = []
    page.on("request", lambda request: sent.append(len(request.post_data or "")))
    open_tab(page, "Model")
    page.locator("#model-panel .fer-shares").first.wait_for()
    open_tab(page, "Photo")
    open_tab(page, "Model")
    page.wait_for_timeout(300)
    assert max(sent) < 2_000  # not the tab's content
    page.locator("#networks-compare").click()
    page.locator("#networks-result .fer-compared").wait_for(timeout=90_000)
    assert "\n".join(objections(page)) == ""


def test_about(quiet_page):
    open_tab(quiet_page, "About")
    assert "\n".join(objections(quiet_page)) == ""


def test_the_elements_that_are_not_checked_exist_and_are_gradios_own(quiet_page, tmp_path):
    open_tab(quiet_page, "Recording")
    quiet_page.locator("#recording-comparison button").first.click()
    (tmp_path / "no.json").write_text("{}")
    field = quiet_page.locator("#comparison-input input[type=file]")
    field.set_input_files(tmp_path / "no.json")
    quiet_page.locator("#comparison-result .fer-message").wait_for()
    for _, selector, _ in PASSED_OVER:
        found = quiet_page.locator(selector)
        assert found.count(), selector
        assert found.first.evaluate("(element) => !/fer-/.test(element.id + element.className)")


def test_a_violation_is_found(quiet_page):
    quiet_page.evaluate(
        """() => document.querySelector('.fer-hero').insertAdjacentHTML('beforeend',
          '<h5>Too deep</h5><p style="color: #ccc; background: #ddd">faint</p>')"""
    )
    rules = {line.split()[1] for line in objections(quiet_page)}
    assert rules == {"heading-order", "color-contrast"}


def test_a_violation_for_a_moment_only_does_not_count():
    faint = {"id": "color-contrast", "nodes": [{"target": ["p"], "failureSummary": "faint"}]}
    answers = iter([[faint], [], [faint], [faint]])  # twice in each theme

    def evaluate(script, *_):
        return {"violations": next(answers)} if "axe.run" in script else True

    waits = {"wait_for_timeout": lambda _: None, "wait_for_function": lambda _: None}
    page = SimpleNamespace(evaluate=evaluate, **waits)
    assert objections(page) == ["light: color-contrast p: faint"]
