// The page's side of pipeline_worker.js.
//
//   -> {type: "load", base, uniformRange}        <- {type: "progress", loaded, total}, {type: "ready"}
//   -> {type: "photo", id, bitmap}               <- {type: "faces", id, faces, milliseconds}
//   -> {type: "frame", id, bitmap, seconds}      <- {type: "faces", id, faces, uniform, milliseconds}
//   -> {type: "reset"}                           <- {type: "failed", id, message}

import { _ } from "./texts.js";

export class PipelineClient {
  /** Starts the worker; `ready` resolves once its networks are loaded. */
  constructor(base, uniformRange, onProgress) {
    this.waiting = new Map(); // id -> [resolve, reject]
    this.number = 0;
    this.onProgress = onProgress;
    this.ready = new Promise((...settle) => this.waiting.set("load", settle));
    this.worker = new Worker(new URL("../pipeline_worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.receive(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fail(new Error(_("The networks can't run in this browser. Update it, or use another one.")));
    });
    this.worker.postMessage({ type: "load", id: "load", base, uniformRange });
  }

  receive({ type, id = "load", ...result }) {
    if (type === "progress") {
      this.onProgress(result);
      return;
    }
    const [resolve, reject] = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    if (type === "failed") reject?.(new Error(_(result.message)));
    else resolve?.(result);
  }

  fail(error) {
    for (const [, reject] of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  ask(message, transfer) {
    const id = ++this.number;
    this.worker.postMessage({ ...message, id }, transfer);
    return new Promise((...settle) => this.waiting.set(id, settle));
  }

  /** Reads a photo; the bitmap is given away. */
  photo(bitmap) {
    return this.ask({ type: "photo", bitmap }, [bitmap]);
  }

  /** Reads the stream's next frame, taken at `seconds`; the bitmap is given away. */
  frame(bitmap, seconds) {
    return this.ask({ type: "frame", bitmap, seconds }, [bitmap]);
  }

  /** Forgets the stream's faces. */
  reset() {
    this.worker.postMessage({ type: "reset" });
  }
}
