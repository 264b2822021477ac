// How the faces of a stream are tilted, over time. Mirrors fer/vision/roll_smoother.py.

import { iou } from "./boxes.js";
import { faceRoll } from "./pose.js";
import { argmax, degrees, radians } from "./rounding.js";

const direction = ({ x, y }) => Math.fround(degrees(Math.atan2(y, x)));

export class RollSmoother {
  constructor(config, memory) {
    Object.assign(this, { memory, constants: config.roll_smoother, sights: new Map() }); // track -> {box, x, y, time}
  }

  /** Returns tracked faces with their rolls averaged over time, as `roll`. */
  update(faces, time) {
    const seen = faces.map((face) => [face.track, this.see(face, time)]);
    const recent = [...this.sights].filter(([, sight]) => time - sight.time <= this.memory);
    this.sights = new Map([...recent, ...seen]);
    return faces.map((face, i) => ({ ...face, roll: direction(seen[i][1]) }));
  }

  /** Returns how faces are tilted that are expected at some places: as that which was last where the box is. */
  expect(boxes) {
    const sights = [...this.sights.values()];
    return boxes.map((box) => {
      const overlaps = sights.map((sight) => iou(box, sight.box));
      const best = argmax(overlaps);
      return overlaps[best] > 0 ? direction(sights[best]) : 0;
    });
  }

  see(face, time) {
    const angle = radians(faceRoll(face));
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    const before = this.sights.get(face.track);
    if (!before) return { box: face.box, x, y, time };
    const kept = Math.exp((before.time - time) / this.constants.SMOOTHING_TIME);
    return { box: face.box, x: kept * before.x + (1 - kept) * x, y: kept * before.y + (1 - kept) * y, time };
  }
}
