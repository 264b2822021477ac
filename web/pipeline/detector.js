// Face detection by MTCNN, in the picture's own pixels. Mirrors fer/vision/detector.py.
//
// A face is {box, score, landmarks}; the landmarks are the eye on the left as seen, the eye on the right, the
// nose, the left and the right corner of the mouth, [x, y] each.

import { boxArea, clipBox, containment, iou, largestFirst, longerSide, squareBox } from "./boxes.js";
import { brighten } from "./mtcnn_input.js";
import { detectAnyRotation } from "./photo_search.js";
import { pyramidScales, splitIntoTiles } from "./pyramid.js";
import { rescoreUncertain, faceSquare, refineUpright, suppressSmallRolls } from "./rescoring.js";
import { round } from "./math.js";

export class FaceDetector {
  /**
   * @param {MtcnnCascade} cascade The networks.
   * @param {object} config Python's constants by module.
   * @param {number} minFace Smallest face to detect, from forehead to chin in pixels of the picture given.
   */
  constructor(cascade, config, minFace = config.defaults.detector.min_face) {
    const { detector: constants, rescoring } = config;
    const { confidence } = config.defaults.detector;
    Object.assign(this, { cascade, config, constants, rescoring, minFace, confidence });
    this.bright = new WeakMap(); // picture -> it or its brighter copy
  }

  /** Returns a detector that shares this one's networks. */
  withMinFace(minFace) {
    return new FaceDetector(this.cascade, this.config, minFace);
  }

  /** Returns the faces of a picture, largest first; `tiles` are searched, `known` are boxes of known faces. */
  async detect(picture, { tiles = this.wholeTiles(picture), known = [], confidence = this.confidence } = {}) {
    const { PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD } = this.constants;
    const bright = this.brighten(picture);
    const proposed = await this.cascade.propose(bright, tiles, PROPOSAL_THRESHOLD);
    const unknown = proposed.filter(({ box }) => !this.isAboutKnown(box, known));
    const refined = await this.cascade.refine(bright, unknown, REFINEMENT_THRESHOLD);
    const threshold = Math.min(this.rescoring.RESCORE_FROM, confidence);
    const found = await this.cascade.finalize(bright, refined.map(({ box }) => box), threshold);
    const level = await refineUpright(this.cascade, bright, found, threshold, this.rescoring);
    const confirmed = await rescoreUncertain(this.cascade, bright, level, confidence, this.rescoring);
    return this.toFaces(picture, confirmed, this.minFace);
  }

  /** Splits the search of a picture of this size into tiles of about equal cost. */
  tiles(picture) {
    return splitIntoTiles(picture, this.scales(picture), this.constants.TILE_PIXELS, this.config.pyramid);
  }

  /** Finds faces again near where they are expected, tilted by `rolls` degrees. */
  async redetect(picture, boxes, confidence, rolls) {
    const degrees = suppressSmallRolls(rolls, this.rescoring);
    const squares = boxes.map((box, i) => (degrees[i] ? faceSquare(box, this.rescoring) : squareBox(box)));
    const whole = squares.map((square) => square.map(round)); // as they are cut out, so that rounding errors don't add up
    const found = await this.cascade.finalize(this.brighten(picture), whole, confidence, degrees);
    return this.toFaces(picture, found, this.constants.REDETECT_SIZE_SHARE * this.minFace);
  }

  /** Detects the faces of a photo in any rotation; see photo_search.js. */
  detectAnyRotation(picture) {
    return detectAnyRotation(this, picture);
  }

  /** Returns the last network's output for each face, turned upright, in the order given. */
  async scoreFaces(picture, faces, rolls, scales = faces.map(() => 1)) {
    const squares = faces.map(({ box }, i) => faceSquare(box, this.rescoring, scales[i]));
    const found = await this.cascade.scoreFaces(this.brighten(picture), squares, suppressSmallRolls(rolls, this.rescoring));
    return found.map((face, i) => ({ ...(face ?? faces[i]), box: clipBox((face ?? faces[i]).box, picture.width, picture.height) }));
  }

  brighten(picture) {
    if (!this.bright.has(picture)) this.bright.set(picture, brighten(picture, this.config.mtcnn_input));
    return this.bright.get(picture);
  }

  scales(picture) {
    const { PNET_WINDOW } = this.config.pyramid;
    const least = Math.max(this.minFace, (PNET_WINDOW * Math.max(picture.width, picture.height)) / this.constants.MAX_SIDE);
    return pyramidScales(picture, least, this.config.pyramid);
  }

  wholeTiles(picture) {
    const { width: right, height: bottom } = picture;
    return this.scales(picture).map((scale) => ({ scale, left: 0, top: 0, right, bottom }));
  }

  /** Clips to the picture, drops faces below `minSize`, puts the largest face first. */
  toFaces({ width, height }, found, minSize) {
    const large = found.filter(({ box }) => longerSide(box) >= this.constants.ANNOTATED_SIZE_SHARE * minSize);
    const clipped = large.map((face) => ({ ...face, box: clipBox(face.box, width, height) }));
    return largestFirst(clipped.filter(({ box }) => boxArea(box) >= 1));
  }

  /** Returns whether a proposal is of a known face, so that no network has to score it. */
  isAboutKnown(box, known) {
    const { KNOWN_CONTAINMENT, KNOWN_IOU } = this.constants;
    return known.some((other) => {
      const inside = boxArea(box) < boxArea(other) && containment(box, other) >= KNOWN_CONTAINMENT;
      return inside || iou(box, other) >= KNOWN_IOU;
    });
  }
}
