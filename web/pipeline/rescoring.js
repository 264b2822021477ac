// MTCNN's last network scores tilted faces again, and those of a low score. Mirrors fer/vision/rescoring.py.
//
// `constants` are those of that module.

import { boxArea, boxCenter } from "./boxes.js";
import { faceRoll, roll, rollDifference } from "./pose.js";

/** Returns the faces, tilted ones as the last network scores them turned upright. */
export async function refineUpright(cascade, picture, found, threshold, constants) {
  const { MAX_UPRIGHT_PASSES, TILTED_FROM } = constants;
  let rolls = found.map(() => 0); // as the network saw the faces
  for (let pass = 0; pass < MAX_UPRIGHT_PASSES; pass++) {
    const seen = found.map(({ landmarks }) => roll(landmarks));
    const tilted = seen.map((degrees, i) => Math.abs(rollDifference(degrees, rolls[i])) >= TILTED_FROM);
    if (!tilted.includes(true)) break;
    const queries = found.flatMap((face, i) => (tilted[i] ? [i] : []));
    const squares = queries.map((i) => faceSquare(found[i].box, constants));
    const level = await cascade.scoreFaces(picture, squares, queries.map((i) => seen[i]));
    found = found.map((face, i) => (tilted[i] ? level[queries.indexOf(i)] : face) ?? face);
    rolls = rolls.map((degrees, i) => (tilted[i] ? seen[i] : degrees));
  }
  return rolls.some(Boolean) ? cascade.bestOf(found, threshold) : found;
}

/** Returns the faces that score enough; those of a low score are scored again before. */
export async function rescoreUncertain(cascade, picture, found, confidence, constants) {
  const { MIRRORED_SCALE, RESCORE_BELOW } = constants;
  const queries = found.filter(({ score }) => score < RESCORE_BELOW);
  if (queries.length) {
    const squares = queries.map(({ box }) => faceSquare(box, constants, MIRRORED_SCALE));
    const again = await cascade.rescore(picture, queries, squares, suppressSmallRolls(queries.map(faceRoll), constants));
    found = found.map((face) => again[queries.indexOf(face)] ?? face);
  }
  return found.filter(({ score }) => score > confidence);
}

/** Returns about a box the square in which the last network scores its face. */
export function faceSquare(box, constants, scale = 1) {
  const [x, y] = boxCenter(box);
  const half = ((scale * constants.FACE_LENGTH) / 2) * Math.sqrt(boxArea(box));
  return [x - half, y - half, x + half, y + half].map(Math.fround);
}

/** Returns by how many degrees squares are tilted: those of faces that are hardly tilted are not. */
export function suppressSmallRolls(rolls, constants) {
  return rolls.map((degrees) => (Math.abs(rollDifference(degrees, 0)) < constants.TILTED_FROM ? 0 : degrees));
}
