// The golden files, which `python -m web.golden` writes, and how near to them JavaScript must be.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { create, quarterTurn } from "../pipeline/picture.js";

const folder = new URL("golden/", import.meta.url);
const SIDE = 256; // of the picture

export const BOX_TOLERANCE = 1; // pixel by which boxes may differ, and landmarks
export const PROBABILITY_TOLERANCE = 0.02;
const LEVEL = 1; // of 255, by which pixels may: rounding of halves

export const golden = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

/** Returns a configuration that throws where a name is asked for that Python no longer has. */
export function strict(config) {
  if (config === null || typeof config !== "object" || Array.isArray(config)) return config;
  return new Proxy(config, {
    get(values, name) {
      if (typeof name === "string" && !(name in values)) throw new Error(`The configuration has no ${name}.`);
      return strict(values[name]);
    },
  });
}

/** Returns the picture that all files are about. */
export function goldenPicture() {
  const bytes = gunzipSync(readFileSync(new URL("picture.rgb.gz", folder)));
  const picture = create(SIDE, SIDE);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) picture.data.set(bytes.subarray(from, from + 3), to);
  return picture;
}

/** Returns the picture with `gain` / 256 of its light. */
export function darkened(picture, gain) {
  return { ...picture, data: picture.data.map((level) => Math.floor((level * gain) / 256)) };
}

/** Returns a frame of a script: the picture at each place, [left, top, quarters counterclockwise]. */
export function drawFrame(picture, places, [width, height]) {
  const frame = create(width, height);
  for (const [left, top, quarters] of places) {
    const turned = quarters ? quarterTurn(picture, 360 - 90 * quarters) : picture;
    for (let y = Math.max(top, 0); y < Math.min(top + turned.height, height); y++) {
      for (let x = Math.max(left, 0); x < Math.min(left + turned.width, width); x++) {
        const from = 4 * ((y - top) * turned.width + x - left);
        frame.data.set(turned.data.subarray(from, from + 3), 4 * (y * width + x));
      }
    }
  }
  return frame;
}

/** Returns the rows of a picture's pixels, as NumPy has them. */
export function pixelRows({ data, width, height, offset, stride }, step = 1) {
  const rows = [];
  for (let y = 0; y < height; y += step) {
    const row = [];
    for (let x = 0; x < width; x += step) row.push(Array.from(data.subarray(offset + y * stride + 4 * x).subarray(0, 3)));
    rows.push(row);
  }
  return rows;
}

export function assertNear(actual, expected, tolerance, what) {
  const [one, other] = [actual, expected].map((value) => [value].flat(Infinity));
  assert.equal(one.length, other.length, `${what}: how many`);
  one.forEach((value, i) => assert.ok(Math.abs(value - other[i]) <= tolerance, `${what}: ${value} instead of ${other[i]} at ${i}`));
}

export const assertPixels = (picture, expected, what, step) => assertNear(pixelRows(picture, step), expected, LEVEL, what);

/** Checks a face of the pipeline's; `expressions` are the names in their order. */
export function assertFace(face, expected, expressions, what) {
  const best = expected.expression ?? expected.probabilities.indexOf(Math.max(...expected.probabilities));
  assertNear(face.box, expected.box, BOX_TOLERANCE, `${what}: box`);
  assertNear(face.landmarks, expected.landmarks, BOX_TOLERANCE, `${what}: landmarks`);
  assertNear(face.confidence, expected.score, PROBABILITY_TOLERANCE, `${what}: confidence`);
  assertNear(face.probabilities, expected.probabilities, PROBABILITY_TOLERANCE, `${what}: probabilities`);
  assert.equal(face.expression, expressions[best], `${what}: expression`);
  assert.equal(face.turnedAway, expected.turned_away, `${what}: turned away`);
  for (const [name, value] of Object.entries(expected.quality)) {
    assertNear(face.quality[name], value, Math.max(Math.abs(value) * 0.02, 0.1), `${what}: ${name}`);
  }
}

/** Returns a picture as a browser has it. */
export function asImageData({ data, width, height, offset, stride }) {
  const bytes = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) bytes.set(data.subarray(offset + y * stride, offset + y * stride + 4 * width), 4 * y * width);
  return { data: bytes, width, height };
}
