// Keeps the page's own files for use without a connection, all of one release together; a new release has
// another version and replaces them. The networks are kept by page/model_files.js; those of a new release come with
// it, so that it works without a connection from its first start.

const OWN = `fer-page-${new URL(registration.scope).pathname}-`; // a site may have several copies of the page
const CACHE = OWN + "{version}";
const FILES = ["{files}"];

addEventListener("install", (event) => event.waitUntil(install()));

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  if (!registration.active) return; // a first visit's page is loading its networks
  const { models } = await (await cache.match("build.json")).json();
  // Other releases' caches go when this one is activated.
  for (const { url } of models) if (!(await caches.match(url, { cacheName: "fer-models" }))) await cache.add(url).catch(unlessFull);
}

/** Where the disk is full a release is installed all the same, and loads its networks when they are needed. */
function unlessFull(error) {
  if (error.name !== "QuotaExceededError") throw error;
}

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(OWN) && name !== CACHE;
  const clean = async () => Promise.all((await caches.keys()).filter(old).map((name) => caches.delete(name)));
  event.waitUntil(Promise.all([clean(), clients.claim()])); // after a first visit, too, nothing more is fetched
});

addEventListener("message", ({ data }) => {
  if (data === "activate") skipWaiting();
});

addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || !event.request.url.startsWith(registration.scope)) return;
  const none = () => null; // a browser's storage may be damaged
  event.respondWith(kept(event.request).catch(none).then((response) => response ?? fetch(event.request)));
});

/** Returns a kept file. Hosts may tell requests apart by headers, as by Origin, and redirect x.html to x, which browsers refuse from here. */
async function kept(request) {
  const response = await (await caches.open(CACHE)).match(request, { ignoreSearch: true, ignoreVary: true });
  return response?.redirected ? new Response(response.body, response) : response;
}
