// Detection of streams that are upside down or on their side.
// Mirrors fer/vision/stream_rotation.py.

import { rollDifference } from "./pose.js";
import { rotateFaces, rotateImage } from "./rotation.js";

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
    const upright = this.degrees % 180 ? { width: height, height: width } : { width, height };
    const turned = rotateFaces(faces, this.degrees, upright, { width, height });
    return turned.map((face) => ({ ...face, roll: rollDifference(face.roll + this.degrees, 0) }));
  }
}
