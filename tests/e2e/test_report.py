"""The report in Chromium: on a page's and a telephone's width, light and dark, and on paper."""

from pathlib import Path

import numpy as np
import pytest

from fer.timeline.report import report_html
from tests.e2e.browser import CHROMIUM
from tests.timeline.frames import frame, mix, recorded

pytestmark = pytest.mark.browser

PAINTED = "getComputedStyle(document.querySelector('.fer-line')).stroke"


LINE_COLORS = {"light": "rgb(13, 104, 97)", "dark": "rgb(98, 217, 199)"}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Two faces in the person view, surprised from 0:30 to 0:40."""
    calm, startled = mix(neutral=0.9, happy=0.1), mix(surprise=0.8, neutral=0.2)
    frames = [(frame([startled if 30 <= i < 40 else calm] * 2), i) for i in range(60)]
    picture = [("0:30", np.full((90, 160, 3), 128, np.uint8))]
    page = report_html(
        recorded(frames, view="person"), "A_long_name_" * 6, picture, "A part could not be read."
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prints_light(sheet, scheme):
    sheet.emulate_media(color_scheme=scheme, media="print")
    assert sheet.evaluate(PAINTED) == LINE_COLORS["light"]
    ground = sheet.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert sheet.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") in (2, 3)
