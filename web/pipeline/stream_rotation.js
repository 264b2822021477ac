// Detection of streams that are upside down or on their side.
// Mirrors fer/vision/stream_rotation.py.

import { clipBox } from "./boxes.js";
import { rollDifference } from "./pose.js";
import { rotateBox, rotateImage, rotatePoint } from "./rotation.js";

export class StreamRotation {
  constructor({ stream_rotation: constants }) {
    Object.assign(this, { constants, degrees: 0 });
    this.reset();
  }

  reset() {
    const { FIRST_PAUSE, SEARCHES } = this.constants;
    Object.assign(this, { searches: SEARCHES, pause: FIRST_PAUSE, found: 0, due: -Infinity, settled: false, lastSeen: -Infinity });
  }

  /** Returns a frame as its faces are upright, as far as that is known. */
  toUpright(picture) {
    return this.degrees ? rotateImage(picture, -this.degrees) : picture;
  }

  /** Learns from what was found in the upright frame; returns whether `degrees` has changed. */
  async update(detector, picture, faces, time) {
    if (faces.length) this.lastSeen = time;
    if (this.degrees) return !faces.length && this.forget(time);
    if (this.settled || (time < this.due && !(faces.length && this.searches))) return false;
    const { faces: found, rotation } = await detector.detectAnyRotation(picture);
    const agreed = rotation === this.found;
    this.found = rotation;
    if (rotation && agreed) {
      Object.assign(this, { degrees: rotation, lastSeen: time });
      return true;
    }
    this.settled = !rotation && found.length > 0;
    if (rotation || faces.length) this.searches = Math.max(0, this.searches - 1);
    if (!rotation || !this.searches) {
      this.due = time + this.pause;
      this.pause = Math.min(2 * this.pause, this.constants.MAX_PAUSE);
    }
    return false;
  }

  forget(time) {
    if (time - this.lastSeen <= this.constants.FORGOTTEN_AFTER) return false;
    this.degrees = 0;
    this.reset();
    return true;
  }

  /** Returns the faces of an upright frame where they are in the frame as it came. */
  fromUpright(faces, { width, height }) {
    if (!this.degrees) return faces;
    const middle = this.degrees % 180 ? [height / 2, width / 2] : [width / 2, height / 2];
    const shift = [width / 2 - middle[0], height / 2 - middle[1]];
    return faces.map((face) => ({
      ...face,
      box: clipBox(rotateBox(face.box, middle, this.degrees).map((edge, i) => Math.fround(edge + shift[i % 2])), width, height),
      landmarks: face.landmarks.map((point) => rotatePoint(point, middle, this.degrees).map((value, i) => Math.fround(value + shift[i]))),
      roll: rollDifference(face.roll + this.degrees, 0),
    }));
  }
}
