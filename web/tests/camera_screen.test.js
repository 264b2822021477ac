// The start of the camera, without a page, its loss, and the screen that stays on meanwhile.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Camera } from "../../fer/ui/shared_js/camera.js";
import { CameraScreen, ScreenLock } from "../../fer/ui/shared_js/camera_screen.js";

let screen, finishLoading, opened, opens;

beforeEach(() => {
  globalThis.document = { activeElement: null };
  opened = opens = 0;
  const none = () => {};
  screen = Object.assign(Object.create(CameraScreen.prototype), {
    ...{ run: 0, startingRun: null, view: "person", ready: new Promise((resolve) => (finishLoading = resolve)) },
    ...{ startButton: {}, stopButton: {}, trouble: { replaceChildren: none }, overlay: { clear: none }, screenLock: { keep: none } },
    ...{ stage: { classList: { toggle: none } }, follow: none },
    camera: { loss: null, open: async () => [opens++, opened++], close: () => (opened = 0) },
  });
});

afterEach(() => delete globalThis.document);

test("a camera that was released while it was being opened stays off", async () => {
  const started = screen.start();
  screen.release();
  finishLoading();
  await started;
  assert.deepEqual([opens, screen.startButton.disabled], [0, false]);
});

test("a press after that, while the first one still waits, opens the camera once", async () => {
  const started = screen.start();
  screen.release();
  screen.start();
  assert.equal(screen.startButton.disabled, true);
  finishLoading();
  await started;
  assert.deepEqual([opens, opened, screen.stopButton.hidden], [1, 1, false]);
});

test("a message is written again in another language, until it is taken back", () => {
  const texts = ["no picture", "kein Bild"];
  let shown = null;
  Object.assign(screen, { trouble: { replaceChildren: (...children) => (shown = children) }, startButton: {}, stopButton: { lastChild: {} }, video: {} });
  globalThis.document = { documentElement: { lang: "en" } };
  screen.showMessage(() => texts.shift());
  screen.translate();
  assert.deepEqual(shown, ["kein Bild"]);
  screen.showMessage();
  screen.translate();
  assert.deepEqual(shown, []);
});

test("a camera is lost after seconds without a picture, not because the device slept", () => {
  document.hidden = false;
  let now = performance.now();
  const clock = mock.method(performance, "now", () => now);
  const camera = Object.assign(Object.create(Camera.prototype), {
    ...{ settings: { stall_seconds: 5, uniform_seconds: 1.5 }, video: { getClientRects: () => [{}] }, uniformSince: null },
    stream: { getVideoTracks: () => [{ readyState: "live", muted: false }] },
  });
  const lossAfter = (milliseconds) => ((now += milliseconds), camera.findLoss());
  camera.played();
  assert.deepEqual([lossAfter(500), lossAfter(3_600_000), lossAfter(500)], [null, null, null]);
  assert.equal(Array.from({ length: 8 }, () => lossAfter(500)).at(-1), "stalled");
  clock.mock.restore();
});

/** Returns a browser that grants screen locks: `held`, and `changed`, the listener for the page being shown or hidden. */
function lockingBrowser() {
  const browser = { held: new Set() };
  browser.grant = async () => {
    const lock = { release: () => browser.held.delete(lock) };
    browser.held.add(lock);
    return lock;
  };
  globalThis.document = { hidden: false, addEventListener: (_, listener) => (browser.changed = listener) };
  Object.defineProperty(globalThis, "navigator", { value: { wakeLock: { request: () => browser.grant() } }, configurable: true });
  return browser;
}

test("the screen is kept on while that is wanted, and again when the page is seen again", async () => {
  const browser = lockingBrowser();
  const [{ held }, lock] = [browser, new ScreenLock()];
  await browser.changed();
  assert.equal(held.size, 0);
  await lock.keep(true);
  assert.equal(held.size, 1);
  document.hidden = true;
  held.clear(); // as browsers do
  await browser.changed();
  assert.equal(held.size, 0);
  document.hidden = false;
  await Promise.all([browser.changed(), browser.changed()]);
  assert.equal(held.size, 1);
  lock.keep(false);
  assert.equal(held.size, 0);
});

test("what is granted after the camera was stopped is given back, and a refusal does no harm", async () => {
  const [browser, lock] = [lockingBrowser(), new ScreenLock()];
  const late = lock.keep(true);
  lock.keep(false);
  await late;
  assert.equal(browser.held.size, 0);
  browser.grant = async () => { throw new Error("The battery is low."); };
  await lock.keep(true);
  delete navigator.wakeLock;
  await lock.keep(true);
});
