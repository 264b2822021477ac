// Classification of face crops: probabilities of the seven expressions. Mirrors fer/model/classifier.py and, in
// how a crop becomes the network's input, fer/model/face_pixels.py.

import { grey } from "./picture.js";
import { resizeGrey } from "./resize.js";
import { mean, sum } from "./math.js";

const INPUT = "pixel_values"; // as fer/model/onnx_export.py names it

export class ExpressionClassifier {
  /**
   * @param {object} ort onnxruntime-web.
   * @param {object} session The network in int8, loaded.
   * @param {object} config `classifier` has how the network takes crops and names its classes.
   */
  constructor(ort, session, config) {
    Object.assign(this, { ort, session, settings: config.classifier });
    this.batchSize = config.classifier.BATCH_SIZE;
  }

  /** Returns the probabilities of each crop, in the order of `expressions`. */
  async classify(crops) {
    const { crop_size: side } = this.settings;
    const rows = [];
    for (let start = 0; start < crops.length; start += this.batchSize) {
      const batch = crops.slice(start, start + this.batchSize);
      const input = new Float32Array(side * side * batch.length);
      batch.forEach((crop, i) => this.preprocess(crop, input, i * side * side));
      const tensor = new this.ort.Tensor("float32", input, [batch.length, 1, side, side]);
      const { logits } = await this.session.run({ [INPUT]: tensor });
      const classes = logits.dims[1];
      batch.forEach((_, i) => rows.push(softmax(this.settings.columns.map((column) => logits.data[i * classes + column]))));
    }
    return rows;
  }

  /** Writes a crop as the network sees it: grey, resized, standardised, and of that the middle. */
  preprocess(crop, input, start) {
    const { size, crop_size: side, MIN_DEVIATION } = this.settings;
    const values = resizeGrey(grey(crop), crop.width, crop.height, size, size);
    const average = mean(values);
    const variance = values.reduce((total, value) => total + (value - average) ** 2, 0) / values.length;
    const deviation = Math.max(Math.sqrt(variance) / 255, MIN_DEVIATION);
    const margin = (size - side) >> 1;
    for (let y = 0, to = start; y < side; y++) {
      for (let x = 0, from = (margin + y) * size + margin; x < side; x++) input[to++] = (values[from++] - average) / 255 / deviation;
    }
  }
}

export function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - highest));
  const total = sum(powers);
  return powers.map((power) => power / total);
}
