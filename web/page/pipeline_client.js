// The page's side of pipeline_worker.js.
//
//   -> {type: "load", base, uniformRange, lock}  <- {type: "locked"}, {type: "progress", loaded, total}, {type: "ready"}
//   -> {type: "photo", id, bitmap}               <- {type: "faces", id, faces, milliseconds}
//   -> {type: "frame", id, bitmap, seconds}      <- {type: "faces", id, faces, uniform, milliseconds}
//   -> {type: "reset"}                           <- {type: "failed", id, message}

import { ENDED, NOT_LOADED, NOT_RUN, get } from "./reasons.js";
import { _ } from "./texts.js";

const SCRIPT = new URL("../pipeline_worker.js", import.meta.url);

export class PipelineClient {
  /** Starts the worker; `ready` resolves once its networks are loaded. */
  constructor(base, uniformRange, onProgress) {
    this.waiting = new Map(); // id -> [resolve, reject]
    this.number = 0;
    this.ended = false;
    this.lock = `fer-worker-${Math.random()}`;
    this.onProgress = onProgress;
    this.ready = new Promise((...settle) => this.waiting.set("load", settle));
    this.worker = new Worker(SCRIPT, { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.receive(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.explain();
    });
    this.worker.postMessage({ type: "load", id: "load", base, uniformRange, lock: this.lock });
  }

  receive({ type, id = "load", ...result }) {
    if (type === "progress") return this.onProgress(result);
    if (type === "locked") return this.waitForEnd();
    const [resolve, reject] = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    if (type === "failed") reject?.(new Error(_(result.message)));
    else resolve?.(result);
  }

  /** Gets the lock once the worker has ended: browsers may end one without an event, as where memory runs out. */
  waitForEnd() {
    navigator.locks.request(this.lock, () => {
      this.ended = true;
      this.fail(new Error(_(ENDED)));
    });
  }

  /** Finds out whether the worker could not be loaded or can't run: its event doesn't tell. */
  async explain() {
    const reason = await get(SCRIPT).then(() => NOT_RUN, () => NOT_LOADED);
    this.fail(new Error(_(reason)));
  }

  fail(error) {
    for (const [, reject] of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  ask(message, transfer) {
    if (this.ended) {
      for (const each of transfer) each.close(); // the worker would
      return Promise.reject(new Error(_(ENDED)));
    }
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
