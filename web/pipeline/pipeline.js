// The pipeline: detect, track, crop, classify and smooth. Mirrors fer/pipeline.py, as each module beside this one
// does the one of its name in fer/vision. Left out is what only recordings and the command line need: cuts in frames
// that aren't searched, pictures read as a single face, other search periods.
//
// A face, as the page gets it:
//   box            [left, top, right, bottom] in pixels of the picture
//   confidence     the detector's, 0 to 1
//   landmarks      [x, y] of the eyes, the nose and the corners of the mouth
//   probabilities  in the order of the expressions; in a stream averaged over time
//   expression     the name of the most probable one; in a stream it keeps it until another one leads
//   turnedAway     whether it is turned too far away to be named
//   state          "tentative" in the first frame of a stream that has it, else "turned away", "uncertain" or "named"
//   quality        size, roll, yaw, sharpness, brightness and clipped
//   track          its number in a stream, negative while tentative

import { ExpressionClassifier } from "./classifier.js";
import { cropFaces } from "./crops.js";
import { FaceDetector } from "./detector.js";
import { MtcnnCascade } from "./mtcnn.js";
import { fromImageData } from "./picture.js";
import { PredictionCache } from "./prediction_cache.js";
import { isTurnedAway, measureQuality } from "./quality.js";
import { argmax } from "./math.js";
import { ExpressionSmoother } from "./expression_smoother.js";
import { StreamDetector } from "./stream_detector.js";

const SESSION_OPTIONS = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };

export class Pipeline {
  /**
   * Loads the networks.
   * @param {object} options
   * @param {object} options.ort onnxruntime-web.
   * @param {object} options.models `pnet`, `rnet`, `onet` and `classifier`, an ArrayBuffer each.
   * @param {object} options.config The content of config.json.
   */
  static async load({ ort, models, config }) {
    const sessions = {};
    for (const name of ["pnet", "rnet", "onet", "classifier"]) {
      sessions[name] = await ort.InferenceSession.create(new Uint8Array(models[name]), SESSION_OPTIONS);
    }
    const cascade = new MtcnnCascade(ort, sessions, config);
    return new Pipeline(cascade, new ExpressionClassifier(ort, sessions.classifier, config), config);
  }

  constructor(cascade, classifier, config) {
    Object.assign(this, { cascade, classifier, config });
    this.photoDetector = new FaceDetector(cascade, config, config.defaults.photo.min_face);
    this.streamDetector = new FaceDetector(cascade, config);
  }

  /** Returns the faces of an ImageData, largest first. */
  async photo(imageData) {
    const picture = fromImageData(imageData);
    const { faces } = await this.photoDetector.detectAnyRotation(picture);
    const crops = this.crop(picture, faces);
    const rows = await this.classifier.classify(crops);
    return this.withResults(faces, crops, rows).map((face) => this.toResult({ ...face, expression: argmax(face.probabilities) }));
  }

  /** Returns a reader of one stream. */
  stream() {
    return new Stream(this);
  }

  crop(picture, faces) {
    return cropFaces(picture, faces, this.config.classifier.framing, this.config.crops);
  }

  /** Returns the faces with their probabilities and quality. */
  withResults(faces, crops, rows) {
    return faces.map((face, i) => {
      const quality = measureQuality(face, crops[i], this.config);
      return { ...face, probabilities: rows[i], quality, turnedAway: isTurnedAway(quality.yaw, this.config.quality) };
    });
  }

  /** Returns a face as the page gets it. */
  toResult({ box, score, landmarks, probabilities, expression, turnedAway, quality, track }) {
    const { expressions, uncertain_below: least } = this.config.classifier;
    const known = turnedAway ? "turned away" : probabilities[expression] < least ? "uncertain" : "named";
    const state = track < 0 ? "tentative" : known;
    return { box, confidence: score, landmarks, probabilities, expression: expressions[expression], turnedAway, state, quality, track };
  }
}

/** Reads one stream, and remembers of it what is needed to follow its faces. */
class Stream {
  constructor(pipeline) {
    this.pipeline = pipeline;
    this.reset();
  }

  /** Forgets the stream; no track's number is given again. */
  reset() {
    const { config, streamDetector } = this.pipeline;
    const tracker = this.detector?.tracker ?? null;
    tracker?.forgetFaces();
    this.detector = new StreamDetector(streamDetector, config, tracker);
    this.cache = new PredictionCache(config);
    this.smoother = new ExpressionSmoother(config);
  }

  /** Returns the faces of the next frame, an ImageData, taken at `seconds` on a clock that doesn't go back. */
  async next(imageData, seconds) {
    const { pipeline } = this;
    const picture = fromImageData(imageData);
    const faces = await this.detector.update(picture, seconds);
    const crops = pipeline.crop(picture, faces);
    const tracks = faces.map(({ track }) => track);
    const rows = await this.cache.predict(tracks, crops, seconds, (due) => pipeline.classifier.classify(due));
    const smoothed = this.smoother.update(pipeline.withResults(faces, crops, rows), seconds);
    return smoothed.map((face) => pipeline.toResult(face));
  }
}
