"""The report in Chromium: on a page's and a telephone's width, light and dark, and on paper."""

from pathlib import Path

import numpy as np
import pytest

from fer.i18n import use_language
from fer.timeline.chart import timeline_html
from fer.timeline.marks import BASELINE, Mark
from fer.timeline.report import report_html
from fer.timeline.summary import summarise
from fer.timeline.summary_table import summary_html
from fer.ui.theme import STYLESHEETS
from tests.e2e.accessibility import objections
from tests.e2e.browser import CHROMIUM
from tests.timeline.frames import frame, mix, origin, recorded, steady

pytestmark = pytest.mark.browser

PAINTED = "getComputedStyle(document.querySelector('.fer-line')).stroke"


LINE_COLORS = {"light": "rgb(13, 104, 97)", "dark": "rgb(98, 217, 199)"}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return saved(watched(), tmp_path_factory.mktemp("report") / "report.html")


def watched():
    """Two faces in the person view, surprised from 0:30 to 0:40."""
    calm, startled = mix(neutral=0.9, happy=0.1), mix(surprise=0.8, neutral=0.2)
    frames = [(frame([startled if 30 <= i < 40 else calm] * 2), i) for i in range(60)]
    return recorded(frames, view="person")


def saved(timeline, path):
    """Write a report of everything; return its address."""
    picture = [("0:30", np.full((90, 160, 3), 128, np.uint8))]
    metadata = origin(
        "A_long_name_" * 6,
        warning="A part could not be read.",
        started="2026-11-29T14:03:05+00:00",
    )
    page = report_html(timeline, metadata, picture)
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def sheet(playwright, report):
    """The report, opened without a network; what goes wrong ends up in `trouble`."""
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    page = browser.new_page(offline=True)
    page.trouble = []
    page.on("console", lambda message: page.trouble.append(message.text))
    page.on("requestfailed", lambda request: page.trouble.append(request.url[:80]))
    page.goto(report)
    yield page
    browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_fits_the_screen(sheet, width, scheme):
    sheet.set_viewport_size({"width": width, "height": 900})
    sheet.emulate_media(color_scheme=scheme, media="screen")
    assert sheet.evaluate("document.documentElement.scrollWidth") == width
    assert sheet.evaluate(PAINTED) == LINE_COLORS[scheme]
    assert sheet.locator(".fer-drawing").first.bounding_box()["width"] > 0.7 * width - 100
    ratios = sheet.evaluate(Path(__file__).with_name("contrast.js").read_text())
    assert len(ratios) > 40
    assert [(text, ratio) for text, ratio in ratios if ratio < 4.5] == []
    assert sheet.trouble == []


def test_axe_finds_no_violations(sheet, tmp_path):
    timeline = watched()
    timeline.marks = (
        Mark(0, 20, "baseline", "reading"),
        Mark(30, 40, "stretch", "a bang"),
        Mark(50, 50, "event", "bell"),
    )
    page = sheet.context.browser.new_page(offline=True)
    page.goto(saved(timeline, tmp_path / "marked.html"))
    page.emulate_media(reduced_motion="reduce")
    assert page.locator(".fer-comparison").count() and page.locator(".marks").count()
    assert "\n".join(objections(page, emulated=True)) == ""
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prints_light(sheet, scheme):
    sheet.emulate_media(color_scheme=scheme, media="print")
    assert sheet.evaluate(PAINTED) == LINE_COLORS["light"]
    ground = sheet.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert sheet.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") in (2, 3)


def test_a_finger_that_scrolls_or_drags_over_the_chart_leaves_nothing_behind(sheet):
    sheet.set_viewport_size({"width": 390, "height": 900})
    sheet.emulate_media(media="screen")
    chart = sheet.locator(".fer-chart")
    drawing = chart.locator(".fer-drawing").first
    box = drawing.bounding_box()
    left, right = box["x"] + box["width"] / 4, box["x"] + box["width"] / 2

    def touch(name, x):
        drawing.dispatch_event(name, {"clientX": x, "clientY": box["y"], "isPrimary": True})

    touch("pointerdown", left)
    touch("pointermove", left + 9)
    touch("pointercancel", left + 9)  # the page scrolls
    touch("pointermove", right)
    touch("pointerup", right)
    assert not chart.evaluate("(chart) => 'zoomed' in chart.dataset || 'drag' in chart.dataset")
    touch("pointerdown", left)
    touch("pointermove", right)
    touch("pointerup", right)
    assert chart.get_attribute("data-zoomed") is not None
    sheet.get_by_role("button", name="Whole").click()  # the first tap after it
    assert chart.get_attribute("data-zoomed") is None
    assert sheet.trouble == []


def over(sheet, second):
    """Return the place of a second in the first plot, to move the pointer to."""
    drawing = sheet.locator(".fer-chart .fer-drawing").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    return box["x"] + box["width"] * second / 60, box["y"] + 20


@pytest.fixture
def wide(sheet):
    """The report on a desktop's screen; nothing is to go wrong in it."""
    sheet.set_viewport_size({"width": 1280, "height": 900})
    sheet.emulate_media(media="screen")
    yield sheet
    assert sheet.trouble == []


def test_the_chart_shows_values_at_the_pointer_and_by_keys(wide):
    values = wide.get_by_role("slider")
    wide.mouse.move(*over(wide, 35.5))
    clock, text = values.inner_text().split(" \N{MIDDLE DOT} ")
    assert text == "0:35, 2.0 faces: surprise 80%, neutral 20%; index +0.00"
    assert clock == wide.evaluate("new Date('2026-11-29T14:03:40Z').toLocaleTimeString()")
    begun = wide.evaluate("new Date('2026-11-29T14:03:05Z').toLocaleString()")
    assert f"Started {begun}." in wide.locator(".fer-chart + .fer-note").inner_text()
    values.focus()
    wide.keyboard.press("Home")
    assert "0:00, 2.0 faces: neutral 90%, happy" in values.get_attribute("aria-valuetext")
    wide.keyboard.press("ArrowRight")
    wide.keyboard.press("PageUp")
    assert values.get_attribute("aria-valuenow") == "11"


def test_the_chart_has_the_language_of_the_document(wide):
    wide.evaluate("document.documentElement.lang = 'de'")
    wide.mouse.move(*over(wide, 35))
    german = wide.evaluate("new Date('2026-11-29T14:03:40Z').toLocaleTimeString('de')")
    text = wide.get_by_role("slider").inner_text()
    wide.evaluate("document.documentElement.lang = 'en'")
    assert text.startswith(f"{german} \N{MIDDLE DOT} 0:35, 2,0")


def test_the_chart_hides_series(wide):
    area = wide.locator(".fer-chart .fer-areas").first.locator("path").first
    before = area.get_attribute("d")
    wide.get_by_role("button", name="neutral").click()
    assert area.get_attribute("d") != before
    assert "neutral" not in wide.get_by_role("slider").inner_text()
    wide.get_by_role("button", name="neutral").click()
    assert area.get_attribute("d") == before


def test_the_chart_zooms(wide):
    values, chart = wide.get_by_role("slider"), wide.locator(".fer-chart")
    wide.evaluate("document.addEventListener('click', () => { window.clicked = true; })")
    wide.mouse.move(*over(wide, 30))
    wide.mouse.down()
    wide.mouse.move(*over(wide, 40), steps=4)
    wide.mouse.up()
    assert not wide.evaluate("window.clicked")  # it would seek a recording's video
    span = [float(chart.get_attribute(name)) for name in ("data-from", "data-to")]
    assert span == pytest.approx([30, 40], abs=0.3)
    assert chart.locator(".fer-times span").first.inner_text() in ("0:30", "0:31")
    wide.mouse.move(*over(wide, 20))
    assert "\N{MIDDLE DOT} 0:3" in values.inner_text()
    values.focus()
    wide.keyboard.press("-")
    assert float(chart.get_attribute("data-to")) - float(chart.get_attribute("data-from")) > 15
    wide.get_by_role("button", name="Whole").click()
    assert (chart.get_attribute("data-from"), chart.get_attribute("data-to")) == ("0", "60")


MORPH = """(old, html) => {
  const change = (one, other) => {
    if (one.nodeName !== other.nodeName) return one.replaceWith(other);
    if (one.nodeType === Node.TEXT_NODE) return (one.data = other.data);
    const gone = [...one.attributes].filter(({ name }) => !other.hasAttribute(name));
    for (const { name } of gone) one.removeAttribute(name);
    for (const { name, value } of other.attributes) one.setAttribute(name, value);
    const [before, after] = [[...one.childNodes], [...other.childNodes]];
    before.slice(after.length).forEach((child) => child.remove());
    after.forEach((child, i) => (before[i] ? change(before[i], child) : one.append(child)));
  };
  change(old, new DOMParser().parseFromString(html, "text/html").body.firstChild);
}"""
"""Changes an element's content as Gradio's HTML component does: the elements stay."""


def test_a_chart_whose_content_changes_states_its_own_values(sheet, report):
    page = sheet.context.browser.new_page(offline=True)
    page.goto(report)
    values, chart = page.get_by_role("slider"), page.locator(".fer-chart")
    values.press("PageUp")
    for key in ("PageUp", "PageUp", "ArrowRight", "ArrowRight", "+", "+"):
        values.press(key)
    assert "0:32" in values.inner_text() and "surprise 80%" in values.inner_text()
    zoomed = [chart.get_attribute(name) for name in ("data-from", "data-to")]

    marked = watched()
    marked.marks = (Mark(31, 35, "left out"),)
    chart.evaluate(MORPH, str(timeline_html(marked, level=3)))
    assert [chart.get_attribute(name) for name in ("data-from", "data-to")] == zoomed
    assert chart.get_attribute("data-zoomed") is not None
    place = float(chart.locator(".fer-mark").first.evaluate("mark => parseFloat(mark.style.left)"))
    assert place == pytest.approx(100 * (31 - float(zoomed[0])) / 15, abs=0.1)
    values.press("ArrowRight")
    assert "0:33" in values.inner_text() and "no figure" in values.inner_text()
    for _ in range(9):  # beyond the stretch in view
        values.press("ArrowRight")
    assert float(chart.get_attribute("data-from")) > float(zoomed[0])
    assert chart.get_attribute("data-cursor") is not None

    marked.marks += (Mark(70, 70, "event", "in the sound after the last picture"),)
    chart.evaluate(MORPH, str(timeline_html(marked, duration=70, level=3)))
    page.get_by_role("button", name="Whole").click()
    assert chart.get_attribute("data-to") == "71"

    chart.evaluate(MORPH, str(timeline_html(steady(20, 5, happy=1.0), level=3)))
    assert chart.get_attribute("data-zoomed") is None
    drawing = chart.locator(".fer-drawing").first
    box = drawing.bounding_box()
    tap = {"clientX": box["x"] + box["width"] / 2, "clientY": box["y"] + 5, "isPrimary": True}
    drawing.dispatch_event("pointerdown", tap)  # a finger's, which doesn't move
    assert values.inner_text().startswith("0:10, 5.0 faces: happy 100%")

    day = recorded([(frame([mix(happy=1)]), 24 * 3600 - 1)], view="person")
    chart.evaluate(MORPH, str(timeline_html(day, level=3)))
    chart.get_by_role("button", name="happy").click()  # draws the axis again
    assert chart.locator(".fer-times span").all_inner_texts() == ["0:00", "8:00:00", "16:00:00"]
    page.close()


def test_the_table_of_faces_fits_beside_the_inputs_in_the_language_of_the_longest_words(sheet):
    timeline = watched()
    with use_language("de"):
        table = summary_html(summarise(timeline), timeline)
    page = sheet.context.browser.new_page()
    style = "".join(path.read_text(encoding="utf-8") for path in STYLESHEETS)
    inside = f'<div class="prose" style="width: 602px">{table}</div>'
    page.set_content(f'<style>{style}</style><div id="recording-result">{inside}</div>')
    widths = page.locator(".fer-table").evaluate("table => [table.scrollWidth, table.clientWidth]")
    page.close()
    assert widths[0] <= widths[1]


def test_the_title_of_a_table_wraps_in_what_is_in_sight_of_a_narrow_screen(sheet):
    timeline = watched()
    timeline.marks = (Mark(0, 20, BASELINE, ""),)
    page = sheet.context.browser.new_page(viewport={"width": 390, "height": 800})
    page.set_content(report_html(timeline, origin("Wide")))
    ends = page.locator(".fer-table").evaluate_all(
        """tables => tables.filter((table) => table.scrollWidth > table.clientWidth)
        .map((table) => {
          table.scrollLeft = 40;
          return [table.querySelector("caption"), table].map(
            (box) => box.getBoundingClientRect().right);
        })"""
    )
    page.close()
    assert ends and all(caption <= table for caption, table in ends)
