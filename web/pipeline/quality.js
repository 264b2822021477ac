// Quality measures of a face: size, pose, sharpness and exposure.
// Mirrors fer/vision/quality.py.

import { boxSize } from "./boxes.js";
import { luminance } from "./picture.js";
import { faceRoll, yaw } from "./pose.js";
import { resizeArea, resizeLinear } from "./resize.js";
import { mean } from "./math.js";

/** Measures a face, with its square as `crop`. */
export function measureQuality(face, crop, config) {
  return {
    size: boxSize(face.box),
    roll: faceRoll(face),
    yaw: yaw(face.landmarks, config.pose),
    ...measureCrop(crop, config.quality),
  };
}

export const isTurnedAway = (degrees, { TURNED_AWAY_FROM }) => Math.abs(degrees) >= TURNED_AWAY_FROM;

function measureCrop(crop, { BRIGHTEST, DARKEST, MEASURED_SIDE: side }) {
  const resize = crop.height > side ? resizeArea : resizeLinear; // enlarged blocks would look sharp
  const values = luminance(resize(crop, side, side));
  const clipped = values.reduce((count, value) => count + (value <= DARKEST || value >= BRIGHTEST), 0);
  return { sharpness: laplacianVariance(values, side), brightness: mean(values) / 255, clipped: clipped / values.length };
}

/** Returns the variance of the Laplacian of a square picture, which goes on mirrored at its border. */
function laplacianVariance(values, side) {
  let [total, squares] = [0, 0];
  for (let y = 0; y < side; y++) {
    const [above, row, below] = [y ? y - 1 : 1, y, y < side - 1 ? y + 1 : side - 2].map((line) => line * side);
    for (let x = 0; x < side; x++) {
      const [left, right] = [x ? x - 1 : 1, x < side - 1 ? x + 1 : side - 2];
      const value = values[above + x] + values[below + x] + values[row + left] + values[row + right] - 4 * values[row + x];
      total += value;
      squares += value * value;
    }
  }
  const count = side * side;
  return squares / count - (total / count) ** 2;
}
