// The visitor's camera: opening it, and noticing when no picture comes from it any more.

import { _ } from "./texts.js";

const busy = () => _("The camera is busy. Close the program that uses it, then press Start camera again.");

const REFUSALS = {
  NotAllowedError: () => _("The browser was not allowed to use the camera. Allow it next to the address bar, then press Start camera again."),
  NotFoundError: () => _("No camera was found. Connect one, then press Start camera again."),
  OverconstrainedError: () => _("No camera was found that fits. Connect another one, then press Start camera again."),
  NotReadableError: busy,
  AbortError: busy, // Firefox's name for it
  insecure: () => _("Browsers open the camera on secure pages only. Open this page over https."),
};

const LOSSES = {
  ended: () => _("The camera was unplugged, or the browser may no longer use it. Connect it, or allow it next to the address bar, then press Start camera again. Nothing is counted until then."),
  muted: () => _("The system has switched the camera off. Switch it on again, with its key or in the privacy settings. Nothing is counted until then; reading continues by itself."),
};

const CHECK_INTERVAL = 500; // milliseconds
const LONGEST_GAP = 1000; // milliseconds from one reading of the clock to the next that count; hidden pages' timers have such gaps

let [awake, lastReading] = [0, performance.now()];

/** Returns milliseconds on a clock that stops while the device sleeps or the browser suspends the page. */
export function awakeTime() {
  const now = performance.now();
  awake += Math.min(now - lastReading, LONGEST_GAP);
  lastReading = now;
  return awake;
}

/** Why no camera can be opened; `reason` returns it for the visitor, in the page's language. */
export class CameraError extends Error {
  constructor(reason) {
    super(reason());
    this.reason = reason;
  }
}

export class Camera extends EventTarget {
  /**
   * @param {HTMLVideoElement} video Where its picture plays.
   * @param {object} settings `camera` of the page's settings.
   */
  constructor(video, settings) {
    super();
    Object.assign(this, { video, settings, stream: null, device: null, loss: null, uniformSince: null });
    setInterval(() => this.check(), CHECK_INTERVAL);
    navigator.mediaDevices?.addEventListener("devicechange", () => this.lookForLost());
    // Safari leaves it paused after a call, and after the phone was locked.
    video.addEventListener("pause", () => this.play());
    document.addEventListener("visibilitychange", () => this.play());
  }

  get track() {
    return this.stream?.getVideoTracks()[0];
  }

  /** Opens the camera, of any or of one `device`, and plays its picture; raises `CameraError`. */
  async open(view, device = null) {
    if (!navigator.mediaDevices) throw new CameraError(REFUSALS.insecure);
    const choice = device ? { deviceId: { exact: device } } : { facingMode: "user" };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { ...this.size(view), ...choice } });
    } catch (error) {
      throw new CameraError(REFUSALS[error.name] ?? (() => _("The camera can't be opened (%(error)s).", { error: error.message })));
    }
    this.close();
    [this.stream, this.uniformSince, this.lastPicture] = [stream, null, awakeTime()];
    this.device = this.track.getSettings().deviceId;
    this.track.addEventListener("unmute", () => this.play());
    this.video.srcObject = stream;
    this.play();
  }

  play() {
    if (this.track?.readyState !== "live" || document.hidden) return;
    this.video.play().catch((error) => console.info("The camera's picture doesn't play yet:", error.message));
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    [this.stream, this.loss, this.video.srcObject] = [null, null, null];
  }

  /** Reports that the lost camera is there again: another one may film what nobody has in mind. */
  async lookForLost() {
    if (this.loss !== "ended" || !this.device) return;
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (devices.some(({ deviceId }) => deviceId === this.device)) this.dispatchEvent(new Event("back"));
  }

  /** Asks for the size that a view needs. */
  fit(view) {
    this.track?.applyConstraints(this.size(view)).catch((error) => console.info("The camera keeps its size:", error.message));
  }

  size(view) {
    const [width, height] = this.settings.sizes[view];
    return { width: { ideal: width }, height: { ideal: height } };
  }

  /** Notes that a picture came, and whether it has a single colour, as the first ones of many cameras have. */
  saw(uniform) {
    this.uniformSince = uniform ? this.uniformSince ?? awakeTime() : null;
  }

  /** Notes that the video element has another picture. */
  played() {
    this.lastPicture = awakeTime();
  }

  /** Finds out whether the camera is lost, and reports a change, with a function that returns the reason. */
  check() {
    if (!this.stream) return;
    const loss = this.findLoss();
    if (loss === this.loss) return;
    this.loss = loss;
    this.dispatchEvent(new CustomEvent("loss", { detail: loss && (LOSSES[loss] ?? (() => _(this.settings.losses[loss]))) }));
  }

  findLoss() {
    if (this.track.readyState === "ended") return "ended";
    if (this.track.muted) return "muted";
    if (document.hidden || !this.video.getClientRects().length) this.played(); // browsers play no hidden video
    const { stall_seconds: stall, uniform_seconds: uniform } = this.settings;
    if (awakeTime() - this.lastPicture > 1000 * stall) return "stalled";
    return awakeTime() - (this.uniformSince ?? Infinity) > 1000 * uniform ? "uniform" : null;
  }
}
