// Finding faces: MTCNN, in the picture's own pixels. Mirrors fer/vision/detector.py.
//
// A face is {box, score, landmarks}; the landmarks are the eye on the left as seen, the eye on the right, the
// nose, the left and the right corner of the mouth, [x, y] each.

import { boxArea, boxCenter, clipBox, containment, iou, largestFirst, longerSide, squareBox } from "./boxes.js";
import { brighten } from "./exposure.js";
import { detectAnyWayUp } from "./photo_search.js";
import { faceRoll, roll, rollDifference } from "./pose.js";
import { pyramidScales, splitIntoTiles } from "./pyramid.js";
import { round } from "./rounding.js";

export class FaceDetector {
  /**
   * @param {MtcnnCascade} cascade The networks.
   * @param {object} config Python's constants by module.
   * @param {number} minFace Least face to look for, from forehead to chin in pixels of the picture given.
   */
  constructor(cascade, config, minFace = config.defaults.detector.min_face) {
    const { confidence, max_side: maxSide } = config.defaults.detector;
    Object.assign(this, { cascade, config, constants: config.detector, minFace, confidence, maxSide });
    this.bright = new WeakMap(); // picture -> it or its brighter copy
  }

  /** Returns a detector that shares this one's networks. */
  withMinFace(minFace) {
    return new FaceDetector(this.cascade, this.config, minFace);
  }

  /** Returns the faces of a picture, largest first; `tiles` are where to look, `known` boxes of known faces. */
  async detect(picture, { tiles = this.wholeTiles(picture), known = [], confidence = this.confidence } = {}) {
    const { PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD, RESCORE_FROM } = this.constants;
    const bright = this.brighten(picture);
    const proposed = await this.cascade.propose(bright, tiles, PROPOSAL_THRESHOLD);
    const unknown = proposed.filter(({ box }) => !this.isAboutKnown(box, known));
    const refined = await this.cascade.refine(bright, unknown, REFINEMENT_THRESHOLD);
    const threshold = Math.min(RESCORE_FROM, confidence);
    const found = await this.cascade.finalize(bright, refined.map(({ box }) => box), threshold);
    const level = await this.lookLevel(bright, found, threshold);
    return this.toFaces(picture, await this.confirm(bright, level, confidence), this.minFace);
  }

  /** Splits the search of a picture of this size into tiles of about equal cost. */
  tiles(picture) {
    return splitIntoTiles(picture, this.scales(picture), this.constants.TILE_PIXELS, this.config.pyramid);
  }

  /** Finds faces again near where they are expected, tilted by `rolls` degrees. */
  async redetect(picture, boxes, confidence, rolls) {
    const { REDETECT_SCALE, REDETECT_SIZE_SHARE } = this.constants;
    const tilts = this.tilts(rolls);
    const squares = boxes.map((box, i) => (tilts[i] ? this.faceSquare(box, REDETECT_SCALE) : squareBox(box, REDETECT_SCALE)));
    const whole = squares.map((square) => square.map(round)); // as they are cut out, so that rounding errors don't add up
    const found = await this.cascade.finalize(this.brighten(picture), whole, confidence, tilts);
    return this.toFaces(picture, found, REDETECT_SIZE_SHARE * this.minFace);
  }

  /** Finds the faces of a photo that may lie on its side; see photo_search.js. */
  detectAnyWayUp(picture) {
    return detectAnyWayUp(this, picture);
  }

  /** Returns what the last network makes of each face when it sees it turned upright, in the order given. */
  async inspect(picture, faces, rolls, scales = faces.map(() => 1)) {
    const squares = faces.map(({ box }, i) => this.faceSquare(box, scales[i]));
    const found = await this.cascade.inspect(this.brighten(picture), squares, this.tilts(rolls));
    return found.map((face, i) => ({ ...(face ?? faces[i]), box: clipBox((face ?? faces[i]).box, picture.width, picture.height) }));
  }

  brighten(picture) {
    if (!this.bright.has(picture)) this.bright.set(picture, brighten(picture, this.config.exposure));
    return this.bright.get(picture);
  }

  /** Returns the faces, tilted ones as the last network sees them turned upright. */
  async lookLevel(picture, found, threshold) {
    const { LEVEL_LOOKS, TILTED_FROM } = this.constants;
    let rolls = found.map(() => 0); // as the network saw the faces
    for (let look = 0; look < LEVEL_LOOKS; look++) {
      const seen = found.map(({ landmarks }) => roll(landmarks));
      const tilted = seen.map((degrees, i) => Math.abs(rollDifference(degrees, rolls[i])) >= TILTED_FROM);
      if (!tilted.includes(true)) break;
      const asked = found.flatMap((face, i) => (tilted[i] ? [i] : []));
      const squares = asked.map((i) => this.faceSquare(found[i].box));
      const level = await this.cascade.inspect(picture, squares, asked.map((i) => seen[i]));
      found = found.map((face, i) => (tilted[i] ? level[asked.indexOf(i)] : face) ?? face);
      rolls = rolls.map((degrees, i) => (tilted[i] ? seen[i] : degrees));
    }
    return rolls.some(Boolean) ? this.cascade.bestOf(found, threshold) : found;
  }

  /** Returns the faces that score enough; more looks decide where the first one doubts. */
  async confirm(picture, found, confidence) {
    const { MIRRORED_SCALE, RESCORE_BELOW } = this.constants;
    const asked = found.filter(({ score }) => score < RESCORE_BELOW);
    if (asked.length) {
      const squares = asked.map(({ box }) => this.faceSquare(box, MIRRORED_SCALE));
      const again = await this.cascade.rescore(picture, asked, squares, this.tilts(asked.map(faceRoll)));
      found = found.map((face) => again[asked.indexOf(face)] ?? face);
    }
    return found.filter(({ score }) => score > confidence);
  }

  scales(picture) {
    const { PNET_WINDOW } = this.config.pyramid;
    const least = Math.max(this.minFace, (PNET_WINDOW * Math.max(picture.width, picture.height)) / this.maxSide);
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

  /** Returns about a box the square that the last network sees of a face of its area. */
  faceSquare(box, scale = 1) {
    const [x, y] = boxCenter(box);
    const half = ((scale * this.constants.FACE_LENGTH) / 2) * Math.sqrt(boxArea(box));
    return [x - half, y - half, x + half, y + half].map(Math.fround);
  }

  /** Returns by how many degrees squares are tilted: those of faces that are hardly tilted are not. */
  tilts(rolls) {
    return rolls.map((degrees) => (Math.abs(rollDifference(degrees, 0)) < this.constants.TILTED_FROM ? 0 : degrees));
  }

  /** Returns whether a proposal is about a face that is known, so that it needs no further look. */
  isAboutKnown(box, known) {
    const { KNOWN_CONTAINMENT, KNOWN_IOU } = this.constants;
    return known.some((other) => {
      const inside = boxArea(box) < boxArea(other) && containment(box, other) >= KNOWN_CONTAINMENT;
      return inside || iou(box, other) >= KNOWN_IOU;
    });
  }
}
