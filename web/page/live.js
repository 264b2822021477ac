// The Live tab on this device. Of the frames that come while the worker is busy the last one is read next.

import { awakeTime } from "./camera.js";
import { CameraScreen } from "./camera_screen.js";
import { el, find, message } from "./dom.js";
import { Panel } from "./panel.js";
import { ENDED } from "./reasons.js";
import { _, decimal } from "./texts.js";
import { TimelineScreen } from "./timeline_screen.js";

const PANEL_INTERVAL = 100; // milliseconds from one update of the numbers to the next
const RATE_WINDOW = 2000; // milliseconds over which the rate is measured
const SLOW_RATE = 5; // frames a second below which the page says so
const SLOW_AFTER = 6000; // milliseconds, so that the first frames, which are slower, don't count
const SLOW_RESULTS = 7; // whose median counts: a single one may have been held up
const SILENT_AFTER = 4000; // milliseconds without a result, after which a message appears;
const SLOWEST = 3; // for slow devices, this many times the longest of the last frames
const CHECK_INTERVAL = 500; // milliseconds
const PAUSE = 1000; // milliseconds without a frame, after which the first ones are slower again

export class LiveScreen extends CameraScreen {
  /**
   * @param {PipelineClient} client Reads the frames.
   * @param {Labels} labels Words and colours.
   * @param {Function | null} toServer Changes to the server's way; null where there is no server.
   */
  constructor(client, labels, toServer) {
    super(find("#stage"), find("#trouble"), labels.settings.camera, (face) => labels.caption(face));
    Object.assign(this, { client, labels, toServer, results: [], times: [], ready: client.ready, busy: false, sentSince: null });
    this.panel = new Panel(find("#panel"), labels);
    this.timeline = new TimelineScreen(labels);
    find("#view").addEventListener("change", () => this.changeView());
    this.changeView(); // Firefox keeps what was chosen when a page is loaded again
    setInterval(() => this.checkSilence(), CHECK_INTERVAL);
  }

  translate() {
    super.translate();
    this.panel?.translate(); // not there yet when the camera's screen is made
    this.timeline?.translate();
  }

  get view() {
    return this.timeline.running ? this.timeline.timeline.view : find("#view input:checked").value;
  }

  begin() {
    Object.assign(this, { results: [], times: [], started: performance.now(), busy: false, unread: null, slow: false });
    this.client.reset();
  }

  release() {
    super.release();
    this.panel.reset();
    this.panel.element.hidden = false;
  }

  pause(paused, reason = null) {
    Object.assign(this, { sentSince: this.busy ? awakeTime() : null, silent: false, error: null });
    this.timeline.pause(paused);
    if (reason) this.panel.clear();
  }

  picture(run) {
    this.unread = performance.now();
    this.read(run);
  }

  /** Reads the latest frame if that hasn't been done and the worker is free. */
  async read(run) {
    if (this.busy || this.unread === null) return;
    const taken = this.unread;
    [this.busy, this.unread] = [true, null];
    this.sentSince ??= awakeTime();
    try {
      const bitmap = await createImageBitmap(this.video);
      const { faces, uniform, milliseconds } = await this.client.frame(bitmap, taken / 1000);
      if (run === this.run) this.show(faces, uniform, taken, milliseconds);
    } catch (error) {
      if (run === this.run) this.error = error.message;
    } finally {
      if (run === this.run) this.busy = false;
    }
    if (run === this.run) this.read(run);
  }

  /** Tells the visitor, once for each reason, that frames are sent and no result comes: the worker fails, hangs or is gone. */
  checkSilence() {
    const { camera, sentSince, silent } = this;
    const error = this.client.ended ? ENDED : this.error;
    this.silent = camera.stream && !camera.loss && sentSince !== null && awakeTime() - sentSince > Math.max(SILENT_AFTER, SLOWEST * Math.max(...this.times));
    if (!this.silent || (silent && error === this.shownError)) return;
    this.shownError = error;
    this.panel.clear();
    this.timeline.pause(true);
    const reason = () => error === ENDED ? _(ENDED) : error
      ? _("This picture could not be read (%(error)s). Press Stop, then Start camera; if that doesn't help, save your timeline and load the page again.", { error })
      : _("No picture has been read for some seconds, and nothing is counted. If this lasts, save your timeline and load the page again.");
    this.showMessage(() => message(_("No faces read"), reason(), "trouble"));
  }

  /** Takes back, with a new result, what was shown without one. */
  endSilence() {
    if (this.silent) {
      this.showMessage();
      this.slow = false; // its message was replaced
      this.timeline.pause(false);
    }
    Object.assign(this, { sentSince: null, silent: false, error: null });
  }

  show(faces, uniform, taken, took) {
    this.endSilence();
    this.camera.saw(uniform);
    this.camera.check();
    if (uniform || this.camera.loss) return;
    this.overlay.update(faces, this.view);
    this.timeline.record(faces, taken / 1000);
    const now = performance.now();
    if (taken - (this.results.at(-1) ?? 0) > PAUSE) this.started = taken;
    this.results = [...this.results.filter((time) => now - time < RATE_WINDOW), now];
    this.times = [...this.times, took].slice(-SLOW_RESULTS);
    if (now - (this.panelTime ?? 0) < PANEL_INTERVAL) return;
    this.panelTime = now;
    this.panel.update(faces, this.view, this.rate(now));
    this.checkRate(now);
  }

  /** Returns the results a second. */
  rate(now) {
    const span = Math.min(RATE_WINDOW, now - this.results[0]) || RATE_WINDOW;
    return (1000 * Math.max(this.results.length - 1, 1)) / span;
  }

  /** Returns the results a second that the device would manage, if the camera had as many pictures. */
  get possibleRate() {
    return 1000 / [...this.times].sort((one, other) => one - other)[this.times.length >> 1];
  }

  /** Tells a visitor whose device is too slow, once, and offers the server where there is one. */
  checkRate(now) {
    if (this.slow || this.times.length < SLOW_RESULTS || now - this.started < SLOW_AFTER || this.possibleRate >= SLOW_RATE) return;
    this.slow = true;
    const rate = this.possibleRate;
    this.showMessage(() => this.slowMessage(rate));
  }

  slowMessage(rate) {
    const advice = this.toServer ? _("The server may be faster: it would get the camera's picture.") : _("Close other programs and pages, or use a newer device.");
    const text = `${_("It manages %(rate)s frames a second; quick expressions are missed.", { rate: decimal(rate) })} ${advice}`;
    const button = this.toServer && el("button", { type: "button", class: "button", click: this.toServer }, _("Read on the server"));
    return message(_("This device is slow"), text, "info", button ?? "");
  }
}
