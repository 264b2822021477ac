// Crops of a picture, upright or tilted, at the input sizes of MTCNN's networks. Mirrors fer/vision/mtcnn_crops.py.

import { boxCenter } from "./boxes.js";
import { view } from "./picture.js";
import { halve, resizeLinear } from "./resize.js";
import { cutRotatedSquare } from "./rotation.js";
import { clip, round } from "./rounding.js";

const halves = new WeakMap(); // picture -> its half; all copies in a pyramid begin with the same ones

function halfOf(picture) {
  if (!halves.has(picture)) halves.set(picture, halve(picture));
  return halves.get(picture);
}

/** Returns a copy at another size: halved as often as possible, then interpolated. */
export function resize(picture, width, height) {
  while (picture.width >= 2 * width && picture.height >= 2 * height) picture = halfOf(picture);
  return resizeLinear(picture, width, height);
}

/** Cuts a box out, at the picture's edge what is left of it, at one size; null where nothing is left. */
export function cropBox(picture, box, side) {
  const [x1, y1, x2, y2] = box.map(Math.trunc);
  const [left, top] = [Math.max(x1 - 1, 0), Math.max(y1 - 1, 0)];
  const [right, bottom] = [Math.min(x2, picture.width), Math.min(y2, picture.height)];
  return right > left && bottom > top ? resize(view(picture, left, top, right, bottom), side, side) : null;
}

/** Cuts a square out that is tilted by some degrees, at one size. */
export function cropTilted(picture, square, degrees, side, maxScale) {
  const length = Math.max(square[2] - square[0], 1);
  const fine = clip(round(length), side, maxScale * side);
  return resize(cutRotatedSquare(picture, boxCenter(square), length, degrees, fine), side, side);
}
