// Face detection in photos, whichever way up they are. Mirrors fer/vision/photo_search.py.

import { boxHeight, boxWidth, largestFirst, longerSide, mergeFaces } from "./boxes.js";
import { faceRoll, rollDifference } from "./pose.js";
import { resizeArea } from "./resize.js";
import { rotateFaces, rotateImage } from "./rotation.js";
import { argmax, degrees, mean, modulo, radians, range, round, sum } from "./math.js";

/** Returns {faces, rotation}: the faces in the photo's own pixels, and by how many degrees clockwise it is turned. */
export async function detectAnyRotation(detector, picture) {
  const search = new PhotoSearch(detector);
  const faces = await search.reorient(detector, picture, await detector.detect(picture));
  const sure = await search.verified(detector, picture, faces);
  const deciding = sure.length ? sure : await search.searchCoarsely(picture);
  if (!deciding.length) return { faces, rotation: 0 };
  const typical = search.typicalRoll(deciding);
  const rotation = search.nearestRightAngle(typical);
  if (Math.abs(typical) >= search.constants.TILTED_PHOTO) {
    const more = mergeFaces(await search.searchTilted(picture, -search.snap(typical)), deciding, detector.config);
    return { faces: sure.length ? mergeFaces(more, faces, detector.config) : more, rotation };
  }
  return { faces: sure.length ? faces : mergeFaces(deciding, faces, detector.config), rotation };
}

class PhotoSearch {
  constructor(detector) {
    Object.assign(this, { detector, constants: detector.config.photo_search });
  }

  /** Returns the roll, in degrees, about which the largest share of the faces is tilted. */
  typicalRoll(faces) {
    const rolls = faces.map(faceRoll);
    const isNear = (one, other) => Math.abs(rollDifference(one, other)) <= this.constants.RIGHT_ANGLE_TOLERANCE;
    const votes = rolls.map((one) => sum(faces.map(({ score }, i) => (isNear(one, rolls[i]) ? score : 0))));
    const near = rolls.filter((other) => isNear(rolls[argmax(votes)], other)).map(radians);
    return degrees(Math.atan2(sum(near.map(Math.sin)), sum(near.map(Math.cos))));
  }

  /** Returns 90, 180 or 270 for a roll near that, else 0. */
  nearestRightAngle(angle) {
    const quarter = round(angle / 90) * 90;
    return Math.abs(angle - quarter) <= this.constants.RIGHT_ANGLE_TOLERANCE ? modulo(quarter, 360) : 0;
  }

  /** Returns a right angle for a roll near it: turning by that moves pixels only. */
  snap(angle) {
    const quarter = round(angle / 90) * 90;
    return Math.abs(angle - quarter) < this.constants.TILTED_PHOTO ? quarter : angle;
  }

  /** Returns the verified faces of the way up with the most of them; small ones are left out. */
  async searchCoarsely(picture) {
    const { COARSE_SEARCHES, COARSEST_SHARE } = this.constants;
    const { copy, detector, factor } = this.workingCopy(picture);
    const evidence = (faces) => sum(faces.map(({ score }) => score));
    let best = [];
    for (const [turn, coarseness] of COARSE_SEARCHES) {
      const least = Math.min(coarseness * detector.minFace, COARSEST_SHARE * Math.max(copy.width, copy.height));
      const coarse = detector.withMinFace(Math.max(Math.ceil(least), detector.minFace));
      const faces = await this.verified(coarse, copy, await this.detectTurned(coarse, copy, turn));
      if (this.areTelling(faces, copy) && evidence(faces) > evidence(best)) best = faces;
    }
    return scaleFaces(best, factor);
  }

  /** Returns the faces that are found in the picture turned clockwise by any angle. */
  async searchTilted(picture, angle) {
    if (angle % 90 === 0) return this.detectTurned(this.detector, picture, angle);
    const { copy, detector, factor } = this.workingCopy(picture);
    return scaleFaces(await this.detectTurned(detector, copy, angle), factor);
  }

  /** Returns a photo at most `WORKING_SIDE` long, its detector, and by what to enlarge places. */
  workingCopy(picture) {
    const { width, height } = picture;
    const scale = this.constants.WORKING_SIDE / Math.max(width, height);
    if (scale >= 1) return { copy: picture, detector: this.detector, factor: [1, 1] };
    const size = [width, height].map((length) => Math.max(1, round(length * scale)));
    const least = Math.max(Math.ceil(this.detector.minFace * scale), this.detector.config.pyramid.PNET_WINDOW);
    const factor = [width / size[0], height / size[1]];
    return { copy: resizeArea(picture, ...size), detector: this.detector.withMinFace(least), factor };
  }

  /** Returns whether faces are large or many enough to decide which way up a photo is. */
  areTelling(faces, { width, height }) {
    const { MIN_FACE_COUNT, MIN_SHARE } = this.constants;
    const large = faces.some(({ box }) => longerSide(box) >= MIN_SHARE * Math.max(width, height));
    return large || faces.length >= MIN_FACE_COUNT;
  }

  /** Returns the faces that are found in the picture turned clockwise, where they are in it. */
  async detectTurned(detector, picture, angle) {
    const rotated = rotateImage(picture, angle);
    const faces = await this.reorient(detector, rotated, await detector.detect(rotated));
    return rotateFaces(faces, -angle, rotated, picture).filter(({ box }) => Math.min(boxWidth(box), boxHeight(box)) >= 1);
  }

  /** Returns the faces, those that may not be upright in the rotation that scores best. */
  async reorient(detector, picture, faces) {
    const { ROTATIONS, REORIENTED_RATIO } = this.constants;
    const doubtful = this.doubtful(faces);
    if (!doubtful.length) return faces;
    const queries = ROTATIONS.flatMap((quarter) => doubtful.map((face) => [face, faceRoll(face) + quarter]));
    const views = await detector.scoreFaces(picture, queries.map(([face]) => face), queries.map(([, angle]) => angle));
    const reoriented = new Map();
    doubtful.forEach((face, i) => {
      const ways = range(ROTATIONS.length).map((quarter) => views[quarter * doubtful.length + i]);
      const best = ways[argmax(ways.map(({ score }) => score))];
      if (1 - ways[0].score > REORIENTED_RATIO * (1 - best.score)) reoriented.set(face, best);
    });
    if (!reoriented.size) return faces;
    return largestFirst([...faces.filter((face) => !reoriented.has(face)), ...reoriented.values()]);
  }

  /** Returns the faces that may be another way up; see `SURE_CONFIDENCE`. */
  doubtful(faces) {
    const { DOUBTFUL_CONFIDENCE, MAX_REORIENTED, SURE_CONFIDENCE } = this.constants;
    const limit = faces.some(({ score }) => score >= SURE_CONFIDENCE) ? DOUBTFUL_CONFIDENCE : SURE_CONFIDENCE;
    return faces.filter(({ score }) => score < limit).slice(0, MAX_REORIENTED);
  }

  /** Returns the faces that score high at several sizes; where some are certain, these. */
  async verified(detector, picture, faces) {
    const { FILLING_SCORE, FILLING_SHARE, SURE_CONFIDENCE, VERIFIED_SCALES, VERIFIED_SCORE } = this.constants;
    const sure = faces.filter(({ score }) => score >= SURE_CONFIDENCE);
    if (sure.length || !faces.length) return sure;
    const queries = VERIFIED_SCALES.flatMap((scale) => faces.map((face) => [face, scale]));
    const same = queries.map(([face]) => face);
    const views = await detector.scoreFaces(picture, same, same.map(faceRoll), queries.map(([, scale]) => scale));
    return faces.filter(({ box }, i) => {
      const score = mean(range(VERIFIED_SCALES.length).map((scale) => views[scale * faces.length + i].score));
      const fills = longerSide(box) >= FILLING_SHARE * Math.max(picture.width, picture.height);
      return score >= (fills ? FILLING_SCORE : VERIFIED_SCORE);
    });
  }
}

/** Returns faces with their places enlarged, across and down. */
function scaleFaces(faces, factor) {
  return faces.map((face) => ({
    ...face,
    box: face.box.map((edge, i) => Math.fround(edge * factor[i % 2])),
    landmarks: face.landmarks.map((point) => point.map((value, i) => Math.fround(value * factor[i]))),
  }));
}
