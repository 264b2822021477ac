// The large files: networks and ONNX Runtime's WebAssembly. They are compressed, whatever the server does,
// and kept in the browser's cache under names that change with their content.

const CACHE = "fer-models";
const GZIP = [0x1f, 0x8b]; // a server may have unpacked the file on its way

/**
 * Loads what build.json names; `onProgress` gets {loaded, total} in bytes of the download.
 * @returns {Promise<object>} By name an ArrayBuffer, of JSON files their content.
 */
export async function loadModels(base, onProgress) {
  const { models } = await (await get(new URL("build.json", base))).json();
  const cache = await openCache();
  const progress = { loaded: 0, total: models.reduce((sum, { bytes }) => sum + bytes, 0) };
  const advance = (bytes) => onProgress({ ...progress, loaded: (progress.loaded += bytes) });
  const load = async ({ name, url }) => [name, await unpack(url, await content(cache, new URL(url, base), advance))];
  const loaded = await Promise.all(models.map(load));
  await forget(cache, models.map(({ url }) => new URL(url, base).href));
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

async function get(url) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new Error("The networks could not be loaded. Check the connection, then reload the page.");
  return response;
}

async function content(cache, url, advance) {
  const kept = await cache?.match(url);
  if (kept) {
    const blob = await kept.blob();
    advance(blob.size);
    return blob;
  }
  const response = await get(url);
  const parts = [];
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    advance(value.length);
  }
  const blob = new Blob(parts);
  await cache?.put(url, new Response(blob)).catch((error) => console.info("Not kept:", error.message)); // a full disk
  return blob;
}

async function unpack(url, blob) {
  const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const packed = GZIP.every((byte, i) => start[i] === byte);
  const stream = packed ? blob.stream().pipeThrough(new DecompressionStream("gzip")) : blob.stream();
  const response = new Response(stream);
  return url.includes(".json") ? response.json() : response.arrayBuffer();
}

/** Deletes the files of former releases. */
async function forget(cache, wanted) {
  for (const { url } of (await cache?.keys()) ?? []) if (!wanted.includes(url)) await cache.delete(url);
}
