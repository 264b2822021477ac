// The Live tab's exchange with the server, without a page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { awakeTime } from "../../fer/ui/shared_js/camera.js";
import { ServerLive } from "../../fer/ui/shared_js/server_live.js";

test("what an earlier run leaves behind doesn't stop the one that goes on", async () => {
  let sent = 0;
  const live = {
    ...{ run: 2, maxInFlight: 1, due: performance.now() + 20, camera: { loss: null }, video: { videoWidth: 640 } },
    next: ServerLive.prototype.next,
    exchange: () => { sent++; return new Promise(() => {}); },
  };
  live.next(2, new Set()); // waits for the next frame's time
  live.next(1, new Set()); // an answer that comes after Stop and Start
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(sent, 1);
});

test("where canvas reads are randomised there is an error message, and the camera stays off", async () => {
  const white = { fillRect() {}, getImageData: () => ({ data: [255, 255, 255, 255] }) };
  globalThis.document = { createElement: () => ({ getContext: () => white }), documentElement: { lang: "en" } };
  let reason = null;
  await ServerLive.prototype.startRun.call({ explain: (write) => (reason = write()) }, 1);
  delete globalThis.document;
  assert.match(reason, /^This browser hides from web pages/);
});

test("a server that is silent is called busy until it is known not to answer, and nothing old is shown", () => {
  let waiting = null, paused = null;
  const live = Object.assign(Object.create(ServerLive.prototype), {
    ...{ paused: false, lost: false, lastResult: awakeTime() - 6000, camera: { stream: {} } },
    stage: { classList: { toggle: (name, on) => (waiting = on) } },
    page: { pause: (...states) => (paused = states) },
  });
  live.checkAge();
  assert.deepEqual([waiting, paused], [true, [true, true]]);
  live.writeMessage = () => "The server doesn't answer";
  live.checkAge();
  assert.deepEqual([waiting, paused], [false, [true, true]]);
  live.pause(false); // as when a camera is back
  assert.deepEqual([waiting, paused], [false, [false, true]]);
  Object.assign(live, { showMessage() {}, overlay: { update() {} }, inVideo() {} });
  live.page.show = () => {};
  live.show({});
  assert.deepEqual(paused, [false, false]);
});

test("after Stop no reading is shown, also where the server was silent", () => {
  const calls = [];
  const live = Object.assign(Object.create(ServerLive.prototype), {
    ...{ lost: true, camera: { close() {} }, showCamera() {}, showMessage() {}, stage: { classList: { toggle() {} } } },
    page: { pause: (...states) => calls.push(states), showInstructions: () => calls.push("instructions") },
  });
  live.release();
  assert.deepEqual(calls, [[true, false], "instructions"]);
});
