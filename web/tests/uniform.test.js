// Whether a camera's picture has a single colour, as fer/ui/live/camera_monitor.py finds it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isUniform } from "../page/uniform.js";

const RANGE = 3; // grey levels, as MAX_UNIFORM_RANGE

/** Returns a picture of one colour; `change` gives the levels of single pixels instead. */
function picture(change = () => null) {
  const [width, height] = [64, 48];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < width * height; at++) data.set(change(at % width, Math.floor(at / width)) ?? [120, 0, 0, 255], 4 * at);
  return { data, width, height };
}

test("a picture of a single colour is uniform, also with the noise of a closed shutter", () => {
  assert.ok(isUniform(picture(), RANGE));
  assert.ok(isUniform(picture((x, y) => [120 + ((x + y) % (RANGE + 1)), 0, 0, 255]), RANGE));
});

test("a small light that the samples miss is a picture, in any channel", () => {
  for (const light of [[124, 0, 0, 255], [120, 4, 0, 255], [120, 0, 4, 255]]) {
    assert.ok(!isUniform(picture((x, y) => (x === 37 && y === 21 ? light : null)), RANGE));
  }
});
