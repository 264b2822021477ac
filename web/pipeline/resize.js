// Pictures at other sizes, byte for byte as OpenCV computes them, and grey ones as Pillow does.

import { create } from "./picture.js";
import { round, sum } from "./math.js";

const BITS = 11; // of the fixed-point weights in OpenCV's interpolation

const tables = new Map(); // weights by kind and sizes; a stream asks for the same again and again
const MAX_TABLES = 512;

function table(kind, from, to, make) {
  const key = `${kind} ${from} ${to}`;
  let known = tables.get(key);
  if (!known) {
    if (tables.size >= MAX_TABLES) tables.clear();
    tables.set(key, (known = make(from, to)));
  }
  return known;
}

/** Returns a copy of half the size, each pixel the mean of four; of an odd side the last pixel is left out. */
export function halve(picture) {
  const { data, offset, stride } = picture;
  const half = create(picture.width >> 1, picture.height >> 1);
  const { data: target, width, height } = half;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = offset + 2 * y * stride; x < width; x++, from += 8, to += 4) {
      const below = from + stride;
      target[to] = (data[from] + data[from + 4] + data[below] + data[below + 4] + 2) >> 2;
      target[to + 1] = (data[from + 1] + data[from + 5] + data[below + 1] + data[below + 5] + 2) >> 2;
      target[to + 2] = (data[from + 2] + data[from + 6] + data[below + 2] + data[below + 6] + 2) >> 2;
    }
  }
  return half;
}

/** Returns for each target pixel the two source pixels and their weights; the border's weights are 1 and 0. */
function linearTable(from, to, clamped, place) {
  const [first, second] = [new Int32Array(to), new Int32Array(to)];
  const [weight, other] = [new Int32Array(to), new Int32Array(to)];
  for (let i = 0; i < to; i++) {
    let [index, fraction] = place(i);
    if (clamped && (index < 0 || index >= from - 1)) [index, fraction] = [index < 0 ? 0 : from - 1, 0];
    first[i] = Math.min(Math.max(index, 0), from - 1);
    second[i] = Math.min(Math.max(index + 1, 0), from - 1);
    weight[i] = round(Math.fround(1 - fraction) * (1 << BITS));
    other[i] = round(fraction * (1 << BITS));
  }
  return { first, second, weight, other };
}

/** Returns the place between two pixels of the middle of a target pixel. */
const middle = (from, to) => (i) => {
  const place = Math.fround((i + 0.5) * (from / to) - 0.5);
  return [Math.floor(place), Math.fround(place - Math.floor(place))];
};

/** Returns the place that OpenCV's INTER_AREA takes where a side is enlarged. */
const enlarged = (from, to) => (i) => {
  const index = Math.floor(i * (from / to));
  const fraction = i + 1 - (index + 1) * (to / from);
  return [index, Math.fround(fraction <= 0 ? 0 : fraction - Math.floor(fraction))];
};

const columns = (from, to) => linearTable(from, to, true, middle(from, to));
const rows = (from, to) => linearTable(from, to, false, middle(from, to));
const enlargedColumns = (from, to) => linearTable(from, to, true, enlarged(from, to));
const enlargedRows = (from, to) => linearTable(from, to, false, enlarged(from, to));

/** Returns a copy at another size, interpolated between pixels: OpenCV's INTER_LINEAR. */
export function resizeLinear(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  return interpolate(picture, table("columns", picture.width, width, columns), table("rows", picture.height, height, rows));
}

function interpolate(picture, across, down) {
  const [width, height] = [across.first.length, down.first.length];
  const resized = create(width, height);
  const target = resized.data;
  const lines = [new Int32Array(3 * width), new Int32Array(3 * width)];
  const held = [-1, -1]; // which source row each line holds
  for (let y = 0, to = 0; y < height; y++) {
    if (held[1] === down.first[y]) {
      lines.reverse();
      held.reverse();
    }
    for (const [i, row] of [[0, down.first[y]], [1, down.second[y]]]) {
      if (held[i] === row) continue;
      interpolateRow(picture, row, across, lines[i]);
      held[i] = row;
    }
    const [upper, lower] = lines;
    const [weight, other] = [down.weight[y], down.other[y]];
    for (let i = 0; i < upper.length; to += 4) {
      for (let channel = 0; channel < 3; channel++, i++) {
        target[to + channel] = (((weight * (upper[i] >> 4)) >> 16) + ((other * (lower[i] >> 4)) >> 16) + 2) >> 2;
      }
    }
  }
  return resized;
}

function interpolateRow({ data, offset, stride }, row, { first, second, weight, other }, line) {
  const start = offset + row * stride;
  for (let x = 0, to = 0; x < first.length; x++, to += 3) {
    const [one, two] = [start + 4 * first[x], start + 4 * second[x]];
    const [share, rest] = [weight[x], other[x]];
    line[to] = data[one] * share + data[two] * rest;
    line[to + 1] = data[one + 1] * share + data[two + 1] * rest;
    line[to + 2] = data[one + 2] * share + data[two + 2] * rest;
  }
}

/** Returns for each target pixel its first source pixel, and the weights of that and the following ones. */
function areaTable(from, to) {
  const scale = from / to;
  const [first, weights] = [new Int32Array(to), []];
  for (let i = 0; i < to; i++) {
    const [start, end] = [i * scale, (i + 1) * scale];
    const cell = Math.min(scale, from - start);
    const last = Math.min(Math.floor(end), from - 1);
    const whole = Math.min(Math.ceil(start), last);
    const shares = [];
    if (whole - start > 1e-3) shares.push((whole - start) / cell);
    first[i] = whole - shares.length;
    for (let index = whole; index < last; index++) shares.push(1 / cell);
    if (end - last > 1e-3) shares.push(Math.min(end - last, 1, cell) / cell);
    weights.push(Float32Array.from(shares));
  }
  return { first, weights };
}

/** Returns a copy at another size, each pixel the mean of the area that it covers: OpenCV's INTER_AREA. */
export function resizeArea(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  if (picture.width === 2 * width && picture.height === 2 * height) return halve(picture);
  if (picture.width < width || picture.height < height) {
    const across = table("enlarged columns", picture.width, width, enlargedColumns);
    return interpolate(picture, across, table("enlarged rows", picture.height, height, enlargedRows));
  }
  return average(picture, table("area", picture.width, width, areaTable), table("area", picture.height, height, areaTable));
}

function average(picture, across, down) {
  const [width, height] = [across.first.length, down.first.length];
  const resized = create(width, height);
  const target = resized.data;
  const [line, total] = [new Float32Array(3 * width), new Float32Array(3 * width)];
  for (let y = 0, to = 0; y < height; y++) {
    total.fill(0);
    down.weights[y].forEach((weight, index) => {
      averageRow(picture, down.first[y] + index, across, line);
      for (let i = 0; i < line.length; i++) total[i] += weight * line[i];
    });
    for (let i = 0; i < total.length; to += 4) {
      for (let channel = 0; channel < 3; channel++, i++) target[to + channel] = round(total[i]);
    }
  }
  return resized;
}

function averageRow({ data, offset, stride }, row, { first, weights }, line) {
  const start = offset + row * stride;
  for (let x = 0, to = 0; x < first.length; x++, to += 3) {
    const shares = weights[x];
    let [red, green, blue] = [0, 0, 0];
    for (let i = 0, from = start + 4 * first[x]; i < shares.length; i++, from += 4) {
      red += shares[i] * data[from];
      green += shares[i] * data[from + 1];
      blue += shares[i] * data[from + 2];
    }
    line[to] = red;
    line[to + 1] = green;
    line[to + 2] = blue;
  }
}

/** Returns a copy at another size of single pixels: OpenCV's INTER_NEAREST. */
export function resizeNearest({ data, width: fromWidth, height: fromHeight, offset, stride }, width, height) {
  const resized = create(width, height);
  const target = resized.data;
  for (let y = 0, to = 0; y < height; y++) {
    const row = offset + Math.min(Math.floor(y * (fromHeight / height)), fromHeight - 1) * stride;
    for (let x = 0; x < width; x++, to += 4) {
      const from = row + 4 * Math.min(Math.floor(x * (fromWidth / width)), fromWidth - 1);
      target[to] = data[from];
      target[to + 1] = data[from + 1];
      target[to + 2] = data[from + 2];
    }
  }
  return resized;
}

const PILLOW_BITS = 22; // of the fixed-point weights in Pillow's resampling

/** Returns for each target pixel its first source pixel, and the weights of that and the following ones. */
function pillowTable(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const [first, weights] = [new Int32Array(to), []];
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    first[i] = Math.max(Math.trunc(center - reach + 0.5), 0);
    const count = Math.min(Math.trunc(center + reach + 0.5), from) - first[i];
    const shares = Array.from({ length: count }, (_, k) => Math.max(0, 1 - Math.abs((k + first[i] - center + 0.5) / reach)));
    const all = sum(shares);
    weights.push(Int32Array.from(shares, (share) => Math.trunc(0.5 + (share / all) * (1 << PILLOW_BITS))));
  }
  return { first, weights };
}

/** Returns grey bytes at another size: Pillow's BILINEAR, which averages where it shrinks. */
export function resizeGrey(values, width, height, toWidth, toHeight) {
  const across = width === toWidth ? values : resample(values, table("grey", width, toWidth, pillowTable), height, width, 1, toWidth, 1);
  return height === toHeight ? across : resample(across, table("grey", height, toHeight, pillowTable), toWidth, 1, toWidth, 1, toWidth);
}

/** Resamples `lines` lines along one axis; steps are from one line, or pixel, to the next. */
function resample(values, { first, weights }, lines, lineStep, step, toLineStep, toStep) {
  const target = new Uint8Array(lines * first.length);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < first.length; i++) {
      const shares = weights[i];
      let total = 1 << (PILLOW_BITS - 1);
      for (let k = 0, from = line * lineStep + first[i] * step; k < shares.length; k++, from += step) total += shares[k] * values[from];
      target[line * toLineStep + i * toStep] = total >> PILLOW_BITS;
    }
  }
  return target;
}
