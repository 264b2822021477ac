// Merging of the detections of two searches of a picture. Mirrors fer/vision/merging.py.

import { boxArea, containment, largestFirst, maxIou } from "./boxes.js";

/** Returns the faces of both, each once, largest first; one that a found face covers without being the same goes. */
export function mergeFaces(known, found, { merging: { COVERED_CONTAINMENT, SAME_FACE_IOU } }) {
  const boxes = known.map(({ box }) => box);
  const fresh = found.filter(({ box }) => maxIou(box, boxes) < SAME_FACE_IOU);
  const covers = (larger, { box }) => boxArea(larger.box) > boxArea(box) && containment(box, larger.box) >= COVERED_CONTAINMENT;
  return largestFirst([...known.filter((face) => !fresh.some((other) => covers(other, face))), ...fresh]);
}
