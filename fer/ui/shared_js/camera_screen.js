// The camera's picture with what is drawn over it: one press starts the camera and reading, another one
// stops both. What reads the picture is a subclass's: this device or the server.

import { Camera, CameraError } from "./camera.js";
import { focusFrom, message } from "./elements.js";
import { Overlay } from "./overlay.js";
import { _ } from "./texts.js";

export class CameraScreen {
  /**
   * @param {HTMLElement} stage Holds a video, a canvas over it, and the buttons to start and to stop.
   *   Until this script is there, the first one is disabled.
   * @param {HTMLElement} trouble Where the reason is shown why there is no picture.
   * @param {object} settings See `Camera`.
   * @param {Function} caption See `Overlay`.
   */
  constructor(stage, trouble, settings, caption) {
    Object.assign(this, { stage, trouble, run: 0, startingRun: null, ready: Promise.resolve() });
    this.video = stage.querySelector("video");
    [this.startButton, this.stopButton] = stage.querySelectorAll("button");
    this.camera = new Camera(this.video, settings);
    this.screenLock = new ScreenLock();
    this.overlay = new Overlay(stage.querySelector("canvas"), this.video, caption);
    this.translate();
    new MutationObserver(() => this.translate()).observe(document.documentElement, { attributeFilter: ["lang"] });
    this.startButton.disabled = false;
    this.video.addEventListener("resize", () => this.fitStage());
    this.startButton.addEventListener("click", () => this.start());
    this.stopButton.addEventListener("click", () => this.release());
    this.camera.addEventListener("loss", ({ detail }) => this.lose(detail));
    this.camera.addEventListener("back", () => this.reopen());
  }

  /** Writes what doesn't change otherwise, in the page's language. */
  translate() {
    this.startButton.textContent = _("Start camera");
    this.stopButton.lastChild.textContent = _("Stop");
    this.video.ariaLabel = _("The camera's picture");
    this.showMessage(this.writeMessage);
  }

  // A subclass has `view`, "person" or "class", and these:

  /** Begins to read; a run has ended as soon as `this.run` is another one. */
  begin(run) {}

  /** Is called with each picture of the camera. */
  picture(run) {}

  /** Is called when frames stop arriving, with a reason if there is one (see `explain`), and when they arrive again. */
  pause(paused, reason = null) {}

  /**
   * Starts the camera, any or one `device`. While it is still being opened, another press, or a camera that is
   * back, only asks for it again: it may have been released meanwhile.
   */
  async start(device = null) {
    const opening = this.startingRun !== null;
    this.startingRun = ++this.run;
    if (opening) {
      this.startButton.disabled = true;
      return;
    }
    try {
      await this.startRun(device);
    } finally {
      this.startingRun = null;
    }
  }

  async startRun(device) {
    const { loss } = this.camera;
    const moveFocus = focusFrom(this.startButton);
    this.startButton.disabled = true;
    this.showMessage();
    try {
      await this.ready; // nothing could be read before, nor be stopped
      if (this.startingRun === this.run) await this.camera.open(this.view, device);
    } catch (error) {
      this.camera.close();
      this.camera.loss = loss; // one that is back may need a moment, and reports once more
      this.startButton.disabled = false;
      moveFocus(this.startButton);
      this.explain(() => error instanceof CameraError ? `${error.reason()} ${_("The Photo tab works without a camera.")}` : error.message);
      return;
    }
    if (this.startingRun !== this.run) { // released meanwhile
      this.camera.close();
      return;
    }
    const { run } = this;
    this.begin(run);
    this.showCamera(true);
    moveFocus(this.stopButton);
    this.pause(false);
    this.follow(run);
  }

  /** Lets go of the camera; a timeline that was recorded stays. */
  release() {
    this.run++;
    this.camera.close();
    this.showCamera(false);
    this.showMessage();
    this.pause(true);
  }

  showCamera(on) {
    const moveFocus = focusFrom(this.stopButton);
    this.stage.classList.toggle("on", on);
    this.startButton.hidden = on;
    this.startButton.disabled = false;
    this.stopButton.hidden = !on;
    if (!on) moveFocus(this.startButton);
    this.overlay.clear();
    this.screenLock.keep(on);
  }

  /** Gives the stage the form of the camera's picture, which is upright on a phone. */
  fitStage() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width) this.stage.style.aspectRatio = `${width} / ${height}`;
  }

  /** Draws over each picture of the camera. */
  follow(run) {
    const next = () => {
      if (run !== this.run) return;
      this.camera.played();
      this.overlay.draw();
      this.picture(run);
      wait();
    };
    const wait = () => this.video.requestVideoFrameCallback?.(next) ?? requestAnimationFrame(next);
    wait();
  }

  /** Shows why there is no picture, see `explain`; nothing is counted until `reason` is null again. */
  lose(reason) {
    this.overlay.clear();
    this.showMessage();
    if (reason) this.explain(reason);
    this.pause(Boolean(reason), reason);
    if (this.camera.loss === "ended") {
      this.run++;
      this.showCamera(false);
    }
  }

  /** Opens a camera that is back; without a press only where that needs no prompt. */
  async reopen() {
    const permission = await navigator.permissions.query({ name: "camera" }).catch(() => null);
    if (permission?.state === "granted" && this.camera.loss === "ended") this.start(this.camera.device);
  }

  /** Shows why there is no picture: `reason` returns the text in the page's language. */
  explain(reason) {
    this.showMessage(() => message(_("No camera picture"), reason(), "trouble"));
  }

  /** Shows the message that `write` returns, and again when the language changes; null removes it. */
  showMessage(write = null) {
    this.writeMessage = write;
    this.trouble.replaceChildren(...(write ? [write()] : []));
  }

  changeView() {
    this.stage.dataset.view = this.view;
    this.camera.fit(this.view);
    this.overlay.clear();
  }
}

/** Keeps the screen on: phones switch it off after a minute or two, and a page that nobody sees gets no picture. */
export class ScreenLock {
  constructor() {
    Object.assign(this, { wanted: false, lock: null });
    document.addEventListener("visibilitychange", () => this.request()); // a hidden page has lost it
  }

  /** Keeps the screen on from now on, or no longer. */
  keep(wanted) {
    this.wanted = wanted;
    return wanted ? this.request() : this.release();
  }

  async request() {
    if (!this.wanted || document.hidden) return;
    const lock = await navigator.wakeLock?.request("screen").catch((error) => console.info("The screen may switch itself off:", error.message));
    this.release(); // one of before, or none
    if (this.wanted) this.lock = lock ?? null;
    else lock?.release();
  }

  release() {
    this.lock?.release();
    this.lock = null;
  }
}
