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
  const load = async ({ name, url, bytes }) => {
    const file = await content(cache, new URL(url, base), bytes, advance);
    return [name, url.includes(".json") ? JSON.parse(await file.text()) : await file.arrayBuffer()];
  };
  const loaded = await Promise.all(models.map(load));
  await forget(cache, new URL("models/", base).href, models.map(({ url }) => new URL(url, base).href));
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

/** Returns a file unpacked, as a Blob; `advance` gets the bytes that have come of `bytes`. */
async function content(cache, url, bytes, advance) {
  const kept = await cache?.match(url);
  if (kept) {
    advance(bytes);
    return kept.blob();
  }
  const packed = await download(await get(url), advance).catch(() => null);
  if (packed?.size !== bytes) throw new Error(NOT_LOADED); // it broke off
  const file = await new Response(new XzReadableStream(packed.stream())).blob();
  await cache?.put(url, new Response(file)).catch((error) => console.info("Not kept:", error.message)); // a full disk
  return file;
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
