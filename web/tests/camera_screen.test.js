// The start of the camera, without a page.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { CameraScreen } from "../../fer/ui/modules/camera_screen.js";

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
