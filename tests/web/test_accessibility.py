"""What axe-core objects to on the device page: nothing, in light and dark colours."""

import re

import pytest

from tests.e2e.accessibility import objections
from tests.web.faces import face, rgb, row, show_faces, start

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def quiet_page(page):
    """The page without motion, so that no color is seen on its way."""
    page.emulate_media(reduced_motion="reduce")
    return page


def test_live(quiet_page):
    page = quiet_page
    start(page, *row(6))
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    page.get_by_role("button", name="Stop timeline").click()
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("has not been saved").wait_for()
    assert "\n".join(objections(page, emulated=True)) == ""


def test_photo_and_about(quiet_page):
    page = quiet_page
    show_faces(page, face((170, 60, 290, 230)), face((400, 60, 430, 90), "sad", 0.8, 2))
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("button", name="Example: astronaut").click()
    page.get_by_role("button", name=re.compile("Face 1 happy")).wait_for()
    assert "\n".join(objections(page, emulated=True)) == ""
    page.get_by_role("tab", name="About").click()
    assert "\n".join(objections(page, emulated=True)) == ""


LOOKS = """() => {
  const style = (selector, pseudo) => getComputedStyle(document.querySelector(selector), pseudo);
  const colors = [[".fer-key li", "::before"], [".fer-track span"], ["#panel .fer-chip"]];
  const lines = ["true", "false"].map((chosen) => style(`[role=tab][aria-selected=${chosen}]`));
  return [
    ...colors.map((place) => style(...place).backgroundColor),
    ...lines.map(({ borderBottomWidth }) => borderBottomWidth),
  ];
}"""


def test_high_contrast_keeps_the_expressions_colors_and_shows_which_tab_is_open(quiet_page):
    page = quiet_page
    page.emulate_media(forced_colors="active")
    start(page, face())
    page.get_by_role("button", name="Start timeline").click()
    page.get_by_text("Recording 0:01").wait_for()
    key, bar, chip = (
        "rgb({}, {}, {})".format(*rgb(label)) for label in ("angry", "angry", "happy")
    )
    assert page.evaluate(LOOKS) == [key, bar, chip, "2px", "0px"]
