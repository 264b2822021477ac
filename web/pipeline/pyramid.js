// Image pyramids: the scales and tiles in which faces are searched. Mirrors fer/vision/pyramid.py.
//
// A tile is {scale, left, top, right, bottom}: a rectangle of the picture, at one size of the pyramid.

import { clipBox, longerSide, squareBox } from "./boxes.js";
import { round } from "./math.js";

/** Returns the scales at which a picture is searched, the finest first. */
export function pyramidScales({ width, height }, minFace, { PNET_WINDOW, PYRAMID_FACTOR }) {
  const scales = [];
  for (let scale = PNET_WINDOW / minFace; Math.min(width, height) * scale >= PNET_WINDOW; scale *= PYRAMID_FACTOR) scales.push(scale);
  return scales;
}

/** Splits a picture at each scale into bands of about `tilePixels`, which overlap by a window. */
export function splitIntoTiles({ width, height }, scales, tilePixels, { PNET_WINDOW }) {
  return scales.flatMap((scale) => {
    const bands = round((width * height * scale ** 2) / tilePixels);
    const count = Math.max(1, Math.min(bands, Math.trunc((height * scale) / (2 * PNET_WINDOW))));
    const edge = (index) => round((height * index) / count);
    const overlap = round(PNET_WINDOW / scale);
    return Array.from({ length: count }, (_, i) => (
      { scale, left: 0, top: edge(i), right: width, bottom: Math.min(height, edge(i + 1) + overlap) }
    ));
  });
}

/** Returns tiles around faces whose positions are known roughly: `extent` sizes around each. */
export function tilesAround({ width, height }, boxes, extent, { PNET_WINDOW, NEARBY_SCALES }) {
  return boxes.flatMap((box) => {
    const side = Math.max(longerSide(box), 1);
    const [left, top, right, bottom] = clipBox(squareBox(box, 1 + 2 * extent), width, height).map(Math.trunc);
    if (left >= right || top >= bottom) return [];
    return NEARBY_SCALES.map((size) => ({ scale: PNET_WINDOW / (side * size), left, top, right, bottom }));
  });
}
