// A tracked face's coarse appearance: enough to tell which of the faces in view it may be. It recognizes nobody.
// Mirrors fer/vision/appearance.py.

import { boxCenter, boxSize } from "./boxes.js";
import { create } from "./picture.js";
import { resizeArea } from "./resize.js";
import { mean, range } from "./math.js";

const CHANNELS = [0, 1, 2];

/** Describes the faces of one stream, each once in a while. */
export class AppearanceMemory {
  constructor({ appearance: constants }) {
    Object.assign(this, { constants, known: [] }); // {box, row, time} of each face of the frame before
  }

  /** Returns a row of numbers per face; of one that hardly moved, alone at its place, that of a moment before. */
  computeDescriptors(picture, faces, time, changed) {
    this.known = faces.map(({ box }) => {
      const before = changed ? null : this.find(box, time);
      if (before) return { ...before, box };
      return { box, row: computeDescriptors(picture, box, this.constants), time };
    });
    return this.known.map(({ row }) => row);
  }

  /** Returns the face of before whose description holds. */
  find(box, time) {
    const { MOVED, NEARBY, REUSED_FOR } = this.constants;
    const offset = (other) => Math.max(...box.map((edge, i) => Math.abs(edge - other.box[i])));
    const near = this.known.filter((other) => offset(other) < NEARBY * boxSize(box));
    if (near.length !== 1) return null;
    return offset(near[0]) <= MOVED * boxSize(box) && time - near[0].time <= REUSED_FOR ? near[0] : null;
  }
}

/** Returns the difference in appearance of two faces; from 1 on they differ. */
export function appearanceCost(one, other, { DISTANCE_UNIT }) {
  let total = 0;
  for (let i = 0; i < one.length; i++) total += (one[i] - other[i]) ** 2;
  return Math.sqrt(total) / DISTANCE_UNIT;
}

/** Describes a face: a layout of colours, and their distribution. */
export function computeDescriptors(picture, box, constants) {
  const { CONTRAST, CONTRAST_OFFSET, DISTRIBUTION_WEIGHT, LAYOUT_SIDE, QUANTILES, SAMPLED_SIDE } = constants;
  const small = resizeArea(surroundings(picture, box, constants), SAMPLED_SIDE, SAMPLED_SIDE);
  const lab = toLab(small);
  const lightness = lab.filter((_, i) => i % 3 === 0);
  const average = mean(lightness);
  const variance = lightness.reduce((total, value) => total + (value - average) ** 2, 0) / lightness.length;
  const scale = CONTRAST / (Math.sqrt(variance) + CONTRAST_OFFSET);
  for (let i = 0; i < lab.length; i += 3) lab[i] = (lab[i] - average) * scale;
  const sorted = CHANNELS.map((channel) => lab.filter((_, i) => i % 3 === channel).sort());
  const distribution = QUANTILES.flatMap((rank) => sorted.map((values) => DISTRIBUTION_WEIGHT * values[rank]));
  return [...layout(lab, SAMPLED_SIDE, LAYOUT_SIDE).map((value) => value / LAYOUT_SIDE), ...distribution];
}

/** Returns the mean of each cell, channels last. */
function layout(lab, side, cells) {
  const step = side / cells;
  return range(cells * cells * 3).map((index) => {
    const [row, column, channel] = [Math.floor(index / (3 * cells)), Math.floor(index / 3) % cells, index % 3];
    let total = 0;
    for (let y = row * step; y < (row + 1) * step; y++) {
      for (let x = column * step; x < (column + 1) * step; x++) total += lab[3 * (y * side + x) + channel];
    }
    return total / step ** 2;
  });
}

/** Returns the part of a picture about a face, of a large one single pixels; at least one. */
function surroundings(picture, box, { SAMPLED_SIDE, SURROUNDINGS }) {
  const { width, height } = picture;
  const half = (SURROUNDINGS / 2) * boxSize(box);
  const [x, y] = boxCenter(box);
  const step = Math.max(1, Math.trunc(half / SAMPLED_SIDE)); // two or more pixels are averaged into one
  const left = Math.min(Math.max(0, Math.trunc(x - half)), width - 1);
  const top = Math.min(Math.max(0, Math.trunc(y - half)), height - 1);
  const right = Math.min(Math.max(left + 1, Math.trunc(x + half)), width);
  const bottom = Math.min(Math.max(top + 1, Math.trunc(y + half)), height);
  return everyPixel(picture, left, top, right, bottom, step);
}

function everyPixel({ data, offset, stride }, left, top, right, bottom, step) {
  const sampled = create(Math.ceil((right - left) / step), Math.ceil((bottom - top) / step));
  for (let y = top, to = 0; y < bottom; y += step) {
    for (let x = left; x < right; x += step, to += 4) {
      const from = offset + y * stride + 4 * x;
      for (const channel of CHANNELS) sampled.data[to + channel] = data[from + channel];
    }
  }
  return sampled;
}

const linear = Float64Array.from(range(256), (level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

const cubeRoot = (value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);

/** Returns CIE L*a*b*, channels last; OpenCV's own, from a table, differs by 0.1 in the mean. */
function toLab({ data, width, height }) {
  const lab = new Float32Array(3 * width * height);
  for (let from = 0, to = 0; to < lab.length; from += 4, to += 3) {
    const [red, green, blue] = [linear[data[from]], linear[data[from + 1]], linear[data[from + 2]]];
    const x = cubeRoot((0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.950456);
    const luminance = 0.212671 * red + 0.71516 * green + 0.072169 * blue;
    const y = cubeRoot(luminance);
    const z = cubeRoot((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.088754);
    lab[to] = luminance > 0.008856 ? 116 * y - 16 : 903.3 * luminance;
    lab[to + 1] = 500 * (x - y);
    lab[to + 2] = 200 * (y - z);
  }
  return lab;
}
