// Detects browsers that randomise canvas reads as a protection against fingerprinting; no face can be detected in
// such pixels.

import { N_ } from "./texts.js";

export const FALSE_PIXELS = N_("This browser hides from web pages what is in pictures, as a protection against fingerprinting. Allow this site to extract canvas data and reload the page, or use another browser.");

const LEVELS = [0, 85, 170, 255];
const SIDE = 16; // pixels of each level's square
const TOLERANCE = 32; // grey levels; browsers that only change the lowest bits do no harm

/** Returns whether a canvas reads back as it was drawn; its content and size are changed. */
export function readsTrue(canvas) {
  [canvas.width, canvas.height] = [SIDE * LEVELS.length, SIDE];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  LEVELS.forEach((level, i) => {
    context.fillStyle = `rgb(${level}, ${255 - level}, 0)`;
    context.fillRect(i * SIDE, 0, SIDE, SIDE);
  });
  return LEVELS.every((level, i) => {
    const [red, green] = context.getImageData((i + 0.5) * SIDE, SIDE / 2, 1, 1).data;
    return Math.abs(red - level) < TOLERANCE && Math.abs(green + level - 255) < TOLERANCE;
  });
}
