// A track: the box, motion and appearance of one face, and its predicted box. Mirrors fer/vision/track.py.
//
// A track is {id, box, velocity, lastSeen, appearance, hits, steady, lostAtCut}; its number is negative until it counts.

import { boxCenter, boxSize } from "./boxes.js";
import { mapBox } from "./frame_mapping.js";

export const newTrack = (id, box, appearance, time) =>
  ({ id, box, velocity: [0, 0], lastSeen: time, appearance, hits: 1, steady: false, lostAtCut: false });

/** Returns the box at a later time, which it reached ever more slowly. */
export function predictBox({ box, velocity, lastSeen, steady }, time, { STEADY_TIME_CONSTANT, VELOCITY_TIME_CONSTANT }) {
  const decay = steady ? STEADY_TIME_CONSTANT : VELOCITY_TIME_CONSTANT;
  const travelled = decay * -Math.expm1((lastSeen - time) / decay);
  return box.map((edge, i) => edge + velocity[i % 2] * travelled);
}

/** Returns the track after another sight of it, its appearance kept where that is null. */
export function seeAgain(track, box, appearance, time, constants) {
  const { APPEARANCE_SMOOTHING, MIN_ELAPSED, VELOCITY_SMOOTHING } = constants;
  const elapsed = Math.max(time - track.lastSeen, MIN_ELAPSED);
  const [center, before] = [boxCenter(box), boxCenter(track.box)];
  const velocity = track.lostAtCut ? [0, 0] : center.map((place, axis) => (place - before[axis]) / elapsed);
  const mixed = track.velocity.map((old, axis) => VELOCITY_SMOOTHING * old + (1 - VELOCITY_SMOOTHING) * velocity[axis]);
  const seen = appearance ?? track.appearance;
  return {
    ...track,
    box,
    velocity: track.lostAtCut ? [0, 0] : mixed,
    lastSeen: time,
    appearance: track.appearance.map((value, i) => APPEARANCE_SMOOTHING * value + (1 - APPEARANCE_SMOOTHING) * seen[i]),
    hits: track.hits + 1,
    steady: isSteady(track.velocity, velocity, boxSize(box), constants),
    lostAtCut: false,
  };
}

/** Returns the track in a frame of another size. */
export const mapTrack = (track, mapping) =>
  ({ ...track, box: mapBox(mapping, track.box), velocity: track.velocity.map((value, axis) => value * mapping.scale[axis]) });

/** Returns whether two velocities of a face of this size are about those of somebody walking. */
function isSteady(before, now, size, { STEADY_SPEED }) {
  const speed = Math.hypot(...now);
  const change = Math.hypot(now[0] - before[0], now[1] - before[1]);
  return Math.min(Math.hypot(...before), speed) > STEADY_SPEED * size && change < speed / 2;
}
