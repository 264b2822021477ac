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

/** Installs a release with two networks, of which one was loaded before; returns what it downloads, or fails with. */
async function installed(failure) {
  const handlers = {}, added = [];
  const models = [{ url: "models/kept.xz" }, { url: "models/new.xz" }];
  const cache = {
    ...{ addAll: async () => {}, match: async () => ({ json: async () => ({ models }) }) },
    add: async (url) => { if (failure) throw new DOMException("", failure); added.push(url); },
  };
  const match = async (url, { cacheName } = {}) => (url.includes("kept") || cacheName !== "fer-models" ? {} : undefined);
  runInNewContext(SCRIPT, {
    ...{ URL, Request: Object, registration: { scope: "https://site/", active: {} }, addEventListener: (name, handler) => (handlers[name] = handler) },
    caches: { open: async () => cache, match },
  });
  let installing;
  handlers.install({ waitUntil: (promise) => (installing = promise) });
  await installing;
  return added;
}

test("a release downloads the networks that no release has unpacked, unless the disk is full", async () => {
  assert.deepEqual(await installed(), ["models/new.xz"]); // also one in the cache of a release that will be deleted
  assert.deepEqual(await installed("QuotaExceededError"), []);
  await assert.rejects(installed("NetworkError"), { name: "NetworkError" });
});
