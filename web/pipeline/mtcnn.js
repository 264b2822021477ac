// MTCNN's three networks, one stage at a time, each on a whole batch. Mirrors fer/vision/mtcnn.py.
//
// A candidate is {box, score} in the picture's pixels, after the last stage with landmarks, five [x, y].

import { boxCenter, containment, squareBox, nonMaximumSuppression } from "./boxes.js";
import { cropBox, cropTilted, resize } from "./mtcnn_input.js";
import { mirror, view } from "./picture.js";
import { rotateBox, rotatePoint } from "./rotation.js";
import { mean, range, round } from "./math.js";

const INPUT = "pixels"; // as fer/vision/mtcnn_networks.py names it

export class MtcnnCascade {
  /**
   * @param {object} ort onnxruntime-web.
   * @param {object} sessions `pnet`, `rnet` and `onet`, loaded.
   * @param {object} config Python's constants by module.
   */
  constructor(ort, sessions, config) {
    const { MAX_TILTED_SCALE, PIXEL_MEAN, PIXEL_SCALE } = config.mtcnn_input;
    Object.assign(this, { ort, sessions, constants: config.mtcnn, maxTiltedScale: MAX_TILTED_SCALE });
    this.levels = Float32Array.from(range(256), (level) => (level - PIXEL_MEAN) * PIXEL_SCALE);
  }

  /** Searches tiles of a picture with the first network. */
  async propose(picture, tiles, threshold) {
    const found = [];
    for (const tile of tiles) found.push(...(await this.proposeTile(picture, tile, threshold)));
    return nonMaximumSuppression(found, this.constants.STAGE_IOU).map(({ box, score, corrections }) => {
      const [width, height] = [box[2] - box[0], box[3] - box[1]];
      const moved = box.map((edge, i) => edge + corrections[i] * (i % 2 ? height : width));
      return { box: squareBox(moved), score };
    });
  }

  async proposeTile(picture, { scale, left, top, right, bottom }, threshold) {
    const { PNET_WINDOW } = this.constants;
    const [width, height] = [right - left, bottom - top];
    const size = [width, height].map((length) => Math.max(PNET_WINDOW, round(length * scale)));
    const whole = width === picture.width && height === picture.height;
    const small = resize(whole ? picture : view(picture, left, top, right, bottom), ...size);
    const input = new Float32Array(3 * size[0] * size[1]);
    this.pack(small, input, 0);
    const { corrections, scores } = await this.run("pnet", input, [1, 3, size[1], size[0]]);
    return nonMaximumSuppression(this.windows(corrections, scores, threshold, [width / size[0], height / size[1]], [left, top]), this.constants.TILE_IOU);
  }

  /** Returns the windows of the first network that score enough, in the picture's pixels. */
  windows(corrections, { data: scores, dims: [, , rows, columns] }, threshold, ratio, corner) {
    const { PNET_WINDOW, STRIDE } = this.constants;
    const [count, found] = [rows * columns, []];
    const [across, down] = ratio.map(Math.fround);
    for (let index = 0; index < count; index++) {
      const score = scores[count + index];
      if (score < threshold) continue;
      const [x, y] = [STRIDE * (index % columns), STRIDE * Math.floor(index / columns)];
      const place = (value, factor) => Math.floor(Math.fround(value * factor));
      const box = [place(x + 1, across), place(y + 1, down), place(x + PNET_WINDOW, across), place(y + PNET_WINDOW, down)];
      found.push({
        box: box.map((edge, i) => edge + corner[i % 2]),
        score,
        corrections: range(4).map((edge) => corrections.data[edge * count + index]),
      });
    }
    return found;
  }

  /** Corrects boxes and drops those that the second network scores below `threshold`. */
  async refine(picture, candidates, threshold) {
    const side = this.constants.REFINEMENT_SIDE;
    const seen = candidates.map(({ box }) => [box, cropBox(picture, box, side)]).filter(([, crop]) => crop);
    const results = await this.scoreBatches("rnet", seen.map(([, crop]) => crop), side);
    const passed = seen.map(([box], i) => ({ box, ...results[i] })).filter(({ score }) => score > threshold);
    const kept = nonMaximumSuppression(passed, this.constants.STAGE_IOU);
    return kept.map(({ box, score, corrections }) => ({ box: squareBox(regress(box, corrections)), score }));
  }

  /** Returns final boxes with landmarks, as `scoreFaces` has them, the best of them. */
  async finalize(picture, squares, threshold, rolls) {
    const found = await this.scoreFaces(picture, squares, rolls);
    return this.bestOf(found.filter(Boolean), threshold);
  }

  /** Returns the candidates that score above `threshold`; of boxes that cover each other, the better one. */
  bestOf(found, threshold) {
    const scoring = found.filter(({ score }) => score > threshold);
    const lastFirst = [...scoring].reverse(); // of equal scores, as supervision does
    const kept = new Set(nonMaximumSuppression(lastFirst, this.constants.FACE_CONTAINMENT, containment));
    return scoring.filter((candidate) => kept.has(candidate));
  }

  /**
   * Returns the third network's output for squares, turned upright where they are tilted by `rolls` degrees;
   * null for those outside of the picture.
   */
  async scoreFaces(picture, squares, rolls = squares.map(() => 0)) {
    const seen = this.crops(picture, squares, rolls);
    const results = await this.scoreBatches("onet", seen.map(([, crop]) => crop), this.constants.OUTPUT_SIDE);
    const found = squares.map(() => null);
    seen.forEach(([index], i) => {
      const { corrections, landmarks, score } = results[i];
      const square = squares[index];
      const face = { box: regress(square, corrections), score, landmarks: toLandmarks(square, landmarks) };
      found[index] = turnBack(face, square, rolls[index]);
    });
    return found;
  }

  /** Returns the candidates with a mean of three scores: the one before, their middle's, and the mirrored squares'. */
  async rescore(picture, found, squares, rolls) {
    const middles = found.map(({ box }) => squareBox(box, this.constants.CENTER_SCALE));
    const scores = [await this.score(picture, middles, rolls), await this.score(picture, squares, rolls, true)];
    return found.map((face, i) => ({ ...face, score: Math.fround(mean([face.score, scores[0][i], scores[1][i]])) }));
  }

  /** Returns the third network's scores of squares, 0 outside of the picture. */
  async score(picture, squares, rolls, mirrored = false) {
    const seen = this.crops(picture, squares, rolls);
    const crops = seen.map(([, crop]) => (mirrored ? mirror(crop) : crop));
    const results = await this.scoreBatches("onet", crops, this.constants.OUTPUT_SIDE);
    const scores = squares.map(() => 0);
    seen.forEach(([index], i) => (scores[index] = results[i].score));
    return scores;
  }

  /** Returns the squares that are in the picture at least partly, each as its index and the third network's input. */
  crops(picture, squares, rolls) {
    const { OUTPUT_SIDE } = this.constants;
    return squares.map((square, i) => {
      const crop = cropBox(picture, square, OUTPUT_SIDE);
      return [i, crop && rolls[i] ? cropTilted(picture, square, rolls[i], OUTPUT_SIDE, this.maxTiltedScale) : crop];
    }).filter(([, crop]) => crop);
  }

  /** Returns the second or third network's output for each crop: {score, corrections} and, of the third, landmarks. */
  async scoreBatches(network, crops, side) {
    const [{ BATCH_SIZE }, values, results] = [this.constants, 3 * side * side, []];
    for (let start = 0; start < crops.length; start += BATCH_SIZE) {
      const batch = crops.slice(start, start + BATCH_SIZE);
      const input = new Float32Array(values * batch.length);
      batch.forEach((crop, i) => this.pack(crop, input, i * values));
      const { corrections, landmarks, scores } = await this.run(network, input, [batch.length, 3, side, side]);
      const row = ({ data }, i, length) => Array.from(data.subarray(i * length, (i + 1) * length));
      batch.forEach((_, i) => results.push({
        score: scores.data[2 * i + 1],
        corrections: row(corrections, i, 4),
        landmarks: landmarks && row(landmarks, i, 10),
      }));
    }
    return results;
  }

  async run(network, input, shape) {
    return this.sessions[network].run({ [INPUT]: new this.ort.Tensor("float32", input, shape) });
  }

  /** Writes a picture's channels, one after the other, on the networks' scale. */
  pack({ data, width, height, offset, stride }, input, start) {
    const [{ levels }, plane] = [this, width * height];
    for (let y = 0, to = start; y < height; y++) {
      for (let x = 0, from = offset + y * stride; x < width; x++, from += 4, to++) {
        input[to] = levels[data[from]];
        input[to + plane] = levels[data[from + 1]];
        input[to + 2 * plane] = levels[data[from + 2]];
      }
    }
  }
}

/** Returns a box's width and height, both edges counted. */
const extent = (box) => [box[2] - box[0] + 1, box[3] - box[1] + 1];

/** Moves each edge by its correction, which is in sides of the box. */
function regress(box, corrections) {
  const size = extent(box);
  return box.map((edge, i) => Math.fround(edge + corrections[i] * size[i % 2]));
}

/** Turns the third network's ten numbers, x before y and in sides of the box, into five points. */
function toLandmarks(box, points) {
  const size = extent(box);
  return range(5).map((i) => [0, 1].map((axis) => Math.fround(points[5 * axis + i] * size[axis] + box[axis] - 1)));
}

/** Returns a face that was found in a tilted square where it is in the picture. */
function turnBack(face, square, degrees) {
  if (!degrees) return face;
  const center = boxCenter(square);
  const landmarks = face.landmarks.map((point) => rotatePoint(point, center, degrees).map(Math.fround));
  return { ...face, box: rotateBox(face.box, center, degrees).map(Math.fround), landmarks };
}
