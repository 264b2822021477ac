// What becomes of pixels, against Python's golden files.

import { test } from "node:test";
import { computeDescriptors } from "../pipeline/appearance.js";
import { rollCorrection } from "../pipeline/crops.js";
import { brighten, resize } from "../pipeline/mtcnn_input.js";
import { view } from "../pipeline/picture.js";
import { resizeArea, resizeLinear } from "../pipeline/resize.js";
import { cutRotatedSquare, rotateImage } from "../pipeline/rotation.js";
import { subsample } from "../pipeline/scene_change.js";
import { assertNear, assertPixels, darkened, golden, goldenPicture, strict } from "./golden.js";
import { readConfig } from "./node_pipeline.js";

const [expected, picture, config] = [golden("pixels.json"), goldenPicture(), strict(readConfig())];
const SMALL = [20, 15];
const FACE = [95, 55, 195, 185];
const GAINS = [256, 96, 40, 12];
const odd = view(picture, 0, 0, 236, 249);
const tiny = view(picture, 0, 0, 13, 9);

for (const [name, copy, step] of [
  ["mtcnn", () => resize(picture, ...SMALL)],
  ["linear", () => resizeLinear(tiny, ...SMALL)],
  ["area", () => resizeArea(odd, ...SMALL)],
  ["enlarged", () => resizeArea(tiny, ...SMALL)],
  ["turned", () => resize(rotateImage(picture, 90), ...SMALL)],
  ["tilted", () => resize(rotateImage(picture, 30), ...SMALL)],
  ["square", () => cutRotatedSquare(picture, [200, 40], 90, -25, 16)],
  ["subsample", () => subsample(odd, config.scene_change), 4],
]) {
  test(`a copy has Python's pixels: ${name}`, () => assertPixels(copy(), expected[name], name, step));
}

test("dark pictures are brightened as much as in Python", () => {
  const brightest = GAINS.map((gain) => {
    const { data } = brighten(darkened(picture, gain), config.mtcnn_input);
    return data.reduce((most, level, i) => (i % 4 < 3 ? Math.max(most, level) : most), 0);
  });
  assertNear(brightest, expected.brightest, 0, "brightest pixel");
});

test("a face's description is near Python's", () => {
  assertNear(computeDescriptors(picture, FACE, config.appearance), expected.description, 0.3, "description"); // of 15 for another face
});

test("crops are turned by as many degrees", () => {
  for (const [roll, degrees] of expected.roll_correction) assertNear(rollCorrection(roll, config.crops), degrees, 1e-9, `roll ${roll}`);
});
