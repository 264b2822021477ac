// Smoothing of the roll angles of the faces in a stream. Mirrors fer/vision/roll_smoother.py.

import { iou } from "./boxes.js";
import { faceRoll } from "./pose.js";
import { argmax, degrees, radians } from "./math.js";
import { recent } from "./track_memory.js";

const direction = ({ x, y }) => Math.fround(degrees(Math.atan2(y, x)));

export class RollSmoother {
  constructor(config, maxAge) {
    Object.assign(this, { maxAge, constants: config.roll_smoother, observations: new Map() }); // track -> {box, x, y, time}
  }

  /** Returns tracked faces with their rolls averaged over time, as `roll`. */
  update(faces, time) {
    const known = recent(this.observations, time, this.maxAge);
    const seen = faces.map((face) => [face.track, this.see(known.get(face.track), face, time)]);
    this.observations = new Map([...known, ...seen]);
    return faces.map((face, i) => ({ ...face, roll: direction(seen[i][1]) }));
  }

  /** Returns how faces are tilted that are expected at some places: as that which was last where the box is. */
  predictRolls(boxes) {
    const observations = [...this.observations.values()];
    return boxes.map((box) => {
      const overlaps = observations.map((observation) => iou(box, observation.box));
      const best = argmax(overlaps);
      return overlaps[best] > 0 ? direction(observations[best]) : 0;
    });
  }

  see(before, face, time) {
    const angle = radians(faceRoll(face));
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    if (!before) return { box: face.box, x, y, time };
    const kept = Math.exp((before.time - time) / this.constants.SMOOTHING_TIME);
    return { box: face.box, x: kept * before.x + (1 - kept) * x, y: kept * before.y + (1 - kept) * y, time };
  }
}
