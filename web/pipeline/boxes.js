// Arithmetic on boxes, [left, top, right, bottom] in pixels, and on faces, which have one each.
//
// Mirrors fer/vision/boxes.py, and what fer/vision takes from OpenCV and supervision.

import { clip } from "./math.js";

export const boxWidth = ([left, , right]) => right - left;

export const boxHeight = ([, top, , bottom]) => bottom - top;

export const boxArea = (box) => boxWidth(box) * boxHeight(box);

export const longerSide = (box) => Math.max(boxWidth(box), boxHeight(box));

export const boxCenter = ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];

/** Returns the mean side, at least a pixel. */
export const boxSize = (box) => Math.sqrt(Math.max(boxArea(box), 1));

export const clipBox = (box, width, height) => box.map((value, i) => clip(value, 0, i % 2 ? height : width));

/** Returns the square about a box's centre with `scale` times its longer side. */
export function squareBox(box, scale = 1) {
  const [x, y] = boxCenter(box);
  const half = (scale * longerSide(box)) / 2;
  return [x - half, y - half, x + half, y + half];
}

function intersection(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Returns the intersection over the union of two boxes. */
export function iou(one, other) {
  const shared = intersection(one, other);
  const union = boxArea(one) + boxArea(other) - shared;
  return union > 0 ? shared / union : 0;
}

/** Returns the intersection over the smaller of two boxes. */
export function containment(one, other) {
  const smaller = Math.min(boxArea(one), boxArea(other));
  return smaller > 0 ? intersection(one, other) / smaller : 0;
}

/** Returns a box's largest overlap over union with any other; 0 where there is none. */
export const maxIou = (box, others) => others.reduce((most, other) => Math.max(most, iou(box, other)), 0);

const byScore = (one, other) => other.score - one.score;

/** Returns the candidates, {box, score}, that overlap no better one by more than `most`, best first. */
export function nonMaximumSuppression(candidates, most, overlap = iou) {
  const kept = [];
  for (const candidate of [...candidates].sort(byScore)) {
    if (!kept.some(({ box }) => overlap(box, candidate.box) > most)) kept.push(candidate);
  }
  return kept;
}

/** Returns faces in the order of their area, the largest first. */
export const largestFirst = (faces) => [...faces].sort((one, other) => boxArea(other.box) - boxArea(one.box));

/** Returns the faces of both, each once, largest first; one that a found face covers without being the same goes. */
export function mergeFaces(known, found, { boxes: { COVERED_CONTAINMENT, SAME_FACE_IOU } }) {
  const boxes = known.map(({ box }) => box);
  const fresh = found.filter(({ box }) => maxIou(box, boxes) < SAME_FACE_IOU);
  const covers = (larger, { box }) => boxArea(larger.box) > boxArea(box) && containment(box, larger.box) >= COVERED_CONTAINMENT;
  return largestFirst([...known.filter((face) => !fresh.some((other) => covers(other, face))), ...fresh]);
}
