// Whether the screen stays on while the camera is, with a browser that grants locks.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ScreenLock } from "../../fer/ui/modules/screen_lock.js";

let held, changed, grant;

beforeEach(() => {
  held = new Set();
  grant = async () => {
    const lock = { release: () => held.delete(lock) };
    held.add(lock);
    return lock;
  };
  globalThis.document = { hidden: false, addEventListener: (_, listener) => (changed = listener) };
  Object.defineProperty(globalThis, "navigator", { value: { wakeLock: { request: () => grant() } }, configurable: true });
});

test("the screen is kept on while that is wanted, and again when the page is seen again", async () => {
  const screen = new ScreenLock();
  await changed();
  assert.equal(held.size, 0);
  await screen.keep(true);
  assert.equal(held.size, 1);
  document.hidden = true;
  held.clear(); // as browsers do
  await changed();
  assert.equal(held.size, 0);
  document.hidden = false;
  await Promise.all([changed(), changed()]);
  assert.equal(held.size, 1);
  screen.keep(false);
  assert.equal(held.size, 0);
});

test("what is granted after the camera was stopped is given back, and a refusal does no harm", async () => {
  const screen = new ScreenLock();
  const late = screen.keep(true);
  screen.keep(false);
  await late;
  assert.equal(held.size, 0);
  grant = async () => { throw new Error("The battery is low."); };
  await screen.keep(true);
  delete navigator.wakeLock;
  await screen.keep(true);
});
