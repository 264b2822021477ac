"""Faces for the stand-in, and what the page draws of them."""

import json

from fer.colors import COLORS

TELL = """(message) => {
  window.channel ??= new BroadcastChannel("stand-in");
  window.channel.postMessage(message);
}"""

DRAWN = """({ box: [x1, y1, x2, y2], color, reach }) => {
  const [canvas, video] = ["canvas", "video"].map((name) =>
    document.querySelector(`.fer-stage ${name}`));
  const scale = canvas.width / video.videoWidth;
  const context = canvas.getContext("2d");
  const edge = (x) => { // the share of rows in which a mirrored x has the colour
    const at = Math.round((video.videoWidth - x) * scale), top = Math.round((y1 + 12) * scale);
    const height = Math.round((y2 - y1 - 24) * scale);
    const { data } = context.getImageData(at - reach, top, 2 * reach, height);
    let rows = 0;
    for (let y = 0; y < height; y++) {
      const colored = (x) =>
        color.every((value, i) => Math.abs(data[4 * (y * 2 * reach + x) + i] - value) < 30);
      rows += Array.from({ length: 2 * reach }, (_, x) => colored(x)).some(Boolean);
    }
    return rows / height;
  };
  return [edge(x1), edge(x2)];
}"""

BOX = (225, 84, 336, 218)
"""The astronaut's face in the camera's picture, which the page mirrors."""

TEN_TIMES_AS_FAST = """
const now = performance.now.bind(performance);
performance.now = () => 10 * now();
"""
"""Lets the page's clock run, so that a test doesn't last."""

WHITE = (255, 255, 255)


def face(box=BOX, expression="happy", probability=0.93, track=1, state="named"):
    """A face that the stand-in finds."""
    return {
        "box": list(box),
        "expression": expression,
        "probability": probability,
        "track": track,
        "state": state,
    }


def row(number, **more):
    """So many faces side by side, with tracks from 1."""
    return [
        face((10 + 105 * i, 60, 100 + 105 * i, 170), track=i + 1, **more) for i in range(number)
    ]


def show_faces(page, *faces, **more):
    """Let the stand-in find these faces, or fail; see `delay` and others in stand_in.js."""
    page.evaluate(TELL, {"faces": list(faces), **more})


def start(page, *faces):
    """Start the camera with these faces in view, and wait for the first result."""
    show_faces(page, *faces)
    page.get_by_role("button", name="Start camera").click()
    page.locator("#panel .fer-rate").wait_for()


def rgb(label):
    """A label's colour as three numbers."""
    return [int(COLORS[label][i : i + 2], 16) for i in (1, 3, 5)]


def drawn(page, box, color):
    """The share of a box's left and of its right edge that has a colour, RGB."""
    return page.evaluate(DRAWN, {"box": list(box), "color": list(color), "reach": 4})


def wait_until_drawn(page, box, color):
    """Wait for both edges of a box in a colour; a moving camera takes it up to 5 pixels away."""
    given = {"box": list(box), "color": list(color), "reach": 10}
    page.wait_for_function(f"(given) => Math.min(...({DRAWN})(given)) > 0.9", arg=given)


def saved(page, kind):
    """The text of the timeline as the page saves it, "csv" or "json"."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {kind.upper()}").click()
    assert download.value.suggested_filename == f"timeline.{kind}"
    return download.value.path().read_text(encoding="utf-8")


def document(page):
    """The saved JSON, read."""
    return json.loads(saved(page, "json"))
