// Detection of hard cuts in a stream, from small copies of its frames. Mirrors fer/vision/scene_change.py.

import { view } from "./picture.js";
import { resizeArea, resizeNearest } from "./resize.js";
import { mean, range, round } from "./math.js";

const CHANNELS = [0, 1, 2];

export class SceneChangeDetector {
  constructor({ scene_change: constants }) {
    Object.assign(this, { constants, reference: null, meanDifference: 0 });
  }

  /** Compares the next frame with the last one that showed something; returns {whole, cut}. */
  update(picture) {
    const { DIFFERENCE_EMA_DECAY, MIN_CUT_RATIO, MIN_CHANGE, MIN_CONTRAST, WHOLE_CHANGE } = this.constants;
    const [now, before] = [subsample(picture, this.constants), this.reference];
    if (!before || before.width !== now.width || before.height !== now.height) {
      Object.assign(this, { reference: now, meanDifference: 0 });
      return { whole: true, cut: false };
    }
    const difference = meanDifference(now, before);
    if (contrast(now) < MIN_CONTRAST) return { whole: difference > WHOLE_CHANGE, cut: false };
    const isolated = difference > MIN_CUT_RATIO * this.meanDifference;
    const cut = difference > MIN_CHANGE && isolated && !this.isSameScene(before, now);
    this.meanDifference = cut ? 0 : DIFFERENCE_EMA_DECAY * this.meanDifference + (1 - DIFFERENCE_EMA_DECAY) * difference;
    this.reference = now;
    return { whole: cut || difference > WHOLE_CHANGE, cut };
  }

  /** Returns whether a part of the picture stayed, or the whole of it shifted. */
  isSameScene(before, now) {
    const { MIN_CORRELATION, MIN_UNCHANGED, SAME_PIXEL } = this.constants;
    const [count, changes] = [now.width * now.height, CHANNELS.map((channel) => differences(now, before, channel))];
    const medians = changes.map(median);
    const unchanged = range(count).filter((i) => changes.every((values, c) => Math.abs(values[i] - medians[c]) <= SAME_PIXEL));
    if (unchanged.length / count >= MIN_UNCHANGED) return true;
    return Math.max(this.shiftedCorrelation(before, now), this.shiftedCorrelation(now, before)) >= MIN_CORRELATION;
  }

  /** Returns the best correlation of the middle of one picture with any place in another. */
  shiftedCorrelation(whole, other) {
    const { MIN_CONTRAST, SHIFT_MARGIN } = this.constants;
    const { width, height } = other;
    const [top, left] = [Math.trunc(SHIFT_MARGIN * height), Math.trunc(SHIFT_MARGIN * width)];
    const middle = view(other, left, top, width - left, height - top);
    if (contrast(middle) < MIN_CONTRAST) return 0;
    let best = -Infinity;
    for (let y = 0; y <= whole.height - middle.height; y++) {
      for (let x = 0; x <= whole.width - middle.width; x++) {
        best = Math.max(best, correlation(view(whole, x, y, x + middle.width, y + middle.height), middle));
      }
    }
    return best;
  }
}

/** Returns a small copy of a picture, with `SUBSAMPLED_SIDE` pixels along its longer side. */
export function subsample(picture, { PRESAMPLED, SUBSAMPLED_SIDE }) {
  const scale = SUBSAMPLED_SIDE / Math.max(picture.width, picture.height);
  const size = [picture.width, picture.height].map((length) => Math.max(1, round(length * scale)));
  return resizeArea(resizeNearest(picture, PRESAMPLED * size[0], PRESAMPLED * size[1]), ...size);
}

/** Calls with the place in `data` of each pixel's channel. */
function each({ width, height, offset, stride }, channel, call) {
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) call(offset + y * stride + 4 * x + channel);
}

function meanDifference(one, other) {
  let total = 0;
  for (const channel of CHANNELS) each(one, channel, (at) => (total += Math.abs(one.data[at] - other.data[at])));
  return total / (CHANNELS.length * one.width * one.height);
}

function differences(now, before, channel) {
  const values = [];
  each(now, channel, (at) => values.push(now.data[at] - before.data[at]));
  return values;
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Returns the sum and the sum of squares of a channel. */
function moments(picture, channel) {
  let [total, squares] = [0, 0];
  each(picture, channel, (at) => {
    total += picture.data[at];
    squares += picture.data[at] ** 2;
  });
  return [total, squares];
}

/** Returns the mean standard deviation of the channels. */
function contrast(picture) {
  const count = picture.width * picture.height;
  return mean(CHANNELS.map((channel) => {
    const [total, squares] = moments(picture, channel);
    return Math.sqrt(Math.max(squares / count - (total / count) ** 2, 0));
  }));
}

/** Returns the correlation of two pictures of one size: OpenCV's TM_CCOEFF_NORMED. */
function correlation(one, other) {
  const count = one.width * one.height;
  let [product, spread, otherSpread] = [0, 0, 0];
  for (const channel of CHANNELS) {
    const [total, squares] = moments(one, channel);
    const [otherTotal, otherSquares] = moments(other, channel);
    for (let y = 0; y < one.height; y++) {
      for (let x = 0; x < one.width; x++) {
        product += one.data[one.offset + y * one.stride + 4 * x + channel] * other.data[other.offset + y * other.stride + 4 * x + channel];
      }
    }
    product -= (total * otherTotal) / count;
    spread += squares - total ** 2 / count;
    otherSpread += otherSquares - otherTotal ** 2 / count;
  }
  const scale = Math.sqrt(Math.max(spread, 0) * otherSpread);
  return scale > 0 ? product / scale : 0;
}
