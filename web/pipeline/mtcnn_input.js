// What MTCNN's networks get of a picture: brightened if it is dark, cropped, at their input sizes.
// Mirrors fer/vision/mtcnn_input.py.

import { boxCenter } from "./boxes.js";
import { create, view } from "./picture.js";
import { halve, resizeLinear } from "./resize.js";
import { cutRotatedSquare } from "./rotation.js";
import { clip, round } from "./math.js";

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

/** Returns a picture as it is, or a brighter copy of it where it is dark. */
export function brighten(picture, constants) {
  const gain = brighteningGain(picture, constants);
  return gain === null ? picture : scaled(picture, gain);
}

/** Returns the factor by which a dark picture is brightened, null for one that isn't dark. */
function brighteningGain(picture, constants) {
  const { BRIGHT_SHARE, DARK_BELOW, GLANCE_SHARE, GLANCE_STEP, MAX_GAIN, SAMPLING_STEP, TARGET } = constants;
  const { width, height } = picture;
  const glance = sampled(picture, GLANCE_STEP, false);
  if (atLeast(glance, DARK_BELOW) > GLANCE_SHARE * glance.length) return null;
  const step = Math.min(SAMPLING_STEP, 1 + Math.floor(Math.min(width, height) / 64));
  const brightness = sampled(picture, step, true);
  if (atLeast(brightness, DARK_BELOW) >= BRIGHT_SHARE * brightness.length) return null;
  const highest = Math.max(quantile(brightness, 1 - BRIGHT_SHARE), 1);
  return Math.min(TARGET / highest, MAX_GAIN);
}

const atLeast = (values, least) => values.reduce((count, value) => count + (value >= least), 0);

/** Returns the channels of one pixel in so many across and down, or the highest of each. */
function sampled({ data, width, height, offset, stride }, step, highest) {
  const values = [];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const at = offset + y * stride + 4 * x;
      if (highest) values.push(Math.max(data[at], data[at + 1], data[at + 2]));
      else values.push(data[at], data[at + 1], data[at + 2]);
    }
  }
  return values;
}

function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (place - Math.floor(place)) * (above - below);
}

function scaled({ data, width, height, offset, stride }, gain) {
  const levels = Uint8Array.from({ length: 256 }, (_, level) => Math.min(round(level * gain), 255));
  const brighter = create(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = offset + y * stride; x < width; x++, from += 4, to += 4) {
      brighter.data[to] = levels[data[from]];
      brighter.data[to + 1] = levels[data[from + 1]];
      brighter.data[to + 2] = levels[data[from + 2]];
    }
  }
  return brighter;
}
