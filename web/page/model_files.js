// The large files: networks and ONNX Runtime's WebAssembly. They are compressed, whatever the server does,
// and kept in the browser's cache, unpacked, under names that change with their content.

import { XzReadableStream } from "../xz/xz-decompress.mjs";
import { NOT_LOADED, get } from "./reasons.js";

const CACHE = "fer-models";

/**
 * Loads what build.json names; `onProgress` gets {loaded, total} in bytes of the download.
 * @returns {Promise<object>} By name an ArrayBuffer, of JSON files their content.
 */
export async function loadModels(base, onProgress) {
  const { models } = await (await get(new URL("build.json", base))).json();
  const cache = await openCache();
  const progress = { loaded: 0, total: models.reduce((sum, { bytes }) => sum + bytes, 0) };
  const advance = (bytes) => onProgress({ ...progress, loaded: (progress.loaded += bytes) });
  const load = async ({ url, name, ...sizes }) => {
    const content = await loadFile(cache, new URL(url, base), sizes, advance);
    return [name, url.includes(".json") ? JSON.parse(new TextDecoder().decode(content)) : content];
  };
  const loaded = await Promise.all(models.map(load));
  const wanted = models.map(({ url }) => new URL(url, base).href);
  await forget(cache, new URL("models/", base).href, wanted).catch((error) => console.info("Former networks are kept:", error.message));
  return Object.fromEntries(loaded);
}

async function openCache() {
  try {
    return await caches.open(CACHE);
  } catch (error) { // some browsers have none in private windows, and all none on insecure pages
    console.info("Nothing is kept for the next visit:", error.message);
    return null;
  }
}

/** Returns a file's content, unpacked; `advance` gets the bytes that have come of `bytes`. */
async function loadFile(cache, url, { bytes, unpacked }, advance) {
  const kept = await keptFile(cache, url);
  if (kept && kept.byteLength === unpacked) {
    advance(bytes);
    return kept;
  }
  const packed = await download(await get(url), advance).catch(() => null);
  if (packed?.size !== bytes) throw new Error(NOT_LOADED); // it broke off
  const content = await new Response(new XzReadableStream(packed.stream())).arrayBuffer();
  await cache?.put(url, new Response(content)).catch((error) => console.info("Not kept:", error.message)); // a full disk
  return content;
}

/** Returns a file that was kept; after a crash or on a full disk there may be none, or less than all of it. */
async function keptFile(cache, url) {
  try {
    return await (await cache?.match(url))?.arrayBuffer();
  } catch (error) {
    console.info("What was kept can't be read:", error.message);
    return null;
  }
}

async function download(response, advance) {
  const parts = [];
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(value);
    advance(value.length);
  }
}

/** Deletes the files of former releases, of this copy of the page: a site may have several. */
async function forget(cache, folder, wanted) {
  const old = (url) => url.startsWith(folder) && !wanted.includes(url);
  for (const { url } of (await cache?.keys()) ?? []) if (old(url)) await cache.delete(url);
}
