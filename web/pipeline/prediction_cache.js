// Prediction cache: a face that hasn't changed for a moment isn't classified again. Mirrors
// fer/vision/prediction_cache.py.

import { resizeArea } from "./resize.js";

export class PredictionCache {
  constructor(config) {
    const { max_age: maxAge, min_age: minAge } = config.defaults.prediction_cache;
    Object.assign(this, { maxAge, minAge, constants: config.prediction_cache, predictions: new Map(), time: 0, budget: 0 });
  }

  /** Returns each track's probabilities, asking `classify` for as few crops as will do. */
  async predict(tracks, crops, time, classify) {
    const thumbnails = crops.map((crop) => thumbnail(crop, this.constants.THUMBNAIL_SIDE));
    const due = this.stale(tracks, thumbnails, time);
    this.time = time;
    const fresh = await classify(due.map((i) => crops[i]));
    const current = new Map(tracks.filter((track) => this.predictions.has(track)).map((track) => [track, this.predictions.get(track)]));
    due.forEach((i, row) => current.set(tracks[i], { probabilities: fresh[row], thumbnail: thumbnails[i], time }));
    this.predictions = current;
    return tracks.map((track) => current.get(track).probabilities);
  }

  /** Returns the indices of the faces to read now. */
  stale(tracks, thumbnails, time) {
    const ages = tracks.map((track, i) => this.age(track, thumbnails[i], time));
    const byAge = ages.map((_, i) => i).sort((one, other) => (ages[other] === ages[one] ? 0 : ages[other] - ages[one]));
    this.budget = (this.budget % 1) + (ages.length * (time - this.time)) / this.maxAge;
    const share = Math.trunc(this.budget);
    return byAge.filter((i, rank) => rank < share || ages[i] >= this.maxAge).sort((one, other) => one - other);
  }

  /** Returns the age of a face's prediction; infinite where none is valid. */
  age(track, now, time) {
    const prediction = this.predictions.get(track);
    if (!prediction) return Infinity;
    const age = time - prediction.time;
    const changed = age >= this.minAge && difference(now, prediction.thumbnail) > this.constants.CHANGE_THRESHOLD;
    return changed ? Infinity : age;
  }
}

/** Returns a small copy's mean of the channels. */
function thumbnail(crop, side) {
  const { data } = resizeArea(crop, side, side);
  return Float32Array.from({ length: side * side }, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 3);
}

/** Returns the root mean square difference. */
function difference(one, other) {
  return Math.sqrt(one.reduce((total, value, i) => total + (value - other[i]) ** 2, 0) / one.length);
}
