// Releases of the page. A service worker keeps one for use without a connection; the next one is loaded when the
// visitor wants it, or at once where this one can't be loaded: its networks may be gone from the server.

import { el, find, message } from "./dom.js";
import { _ } from "./texts.js";

export class Releases {
  /** @param {Function} timeline Returns the `TimelineScreen` once there is one. */
  constructor(timeline) {
    Object.assign(this, { timeline, place: find("#release"), waiting: null, broken: false });
  }

  async keep(base) {
    const registration = await navigator.serviceWorker.register(new URL("sw.js", base), { scope: base.pathname });
    if (registration.waiting) this.offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const { active, installing } = registration;
      installing.addEventListener("statechange", () => active && installing.state === "installed" && this.offer(installing));
    });
  }

  offer(worker) {
    this.waiting = worker;
    if (this.broken) this.load();
    else this.show(_("A new version is there"), _("It replaces this one the next time that all its pages are closed."), _("Load it now"), () => this.press());
  }

  show(title, text, action, click) {
    const button = el("button", { type: "button", class: "button", click }, action);
    this.place.replaceChildren(message(title, text, "info", button));
  }

  press() {
    const timeline = this.timeline();
    if (!timeline?.unsaved) return this.load();
    const drop = () => {
      timeline.saved = true;
      this.load();
    };
    this.show(_("Not saved yet"), _("The timeline has not been saved, and loading the new version drops it."), _("Drop it and load the new version"), drop);
    find("button", this.place).focus();
  }

  /** Notes that this release can't be loaded. */
  giveUp() {
    this.broken = true;
    if (this.waiting) this.load();
  }

  /** Loads this page with the new release; the visitor's other pages go on with theirs. */
  load() {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
    if (this.waiting.state === "installed") this.waiting.postMessage("activate");
    else location.reload(); // another page has taken it
  }
}
