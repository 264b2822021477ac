// The Live tab: one press starts the camera and reading. The picture is the visitor's own video; what the
// networks find is drawn over it. Of the frames that come while the worker is busy the last one is read next.

import { Camera, CameraError } from "./camera.js";
import { el, find, message } from "./dom.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { TimelineScreen } from "./timeline_screen.js";

const PANEL_INTERVAL = 100; // milliseconds from one update of the numbers to the next
const RATE_WINDOW = 2000; // milliseconds over which the rate is measured
const SLOW_RATE = 5; // frames a second below which the visitor is told
const SLOW_AFTER = 6000; // milliseconds, so that the first frames, which are slower, don't count
const PAUSE = 1000; // milliseconds without a frame, after which the first ones are slower again

export class LiveScreen {
  /**
   * @param {PipelineClient} client Reads the frames.
   * @param {Labels} labels Words and colours.
   * @param {Function | null} toServer Changes to the server's way; null where there is no server.
   */
  constructor(client, labels, toServer) {
    Object.assign(this, { client, labels, toServer, run: 0, results: [] });
    [this.video, this.stage, this.trouble] = [find("#video"), find("#stage"), find("#trouble")];
    [this.startButton, this.stopButton] = [find("#start"), find("#stop")];
    this.camera = new Camera(this.video, labels.settings.camera);
    this.overlay = new Overlay(find("#overlay"), this.video, labels);
    this.panel = new Panel(find("#panel"), labels);
    this.timeline = new TimelineScreen(labels);
    this.video.addEventListener("resize", () => this.fitStage());
    this.startButton.addEventListener("click", () => this.start());
    this.stopButton.addEventListener("click", () => this.stop());
    this.camera.addEventListener("loss", ({ detail }) => this.lose(detail));
    this.camera.addEventListener("back", () => this.reopen());
    find("#view").addEventListener("change", () => this.changeView());
  }

  get view() {
    return this.timeline.running ? this.timeline.timeline.view : find("#view input:checked").value;
  }

  async start() {
    const run = ++this.run;
    this.startButton.disabled = true;
    this.trouble.replaceChildren();
    try {
      const opened = this.camera.open(this.view);
      await Promise.all([opened, this.client.ready]);
    } catch (error) {
      this.camera.close();
      this.startButton.disabled = false;
      this.explain(error instanceof CameraError ? `${error.message} The Photo tab works without a camera.` : error.message);
      return;
    }
    if (run !== this.run) { // released meanwhile
      this.camera.close();
      return;
    }
    Object.assign(this, { results: [], started: performance.now(), busy: false, unread: null, slow: false });
    this.client.reset();
    this.showCamera(true);
    this.stopButton.focus();
    this.timeline.pause(false);
    this.follow(run);
  }

  stop() {
    this.release();
    this.startButton.focus();
  }

  /** Lets go of the camera; a timeline that was recorded stays. */
  release() {
    this.run++;
    this.camera.close();
    this.showCamera(false);
    this.panel.reset();
    this.panel.element.hidden = false;
    this.trouble.replaceChildren();
    this.timeline.pause(true);
  }

  showCamera(on) {
    this.stage.classList.toggle("on", on);
    this.startButton.hidden = on;
    this.startButton.disabled = false;
    this.stopButton.hidden = !on;
    this.overlay.clear();
  }

  /** Gives the stage the form of the camera's picture, which is upright on a phone. */
  fitStage() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width) this.stage.style.aspectRatio = `${width} / ${height}`;
  }

  /** Draws over each picture of the camera, and reads it once the worker is free. */
  follow(run) {
    const next = () => {
      if (run !== this.run) return;
      this.camera.played();
      this.overlay.draw();
      this.unread = performance.now();
      this.read(run);
      this.video.requestVideoFrameCallback(next);
    };
    this.video.requestVideoFrameCallback(next);
  }

  /** Reads the latest frame if that hasn't been done and the worker is free. */
  async read(run) {
    if (this.busy || this.unread === null) return;
    const [taken, began] = [this.unread, performance.now()];
    [this.busy, this.unread] = [true, null];
    try {
      const bitmap = await createImageBitmap(this.video);
      const { faces, uniform } = await this.client.frame(bitmap, taken / 1000);
      if (run === this.run) this.show(faces, uniform, taken, performance.now() - began);
    } catch (error) {
      if (run === this.run) this.explain(`This picture could not be read (${error.message}). Press Stop, then Start camera.`);
    } finally {
      this.busy = false;
    }
    if (run === this.run) this.read(run);
  }

  show(faces, uniform, taken, took) {
    this.camera.saw(uniform);
    this.camera.check();
    if (this.camera.loss) return;
    this.overlay.update(faces, this.view);
    this.timeline.record(faces, taken / 1000);
    const now = performance.now();
    if (taken - (this.results.at(-1)?.time ?? 0) > PAUSE) this.started = taken;
    this.results = [...this.results.filter(({ time }) => now - time < RATE_WINDOW), { time: now, took }];
    if (now - (this.panelTime ?? 0) < PANEL_INTERVAL) return;
    this.panelTime = now;
    this.panel.update(faces, this.view, this.rate(now));
    this.checkRate(now);
  }

  /** Returns the results a second. */
  rate(now) {
    const span = Math.min(RATE_WINDOW, now - this.results[0].time) || RATE_WINDOW;
    return (1000 * Math.max(this.results.length - 1, 1)) / span;
  }

  /** Returns the results a second that the device would manage, if the camera had as many pictures. */
  get possibleRate() {
    return (1000 * this.results.length) / this.results.reduce((sum, { took }) => sum + took, 0);
  }

  /** Tells a visitor whose device is too slow, once, and offers the server where there is one. */
  checkRate(now) {
    if (this.slow || now - this.started < SLOW_AFTER || this.possibleRate >= SLOW_RATE) return;
    this.slow = true;
    const advice = this.toServer ? "The server may be faster: it would get the camera's picture." : "Close other programs and pages, or use a newer device.";
    const text = `It manages ${this.possibleRate.toFixed(1)} frames a second; quick expressions are missed. ${advice}`;
    const button = this.toServer && el("button", { type: "button", class: "button", click: this.toServer }, "Read on the server");
    this.trouble.replaceChildren(message("This device is slow", text, "info", button ?? ""));
  }

  /** Says why there is no picture; nothing is counted until `reason` is null again. */
  lose(reason) {
    this.overlay.clear();
    this.timeline.pause(Boolean(reason));
    if (!reason) {
      this.trouble.replaceChildren();
      return;
    }
    this.explain(reason);
    this.panel.clear();
    if (this.camera.loss === "ended") {
      this.run++;
      this.showCamera(false);
    }
  }

  async reopen() {
    const permission = await navigator.permissions.query({ name: "camera" }).catch(() => null);
    if (permission?.state === "granted") this.start();
  }

  explain(reason) {
    this.trouble.replaceChildren(message("No camera picture", reason, "trouble"));
  }

  changeView() {
    this.stage.dataset.view = this.view;
    this.camera.fit(this.view);
    this.overlay.clear();
  }
}
