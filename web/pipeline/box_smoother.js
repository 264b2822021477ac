// Smoothing of boxes and landmarks by track, with the One Euro filter. Mirrors fer/vision/box_smoother.py.

import { boxArea } from "./boxes.js";
import { recent } from "./track_memory.js";

export class BoxSmoother {
  constructor(config, maxAge) {
    Object.assign(this, { maxAge, constants: config.box_smoother });
    this.reset();
  }

  reset() {
    this.observations = new Map(); // track -> {values, velocities, time}; the values are box and landmarks in one row
  }

  /** Returns tracked faces where they are, without the detector's noise. */
  update(faces, time) {
    const known = recent(this.observations, time, this.maxAge);
    const seen = faces.map((face) => [face.track, this.see(known.get(face.track), face, time)]);
    this.observations = new Map([...known, ...seen]);
    return faces.map((face, i) => ({ ...face, ...fromRow(seen[i][1].values) }));
  }

  see(before, { box, landmarks }, time) {
    const { MIN_CUTOFF, CUTOFF_PER_SPEED, MIN_ELAPSED, SPEED_CUTOFF } = this.constants;
    const values = [...box, ...landmarks.flat()];
    if (!before) return { values, velocities: values.map(() => 0), time };
    const elapsed = Math.max(time - before.time, MIN_ELAPSED);
    const moved = values.map((value, i) => value - before.values[i]);
    const share = weight(SPEED_CUTOFF, elapsed);
    const velocities = before.velocities.map((velocity, i) => velocity + share * (moved[i] / elapsed - velocity));
    const [left, top, right, bottom] = velocities;
    const speed = (Math.hypot(left, top) + Math.hypot(right, bottom)) / 2 / Math.max(Math.sqrt(boxArea(box)), 1);
    const kept = weight(MIN_CUTOFF + CUTOFF_PER_SPEED * speed, elapsed);
    return { values: before.values.map((value, i) => value + kept * moved[i]), velocities, time };
  }
}

/** Returns a new value's share in the output of a low-pass filter of first order, of a cutoff in Hz. */
const weight = (cutoff, elapsed) => -Math.expm1(-2 * Math.PI * cutoff * elapsed);

function fromRow(values) {
  const [left, top, right, bottom, ...rest] = values.map(Math.fround);
  return { box: [left, top, right, bottom], landmarks: Array.from({ length: rest.length / 2 }, (_, i) => rest.slice(2 * i, 2 * i + 2)) };
}
