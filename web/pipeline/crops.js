// Square crops of detected faces, framed as the training pictures are, and upright.
// Mirrors fer/vision/crops.py.

import { boxCenter, boxHeight, boxWidth } from "./boxes.js";
import { cutSquare } from "./picture.js";
import { faceRoll } from "./pose.js";
import { cutRotatedSquare, rotateImage } from "./rotation.js";
import { radians } from "./math.js";

/** Cuts every face out, in order; `framing` is {scale, shift_x, shift_y}, as the network was trained. */
export const cropFaces = (picture, faces, framing, constants) =>
  faces.map((face) => cropFace(picture, face.box, framing, faceRoll(face), constants));

/** Cuts one face out as a square, level with its eyes. */
function cropFace(picture, box, framing, roll, constants) {
  const degrees = rollCorrection(roll, constants);
  if (degrees % 90) return cropAligned(picture, box, framing, degrees, constants);
  if (degrees) return rotateImage(cropFace(picture, box, turnedFraming(framing, degrees), 0, constants), -degrees);
  const [x, y, side] = boxSquare(box, framing);
  const [left, top] = [x + (framing.shift_x - 0.5) * side, y + (framing.shift_y - 0.5) * side];
  return cutSquare(picture, Math.floor(left + 0.5), Math.floor(top + 0.5), Math.floor(side + 0.5));
}

/** Returns by how many degrees a crop is turned for a face with this roll. */
export function rollCorrection(roll, { ROLL_CORRECTION_START, ROLL_CORRECTION_FULL }) {
  const quarter = 90 * Math.floor(roll / 90 + 0.5);
  const tilt = Math.abs(roll - quarter);
  const share = tilt <= ROLL_CORRECTION_START ? 0 : (ROLL_CORRECTION_FULL * (tilt - ROLL_CORRECTION_START)) / (ROLL_CORRECTION_FULL - ROLL_CORRECTION_START);
  return quarter + Math.sign(roll - quarter) * (tilt >= ROLL_CORRECTION_FULL ? tilt : share);
}

function cropAligned(picture, box, framing, degrees, constants) {
  const [x, y, side] = boxSquare(box, framing, constants.FACE_ASPECT_RATIO);
  const { shift_x: across, shift_y: down } = turnedFraming(framing, degrees);
  const whole = Math.floor(side + 0.5);
  return cutRotatedSquare(picture, [x + across * side, y + down * side], whole, degrees, Math.max(whole, constants.MIN_ALIGNED_SIDE));
}

/** Returns the framing of faces that are tilted by some degrees. */
function turnedFraming({ scale, shift_x: x, shift_y: y }, degrees) {
  const [cosine, sine] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  return { scale, shift_x: x * cosine - y * sine, shift_y: x * sine + y * cosine };
}

/** Returns a box's middle and the side of its square; `aspectRatio`, of an upright face, is given for a tilted one. */
function boxSquare(box, { scale }, aspectRatio = null) {
  const [width, height] = [Math.max(boxWidth(box), 0), Math.max(boxHeight(box), 0)];
  let area = width * height;
  if (aspectRatio && area) area = ((width ** 2 + height ** 2) * aspectRatio) / (1 + aspectRatio ** 2);
  return [...boxCenter(box), Math.max(1, scale * Math.sqrt(area))];
}
