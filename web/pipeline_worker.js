// The networks, away from the page's own thread. Messages come and go as described in page/pipeline_client.js.

import * as ort from "./ort/ort.wasm.bundle.min.mjs";
import { FALSE_PIXELS, readsTrue } from "./page/canvas_reading.js";
import { loadModels } from "./page/model_files.js";
import { NOT_RUN } from "./page/reasons.js";
import { isUniform } from "./page/uniform.js";
import { Pipeline } from "./pipeline/pipeline.js";

let pipeline, stream, uniformRange;
const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", { willReadFrequently: true });

const handlers = {
  async load({ base, uniformRange: range, lock }) {
    holdUntilTheEnd(lock);
    if (!readsTrue(canvas)) throw new Error(FALSE_PIXELS);
    uniformRange = range;
    const { wasm, config, ...models } = await loadModels(base, (progress) => postMessage({ type: "progress", ...progress }));
    ort.env.wasm.wasmBinary = wasm;
    ort.env.wasm.numThreads = 1; // the networks are small: a second thread costs more than it brings
    pipeline = await Pipeline.load({ ort, models, config }).catch((error) => {
      console.error(error); // ONNX Runtime's own words
      throw new Error(NOT_RUN);
    });
    stream = pipeline.stream();
    postMessage({ type: "ready" });
  },

  async photo({ id, bitmap }) {
    const start = performance.now();
    const image = pixels(bitmap);
    [canvas.width, canvas.height] = [1, 1]; // a photo is much larger than the camera's pictures
    const faces = await pipeline.photo(image);
    postMessage({ type: "faces", id, faces, milliseconds: performance.now() - start });
  },

  async frame({ id, bitmap, seconds }) {
    const start = performance.now();
    const image = pixels(bitmap);
    const uniform = isUniform(image, uniformRange);
    const faces = uniform ? [] : await stream.next(image, seconds);
    postMessage({ type: "faces", id, faces, uniform, milliseconds: performance.now() - start });
  },

  reset() {
    stream.reset();
  },
};

/** Holds a lock as long as this worker runs, and lets the page wait for it. */
function holdUntilTheEnd(lock) {
  const hold = () => new Promise(() => postMessage({ type: "locked" }));
  navigator.locks?.request(lock, hold).catch((error) => console.info("The page doesn't notice an end of the worker:", error.message));
}

/** Returns a bitmap's pixels and gives it up; transparent ones are on white, as fer/images/pixels.py has them. */
function pixels(bitmap) {
  const { width, height } = bitmap;
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

// One after the other: a session can't run twice at a time.
let turn = Promise.resolve();

addEventListener("message", ({ data }) => {
  turn = turn.then(async () => {
    try {
      await handlers[data.type](data);
    } catch (error) {
      console.error(error);
      postMessage({ type: "failed", id: data.id, message: error.message });
    }
  });
});
