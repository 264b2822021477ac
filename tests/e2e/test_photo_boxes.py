"""The boxes over a photo of a crowd in Chromium: each number can be read and pressed."""

import numpy as np
import pytest
from supervision import Detections

from fer.labels import EXPRESSIONS
from fer.ui.faces import result_html
from fer.ui.theme import STYLESHEETS
from tests.e2e.browser import CHROMIUM

pytestmark = pytest.mark.browser

ON_TOP = """tag => {
  const box = tag.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return tag.contains(top);
}"""


@pytest.fixture
def crowd(playwright):
    """Six faces in two rows, each lower box begun within the upper one; the first is chosen."""
    corners = [(x, y) for x in (50, 250, 450) for y in (20, 110)]
    faces = Detections(
        xyxy=np.array([(x, y, x + 80, y + 100) for x, y in corners], np.float32),
        data={"probabilities": np.eye(7, dtype=np.float32)[:6]},
    )
    image = np.full((240, 640, 3), 90, np.uint8)
    page_html = result_html(image, faces, EXPRESSIONS[:6])
    style = "".join(path.read_text(encoding="utf-8") for path in STYLESHEETS)
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    page = browser.new_page()
    page.set_content(f'<style>{style}</style><div id="photo-result">{page_html}</div>')
    yield page
    browser.close()


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
