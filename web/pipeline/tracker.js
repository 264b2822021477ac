// Tracking faces from frame to frame: each gets a number and keeps it. Mirrors fer/vision/tracker.py.

import { appearanceCost } from "./appearance.js";
import { assign } from "./assignment.js";
import { boxCenter, boxSize } from "./boxes.js";
import { mapTrack, newTrack, predictBox, seeAgain } from "./track.js";

export class FaceTracker {
  /**
   * @param {object} config Python's constants by module.
   * @param {number} maxAge Seconds for which a face that isn't seen keeps its number.
   */
  constructor(config, maxAge) {
    Object.assign(this, { config, maxAge, constants: config.tracker, nextId: 1, nextTentative: -1 });
    this.minHits = config.stream_detector.MIN_HITS;
    this.forgetFaces();
  }

  /** Forgets all tracks with their appearance; no number is given again. */
  forgetFaces() {
    Object.assign(this, { tracks: [], lastTime: Infinity });
  }

  /** Returns where the faces are expected that count or, with `tentative`, those that don't yet. */
  predict(time, tentative = false) {
    return this.activeTracks(time)
      .filter(({ id, lostAtCut }) => id < 0 === tentative && !lostAtCut)
      .map((track) => predictBox(track, time, this.config.track).map(Math.fround));
  }

  /**
   * Gives each face the number of the one it continues, or a new one, as `track`.
   * @param {number[][]} descriptors Those of the faces' appearance.
   * @param {boolean} cut Whether the frame shows another scene than the one before.
   * @param {object[]} mappings Where the frame's size changed, how places of before may be places of now.
   */
  update(faces, time, descriptors, cut, mappings) {
    let tracks = this.activeTracks(time);
    if (cut) tracks = tracks.filter(({ id }) => id > 0).map((track) => ({ ...track, lostAtCut: true }));
    const boxes = faces.map(({ box }) => box);
    const found = { boxes, descriptors, crowded: this.crowded(boxes), time, resized: mappings.length > 0 };
    const options = mappings.length ? mappings.map((mapping) => tracks.map((track) => mapTrack(track, mapping))) : [tracks];
    const matches = options.map((option) => this.match(option, found));
    const best = matches.reduce((least, { cost }, i) => (cost < matches[least].cost ? i : least), 0);
    this.keep(options[best], matches[best].pairs, found);
    return faces.map((face, i) => ({ ...face, track: this.tracks[i].id }));
  }

  /** Returns the faces that aren't forgotten at the time of the next frame. */
  activeTracks(time) {
    const { MAX_AGE_LIMIT, MIN_MAX_AGE_FRAMES, TENTATIVE_MAX_AGE } = this.constants;
    const missed = Math.min(MIN_MAX_AGE_FRAMES * (time - this.lastTime), MAX_AGE_LIMIT);
    const [maxAge, tentative] = [Math.max(this.maxAge, missed), Math.max(TENTATIVE_MAX_AGE, missed)];
    return this.tracks.filter(({ id, lastSeen }) => time - lastSeen <= (id > 0 ? maxAge : tentative));
  }

  /** Remembers this frame's faces, in their order, and after them those that are missing. */
  keep(tracks, pairs, { boxes, descriptors, crowded, time }) {
    this.lastTime = time;
    const current = boxes.map((box, i) => {
      if (!pairs.has(i)) return newTrack(this.nextTentative--, box, descriptors[i], time);
      const known = tracks[pairs.get(i)];
      return this.confirm(seeAgain(known, box, crowded[i] ? null : descriptors[i], time, this.config.track));
    });
    const seen = new Set(pairs.values());
    this.tracks = [...current, ...tracks.filter((_, row) => !seen.has(row))];
  }

  /** Returns the track with a number if it counts from now on. */
  confirm(track) {
    return track.id > 0 || track.hits < this.minHits ? track : { ...track, id: this.nextId++ };
  }

  /** Returns which face continues which track, from its index to the track's, and the cost. */
  match(tracks, found) {
    if (!tracks.length || !found.boxes.length) return { pairs: new Map(), cost: 0 };
    const { APPEARANCE_WEIGHT, MAX_BOX_COST, NEAR_COST } = this.constants;
    const expected = tracks.map((track) => predictBox(track, found.time, this.config.track));
    const boxCosts = table(expected, found.boxes, boxCost);
    const appearanceCosts = table(tracks, found.descriptors, (track, row) => appearanceCost(track.appearance, row, this.config.appearance));
    const limit = (row, column) => this.appearanceLimit(tracks[row], found, column, boxCosts[row][column]);
    const near = boxCosts.map((row, i) => row.map((cost, j) => cost < MAX_BOX_COST && appearanceCosts[i][j] < limit(i, j)));
    const { pairs, cost } = assignPairs(combine(boxCosts, appearanceCosts, APPEARANCE_WEIGHT), near, NEAR_COST);
    if (pairs.size < Math.min(tracks.length, found.boxes.length)) {
      const taken = new Set(pairs.values());
      const free = tracks.map((track, row) => found.boxes.map((_, column) => !track.lostAtCut && !taken.has(row) && !pairs.has(column)));
      for (const [column, row] of this.matchFar(tracks, found, boxCosts, appearanceCosts, free)) pairs.set(column, row);
    }
    return { pairs, cost };
  }

  /** Returns the largest difference in appearance of a track and a face at some difference in place. */
  appearanceLimit({ lostAtCut, lastSeen, steady }, { crowded, resized }, column, cost) {
    const { CLOSE_BOX_COST, MAX_APPEARANCE_CLOSE, MAX_APPEARANCE_CUT, MAX_APPEARANCE_LOST, MAX_APPEARANCE_SEEN } = this.constants;
    if (lostAtCut) return MAX_APPEARANCE_CUT;
    if (resized) return MAX_APPEARANCE_LOST;
    const seen = lastSeen >= this.lastTime;
    if (cost < CLOSE_BOX_COST && (seen || (steady && crowded[column]))) return MAX_APPEARANCE_CLOSE;
    return seen || crowded[column] ? MAX_APPEARANCE_SEEN : MAX_APPEARANCE_LOST;
  }

  /** Returns which of the free pairs are a face that moved fast, from its index to the track's. */
  matchFar(tracks, { boxes, time }, boxCosts, appearanceCosts, free) {
    const { APPEARANCE_WEIGHT, FAR_COST, MAX_APPEARANCE_CUT, FAST_GAP, MAX_APPEARANCE_LOST, MAX_REACH, MAX_SPEED } = this.constants;
    const nearest = boxCosts.map((row, i) => row.map((cost, j) => Math.min(cost, boxCost(tracks[i].box, boxes[j]))));
    const far = free.map((row, i) => {
      const elapsed = time - tracks[i].lastSeen;
      const limit = elapsed <= FAST_GAP ? MAX_APPEARANCE_LOST : MAX_APPEARANCE_CUT;
      const reach = 1 + Math.min(MAX_SPEED * elapsed, MAX_REACH);
      return row.map((is, j) => is && nearest[i][j] < reach && appearanceCosts[i][j] < limit);
    });
    return assignPairs(combine(appearanceCosts, nearest, APPEARANCE_WEIGHT), far, FAR_COST).pairs;
  }

  /** Returns which boxes have another one in their surroundings. */
  crowded(boxes) {
    const { CROWDED } = this.constants;
    const isNear = (one, other) => distance(one, other) < CROWDED * Math.max(boxSize(one), boxSize(other));
    return boxes.map((one) => boxes.filter((other) => isNear(one, other)).length > 1);
  }
}

/** Returns the cheapest of the allowed pairs, from column to row, and the cost of all columns. */
function assignPairs(cost, allowed, unmatchedCost) {
  const costs = cost.map((row, i) => row.map((value, j) => (allowed[i][j] ? value : unmatchedCost)));
  const chosen = assign(costs);
  const pairs = new Map(chosen.filter(([row, column]) => allowed[row][column]).map(([row, column]) => [column, row]));
  return { pairs, cost: chosen.reduce((total, [row, column]) => total + costs[row][column], 0) };
}

function distance(one, other) {
  const [[x, y], [otherX, otherY]] = [boxCenter(one), boxCenter(other)];
  return Math.hypot(x - otherX, y - otherY);
}

/** Compares two boxes: 0 for the same, 1 for a face's size away. */
function boxCost(one, other) {
  const [size, otherSize] = [boxSize(one), boxSize(other)];
  return (2 * distance(one, other)) / (size + otherSize) + Math.abs(Math.log(size / otherSize));
}

const table = (rows, columns, value) => rows.map((row) => columns.map((column) => value(row, column)));

const combine = (one, other, weight) => one.map((row, i) => row.map((value, j) => value + weight * other[i][j]));
