"""The boxes over a photo of a crowd in Chromium: each number can be read and pressed."""

import numpy as np
import pytest
from supervision import Detections

from fer.labels import EXPRESSIONS
from fer.ui.photo.views import result_html
from fer.ui.theme import STYLESHEETS
from tests.e2e.browser import CHROMIUM

pytestmark = pytest.mark.browser

ON_TOP = """tag => {
  const box = tag.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return tag.contains(top);
}"""


@pytest.fixture
def bare_page(playwright):
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    yield browser.new_page()
    browser.close()


def show(page, boxes, labels):
    """Show a photo, 640 x 240, with these boxes, as the page shows it."""
    probabilities = np.eye(7, dtype=np.float32)[[EXPRESSIONS.index(label) for label in labels]]
    faces = Detections(xyxy=np.array(boxes, np.float32), data={"probabilities": probabilities})
    page_html = result_html(np.full((240, 640, 3), 90, np.uint8), faces, labels)
    style = "".join(path.read_text(encoding="utf-8") for path in STYLESHEETS)
    page.set_content(f'<style>{style}</style><div id="photo-result">{page_html}</div>')


@pytest.fixture
def crowd(bare_page):
    """Six faces in two rows, each lower box begun within the upper one; the first is chosen."""
    corners = [(x, y) for x in (50, 250, 450) for y in (20, 110)]
    show(bare_page, [(x, y, x + 80, y + 100) for x, y in corners], EXPRESSIONS[:6])
    return bare_page


@pytest.mark.parametrize("chosen", range(6))
def test_no_frame_covers_a_number(crowd, chosen):
    press = "(boxes, n) => boxes.forEach((box, i) => box.setAttribute('aria-pressed', i === n))"
    crowd.locator(".fer-box").evaluate_all(press, chosen)
    tags = crowd.locator(".fer-tag").all()
    assert len(tags) == 6
    assert [tag.evaluate(ON_TOP) for tag in tags] == [True] * 6


def test_the_chosen_frame_stands_above_the_others(crowd):
    halo = "box => getComputedStyle(box, '::after').zIndex"
    boxes = crowd.locator(".fer-box")
    assert boxes.nth(0).evaluate(halo) == "1"
    assert boxes.nth(1).evaluate(halo) == "auto"


@pytest.mark.parametrize("top", [60, 0])  # the tag above its box, and within it
@pytest.mark.parametrize("width", [390, 1280])
def test_no_tag_leaves_the_picture(bare_page, width, top):
    bare_page.set_viewport_size({"width": width, "height": 844})
    boxes = [(left, top, left + 128, top + 120) for left in (0, 250, 508)]
    show(bare_page, boxes, ["surprise", "neutral", "surprise"])
    picture = bare_page.locator("#photo-result img").first.bounding_box()
    tags = [tag.bounding_box() for tag in bare_page.locator(".fer-tag").all()]
    assert len(tags) == 3 and sum(tag["width"] > 90 for tag in tags) >= 2  # the rest is a number
    for tag in tags:
        assert tag["x"] >= picture["x"] - 1
        assert tag["x"] + tag["width"] <= picture["x"] + picture["width"] + 1
    assert bare_page.evaluate("document.documentElement.scrollWidth") <= width
