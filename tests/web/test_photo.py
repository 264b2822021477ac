"""The on-device page's Photo tab: ways in, and what it keeps."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.web.faces import face, show_faces

pytestmark = pytest.mark.browser

RECORD_BITMAPS = """
const create = createImageBitmap;
window.bitmaps = [];
window.createImageBitmap = async (...options) => {
  const bitmap = await create(...options);
  bitmaps.push(bitmap);
  return bitmap;
};
"""

DROP = """([place, content]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt());
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "one.png", { type: "image/png" }));
  const send = (type) => document.querySelector(place)
    .dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  return ["dragover", "drop"].map((type) => !send(type)); // whether the browser does nothing itself
}"""

FIRST_PIXEL = """() => new Promise((resolve) =>
  new BroadcastChannel("photo").addEventListener("message", ({ data }) => resolve(data)))"""


def png(width, height, color=(90, 120, 150)):
    """A picture of one colour as a PNG file."""
    content = io.BytesIO()
    pixels = np.full((height, width, len(color)), color, np.uint8)
    Image.fromarray(pixels).save(content, "PNG")
    return {"name": "one.png", "mimeType": "image/png", "buffer": content.getvalue()}


@pytest.fixture
def photo(page):
    """The Photo tab; a photo has a face."""
    page.get_by_role("tab", name="Photo").click()
    show_faces(page, face((400, 20, 500, 120)))
    return page


def test_of_a_large_photo_only_what_is_shown_stays_in_memory(photo):
    photo.add_init_script(RECORD_BITMAPS)
    photo.reload()
    photo.get_by_role("tab", name="Photo").click()
    show_faces(photo, face((1024, 20, 2048, 120)))
    photo.locator("#file").set_input_files(png(8192, 300))
    box = photo.locator("#photo-result .fer-box")
    box.wait_for()
    assert photo.evaluate("bitmaps.map(({ width }) => width)") == [0, 0]
    canvas = photo.locator("#photo-result canvas").element_handle()
    assert canvas.evaluate("({ width, height }) => [width, height]") == [1280, 47]
    assert box.evaluate("(box) => box.style.getPropertyValue('--left')") == "25.00%"
    assert photo.get_by_role("img", name="Your photo, 1 face found").is_visible()
    photo.locator("#file").set_input_files(png(600, 300))
    assert canvas.evaluate("(old) => [old.isConnected, old.width]") == [False, 0]


def test_the_same_file_can_be_chosen_again(photo):
    photo.locator("#file").set_input_files(png(600, 300))
    photo.locator("#photo-result .fer-box").wait_for()
    assert photo.locator("#file").input_value() == ""


def test_what_is_announced_of_a_photo_is_not_of_the_one_before(photo):
    photo.locator("#file").set_input_files(png(600, 300))
    photo.get_by_text("1 face: 1 happy").wait_for(state="attached")
    text = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    photo.locator("#file").set_input_files(text)
    photo.get_by_text("This file is no picture").wait_for()
    assert photo.locator("#fer-spoken").inner_text() == ""


@pytest.mark.parametrize("place", ["#drop", "h1"])
def test_a_photo_is_dropped_on_the_field_or_beside_it(photo, place):
    content = base64.b64encode(png(600, 300)["buffer"]).decode()
    assert photo.evaluate(DROP, [place, content]) == [True, True]
    photo.locator("#photo-result .fer-box").wait_for()
    photo.get_by_role("tab", name="Live").click()
    assert photo.evaluate(DROP, [place, content]) == [True, True]
    assert photo.locator("#photo-result .fer-box").count() == 1  # the former one: nothing is read


def test_what_is_transparent_is_read_and_shown_as_white(photo):
    photo.locator("#file").set_input_files(png(600, 300, (200, 20, 20, 255)))
    photo.locator("#photo-result .fer-box").wait_for()
    photo.evaluate(f"void (window.first = ({FIRST_PIXEL})())")
    photo.locator("#file").set_input_files(png(600, 300, (0, 0, 0, 0)))
    assert photo.evaluate("window.first") == [255, 255, 255, 255]
    shown = photo.locator("#photo-result canvas").evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 1, 1).data]"
    )
    assert shown == [255, 255, 255, 255]
