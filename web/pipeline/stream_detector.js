// Face detection in streams, at a fraction of the cost of a full detection of each frame.
// Mirrors fer/vision/stream_detector.py.

import { AppearanceMemory } from "./appearance.js";
import { BoxSmoother } from "./box_smoother.js";
import { maxIou, mergeFaces } from "./boxes.js";
import { contentRectangle, frameMappings } from "./frame_mapping.js";
import { tilesAround } from "./pyramid.js";
import { RollSmoother } from "./roll_smoother.js";
import { SceneChangeDetector } from "./scene_change.js";
import { StreamRotation } from "./stream_rotation.js";
import { FaceTracker } from "./tracker.js";

export class StreamDetector {
  /**
   * @param {FaceDetector} detector Finds faces.
   * @param {object} config Python's constants by module.
   * @param {FaceTracker} tracker Of a stream before, whose numbers aren't given again.
   */
  constructor(detector, config, tracker = null) {
    const { max_age: maxAge, search_period: searchPeriod } = config.defaults.stream;
    Object.assign(this, { detector, config, constants: config.stream_detector, maxAge, searchPeriod });
    this.tracker = tracker ?? new FaceTracker(config, maxAge);
    [this.rolls, this.appearances] = [new RollSmoother(config, maxAge), new AppearanceMemory(config)];
    this.boxSmoother = new BoxSmoother(config, maxAge);
    [this.sceneChanges, this.rotation] = [new SceneChangeDetector(config), new StreamRotation(config)];
    Object.assign(this, { size: null, content: [0, 0, 0, 0], lastTime: -Infinity, searchPosition: 0 });
  }

  /** Finds the faces of the next frame, taken at `time` in seconds; `track` is negative where a face doesn't count yet. */
  async update(picture, time) {
    let faces = await this.find(this.rotation.toUpright(picture), time);
    if (await this.rotation.update(this.detector, picture, faces, time)) {
      this.forget(); // what is known is of the frames as they were
      faces = await this.find(this.rotation.toUpright(picture), time);
    }
    return this.rotation.fromUpright(faces, picture);
  }

  /** Returns the faces of a frame that are about upright, tracked. */
  async find(picture, time) {
    const { whole: changed, cut } = this.sceneChanges.update(picture);
    const elapsed = time - this.lastTime;
    this.lastTime = time;
    const whole = changed || cut || this.size !== sizeOf(picture);
    const mappings = whole ? this.frameMappings(picture) : [];
    if (mappings.length) this.boxSmoother.reset(); // its places are in another frame's pixels
    const faces = whole ? await this.detector.detect(picture) : await this.trackAndSearch(picture, time, elapsed);
    const descriptors = this.appearances.computeDescriptors(picture, faces, time, whole);
    const tracked = this.tracker.update(faces, time, descriptors, cut && !mappings.length, mappings);
    return this.boxSmoother.update(this.rolls.update(tracked, time), time);
  }

  /** Begins with the next frame as with the first one, but gives no number again. */
  forget() {
    this.tracker.forgetFaces();
    this.boxSmoother.reset();
    Object.assign(this, { rolls: new RollSmoother(this.config, this.maxAge), size: null });
  }

  /** Returns how places may have moved if the frame's size or its black bars changed. */
  frameMappings(picture) {
    const [before, known] = [this.content, this.size !== null];
    this.size = sizeOf(picture);
    this.content = contentRectangle(picture, this.config.frame_mapping);
    const same = before.every((edge, i) => edge === this.content[i]);
    return known && !same ? frameMappings(before, this.content, this.config.frame_mapping) : [];
  }

  /** Returns the known faces where they are now, and new ones of this frame's share. */
  async trackAndSearch(picture, time, elapsed) {
    const { TENTATIVE_CONFIDENCE, MAX_SEARCH_EXTENT, TRACKED_CONFIDENCE } = this.constants;
    const { detector, config } = this;
    const [predicted, tentative] = [this.tracker.predict(time), this.tracker.predict(time, true)];
    let faces = await this.redetect(picture, predicted, TRACKED_CONFIDENCE);
    if (tentative.length) faces = mergeFaces(faces, await this.redetect(picture, tentative, TENTATIVE_CONFIDENCE), config);
    const [lost, doubtful] = [this.missing(predicted, faces), this.missing(tentative, faces)];
    const search = async (tiles, confidence) => {
      if (!tiles.length) return;
      const known = faces.map(({ box }) => box);
      faces = mergeFaces(faces, await detector.detect(picture, { tiles, known, confidence }), config);
    };
    await search(this.dueTiles(detector.tiles(picture), elapsed));
    const extent = Math.min(0.5 + config.tracker.MAX_SPEED * elapsed, MAX_SEARCH_EXTENT);
    await search(tilesAround(picture, lost, extent, config.pyramid), TRACKED_CONFIDENCE);
    await search(tilesAround(picture, doubtful, extent, config.pyramid));
    return this.findTilted(picture, lost, faces);
  }

  /** Returns the known faces where they are now; one on its side is scored the other way up, too. */
  async redetect(picture, predicted, confidence) {
    const rolls = this.rolls.predictRolls(predicted);
    const lying = predicted.flatMap((_, i) => (Math.abs(rolls[i]) > this.constants.LYING ? [i] : []));
    const places = [...predicted, ...lying.map((i) => predicted[i])];
    return this.detector.redetect(picture, places, confidence, [...rolls, ...lying.map((i) => rolls[i] + 180)]);
  }

  /** Returns the faces, and those of the lost ones that tilted their head since they were seen. */
  async findTilted(picture, lost, faces) {
    const { MAX_TILTED, TILTED_CONFIDENCE, TILTS } = this.constants;
    const places = this.missing(lost, faces).slice(0, MAX_TILTED).flatMap((box) => TILTS.map(() => box));
    if (!places.length) return faces;
    const rolls = this.rolls.predictRolls(places).map((roll, i) => roll + TILTS[i % TILTS.length]);
    return mergeFaces(faces, await this.detector.redetect(picture, places, TILTED_CONFIDENCE, rolls), this.config);
  }

  /** Returns the tiles that are due after `elapsed` seconds. */
  dueTiles(tiles, elapsed) {
    const first = Math.trunc(this.searchPosition);
    this.searchPosition += (elapsed / this.searchPeriod) * tiles.length;
    const last = Math.min(Math.trunc(this.searchPosition), first + tiles.length);
    return Array.from({ length: last - first }, (_, i) => tiles[(first + i) % tiles.length]);
  }

  /** Returns those of the boxes near which there is none of the faces. */
  missing(boxes, faces) {
    const found = faces.map(({ box }) => box);
    return boxes.filter((box) => maxIou(box, found) < this.constants.SAME_FACE_IOU);
  }
}

const sizeOf = ({ width, height }) => `${width} ${height}`;
