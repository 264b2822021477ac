// The Live tab on the server: frames go up as small JPEG files; the faces in them, and the panel's HTML,
// come back.

import { awakeTime } from "./camera.js";
import { CameraScreen } from "./camera_screen.js";
import { FALSE_PIXELS, readsTrue } from "./canvas_reading.js";
import { message } from "./elements.js";
import { _ } from "./texts.js";

const INTERVAL = 100; // milliseconds from one frame to the next, at least
const QUALITY = 0.85; // with less, the noise of a dark room is lost, by which a camera that works is known
const FRAME_TIMEOUT = 15000; // milliseconds within which a frame's result must arrive
const RETRY = 1000; // milliseconds after a failure
const BUSY_AFTER = 4000; // milliseconds without a result, after which the page asks the visitor to wait
const PAUSED_AFTER = 5000; // the same for a timeline, which gets nothing meanwhile, and for the panel, which is hidden
const CHECK_INTERVAL = 1000; // milliseconds

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class ServerLive extends CameraScreen {
  /**
   * @param {HTMLElement} stage See `CameraScreen`.
   * @param {HTMLElement} trouble See `CameraScreen`.
   * @param {object} settings `camera` of `Camera`, and `colors` of each label.
   * @param {object} page The page around it: `view()`, `token()`, `recording()`, `readFrame(query)`, which sends a frame and
   *   returns what was read (see `LiveReading` in Python) or nothing after a failure, `show(reading)`,
   *   `showInstructions()`, after which no reading is shown, and `pause(paused, lost)`: `lost` where the last reading is out of date.
   */
  constructor(stage, trouble, settings, page) {
    const colors = (label) => ({ "--hue": settings.colors[label][0], "--ink": settings.colors[label][1] });
    super(stage, trouble, settings.camera, ({ text, label }) => ({ text, colors: colors(label) }));
    Object.assign(this, { settings, page, canvas: document.createElement("canvas") });
    Object.assign(this, { paused: false, lost: false });
    setInterval(() => this.checkAge(), CHECK_INTERVAL);
  }

  get view() {
    return this.page.view();
  }

  translate() {
    super.translate();
    this.stage.dataset.waiting = _("Waiting for an answer: others are using the page. It goes on by itself.");
  }

  async startRun(device) {
    if (readsTrue(document.createElement("canvas"))) await super.startRun(device);
    else this.explain(() => _(FALSE_PIXELS));
  }

  begin(run) {
    Object.assign(this, { due: 0, sent: 0, shown: 0, maxInFlight: 1, lastResult: awakeTime() });
    this.next(run, new Set());
  }

  release() {
    this.lost = false;
    super.release();
    this.page.showInstructions();
  }

  /** Sends a frame as soon as it is due and the result of an earlier one has arrived. */
  next(run, open) {
    if (run !== this.run) return;
    clearTimeout(this.timer);
    if (open.size >= this.maxInFlight) return; // its result comes back here
    const wait = this.due - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => this.next(run, open), wait);
      return;
    }
    this.due = performance.now() + INTERVAL;
    if (!this.camera.loss && this.video.videoWidth) {
      const exchange = this.exchange(run).finally(() => {
        open.delete(exchange);
        this.next(run, open);
      });
      open.add(exchange);
    }
    this.next(run, open);
  }

  async exchange(run) {
    const [number, began] = [++this.sent, performance.now()];
    const query = { frame: { url: this.capture() }, token: this.page.token(), view: this.view, recording: this.page.recording() };
    const reading = await Promise.race([this.page.readFrame(query), sleep(FRAME_TIMEOUT)]);
    if (run !== this.run) return;
    if (!reading) {
      this.due = performance.now() + RETRY;
      if (!this.camera.loss) this.fail();
      return;
    }
    this.adapt(performance.now() - began, 1000 * reading.seconds);
    if (reading.skipped || number < this.shown || this.camera.loss) return;
    this.shown = number;
    this.show(reading);
  }

  /** Sends a second frame before the first one's result has arrived where most of that time passes on the way. */
  adapt(took, reading) {
    this.maxInFlight = took > INTERVAL && took > 3 * reading ? 2 : 1;
  }

  /** Returns the camera's picture as a JPEG file, no larger than the view needs, as a data URL. */
  capture() {
    const { videoWidth, videoHeight } = this.video;
    const longest = Math.max(...this.settings.camera.sizes[this.view]);
    const scale = Math.min(1, longest / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(scale * videoWidth);
    this.canvas.height = Math.round(scale * videoHeight);
    this.canvas.getContext("2d").drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return this.canvas.toDataURL("image/jpeg", QUALITY);
  }

  show(reading) {
    Object.assign(this, { lastResult: awakeTime(), lost: false });
    this.showMessage();
    this.overlay.update(this.inVideo(reading), reading.view);
    this.page.show(reading);
    this.checkAge();
  }

  /** Returns the faces with boxes in pixels of the video; none where a phone has been turned meanwhile. */
  inVideo({ faces, width, height }) {
    const { videoWidth, videoHeight } = this.video;
    if (width > height !== videoWidth > videoHeight) return [];
    return faces.map((face) => ({ ...face, box: face.box.map((value) => (value * videoWidth) / width) }));
  }

  fail() {
    const text = () => _("It is busy, or the connection is broken. Reading continues by itself; if it doesn't, load the page again.");
    this.showMessage(() => message(_("The server doesn't answer"), text(), "trouble"));
  }

  pause(paused, reason = null) {
    Object.assign(this, { paused, lost: this.lost || reason !== null, lastResult: awakeTime() });
    this.checkAge();
  }

  checkAge() {
    const age = this.paused || !this.camera.stream ? 0 : awakeTime() - this.lastResult;
    const silent = age > PAUSED_AFTER;
    this.lost ||= silent; // until there is a new reading
    this.stage.classList.toggle("waiting", age > BUSY_AFTER && !this.writeMessage);
    this.page.pause(this.paused || silent, this.lost);
  }
}
