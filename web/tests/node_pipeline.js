// The pipeline in Node, by the same WebAssembly as in a browser. As a program it reads what
// web/javascript.py asks: pictures as raw RGBA files, single ones or the frames of a stream.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-web";
import { Pipeline } from "../pipeline/pipeline.js";

export const WEB = dirname(dirname(fileURLToPath(import.meta.url)));
const FILES = {
  pnet: "../fer/vision/mtcnn_onnx/pnet.onnx",
  rnet: "../fer/vision/mtcnn_onnx/rnet.onnx",
  onet: "../fer/vision/mtcnn_onnx/onet.onnx",
  classifier: "../fer/model/weights/onnx/model_quantized.onnx",
};

export const readConfig = () => JSON.parse(readFileSync(join(WEB, "pipeline/config.json"), "utf8"));

/** Loads the pipeline in one thread, as the page does. */
export function loadPipeline(config = readConfig()) {
  ort.env.wasm.numThreads = 1;
  const models = Object.fromEntries(Object.entries(FILES).map(([name, path]) => [name, readFileSync(join(WEB, path))]));
  return Pipeline.load({ ort, models, config });
}

/** Returns a raw RGBA file as an ImageData. */
export function readPicture({ path, width, height }) {
  return { data: new Uint8ClampedArray(readFileSync(path)), width, height };
}

/** Answers each line of the input, a picture, with a line: its faces and the processor's time for them. */
async function answer() {
  const pipeline = await loadPipeline();
  let stream = pipeline.stream();
  for await (const line of createInterface({ input: process.stdin })) {
    const { picture, time } = JSON.parse(line);
    if (!picture) {
      stream = pipeline.stream();
      continue;
    }
    const image = readPicture(picture);
    const start = process.cpuUsage();
    const faces = await (time === undefined ? pipeline.photo(image) : stream.next(image, time));
    const { user, system } = process.cpuUsage(start);
    process.stdout.write(`${JSON.stringify({ faces, milliseconds: (user + system) / 1000 })}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await answer();
