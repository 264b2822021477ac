// Whether a browser reads pictures truly, with canvases that answer as browsers do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readsTrue } from "../../fer/ui/shared_js/canvas_reading.js";

/** Returns a canvas whose pixels `change` gives instead of those that were filled, red and green. */
function canvas(change) {
  const squares = [];
  const context = {
    fillRect(left) { squares.push([left, this.fillStyle.match(/\d+/g).map(Number)]); },
    getImageData: (x) => ({ data: change(squares.findLast(([left]) => left <= x)[1]) }),
  };
  return { getContext: () => context };
}

test("pixels as they were drawn are read, also with noise in the lowest bits", () => {
  assert.ok(readsTrue(canvas((color) => color)));
  assert.ok(readsTrue(canvas((color) => color.map((value) => value ^ 3))));
});

test("a browser that gives white or random pixels is found out", () => {
  assert.ok(!readsTrue(canvas(() => [255, 255, 255])));
  assert.ok(!readsTrue(canvas(([red]) => [(red * 7 + 99) % 256, 20, 200])));
});
