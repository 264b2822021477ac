// Head pose, estimated from five landmarks: the eyes, the nose and the corners of the mouth, [x, y] each.
// Mirrors fer/vision/pose.py; degrees are clockwise as seen.

import { degrees, modulo } from "./math.js";

/** Returns the vector from the eyes to the mouth. */
function downwards([leftEye, rightEye, , leftMouth, rightMouth]) {
  return [0, 1].map((axis) => (leftMouth[axis] + rightMouth[axis] - leftEye[axis] - rightEye[axis]) / 2);
}

/** Returns by how many degrees a face is tilted in the picture's plane, from -180 to 180. */
export function roll(landmarks) {
  const [leftEye, rightEye, , leftMouth, rightMouth] = landmarks;
  const across = [0, 1].map((axis) => rightEye[axis] - leftEye[axis] + (rightMouth[axis] - leftMouth[axis]));
  const down = downwards(landmarks);
  return Math.fround(degrees(Math.atan2(across[1] - down[0], across[0] + down[1])));
}

/** Estimates by how many degrees a face is turned aside, from -90 to 90; positive is to the right as seen. */
export function yaw(landmarks, { WIDTH_OVER_NOSE_DEPTH }) {
  const down = downwards(landmarks);
  const angle = Math.atan2(-down[0], down[1]);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [leftEye, rightEye, nose, leftMouth, rightMouth] = landmarks.map(([x, y]) => x * cosine + y * sine);
  const middle = (leftEye + rightEye + leftMouth + rightMouth) / 4;
  const width = (rightEye - leftEye + rightMouth - leftMouth) / 2;
  return Math.fround(degrees(Math.atan2(WIDTH_OVER_NOSE_DEPTH * (nose - middle), Math.max(width, 0))));
}

/** Returns by how many degrees a roll is more than another, from -180 to 180. */
export const rollDifference = (one, other) => modulo(one - other + 180, 360) - 180;

/** Returns a face's roll, smoothed over time in a stream, else the landmarks'. */
export const faceRoll = (face) => face.roll ?? roll(face.landmarks);
