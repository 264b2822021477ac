// The service worker, without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const SCRIPT = readFileSync(new URL("../service_worker.js", import.meta.url), "utf8");

test("where the browser's storage is damaged the page comes from its site", async () => {
  const handlers = {};
  runInNewContext(SCRIPT, {
    ...{ URL, registration: { scope: "https://site/" }, addEventListener: (name, handler) => (handlers[name] = handler) },
    ...{ caches: { open: async () => { throw new Error("Unexpected internal error."); } }, fetch: async ({ url }) => url },
  });
  let response;
  handlers.fetch({ request: { method: "GET", url: "https://site/page.css" }, respondWith: (promise) => (response = promise) });
  assert.equal(await response, "https://site/page.css");
});
