// Keeps the screen on: phones switch it off after a minute or two, and a page that nobody sees gets no picture.

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
