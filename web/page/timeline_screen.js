// The Live tab's timeline: recorded while the camera is on, drawn once a second, saved on demand.

import { Chart, topExpression } from "./chart.js";
import { Bars, clock, download, el, find, focusFrom, message, percent, signed } from "./dom.js";
import { _ } from "./texts.js";
import { Timeline } from "./timeline.js";

const DRAW_INTERVAL = 1000; // milliseconds
const MAX_DRAWINGS = 1200; // of one timeline: long ones take longer to draw, and each second changes less

export class TimelineScreen {
  constructor(labels) {
    Object.assign(this, { labels, settings: labels.settings, timeline: null, running: false, saved: true, paused: false, endedByItself: false });
    [this.chart, this.saves] = [find("#chart"), find("#saves")];
    [this.startButton, this.stopButton, this.view] = [find("#timeline-start"), find("#timeline-stop"), find("#view")];
    this.startButton.addEventListener("click", () => this.start());
    this.stopButton.addEventListener("click", () => this.stop());
    find("#save-csv").addEventListener("click", () => this.save("timeline.csv", this.timeline.toCSV(), "text/csv"));
    find("#save-json").addEventListener("click", () => this.save("timeline.json", JSON.stringify(this.timeline), "application/json"));
    addEventListener("beforeunload", (event) => {
      if (this.unsaved) event.returnValue = true; // Chrome asks on preventDefault() only since version 119
    });
  }

  get unsaved() {
    return Boolean(this.timeline?.bins.size) && !this.saved;
  }

  /** Starts a new timeline; one that isn't saved is only dropped when the visitor is sure. */
  start(sure = false) {
    if (this.unsaved && !sure) {
      this.ask();
      return;
    }
    this.timeline = new Timeline(this.settings, find("input:checked", this.view).value, new Date());
    Object.assign(this, { started: performance.now() / 1000, running: true, saved: false, endedByItself: false });
    this.show();
    this.stopButton.focus();
    this.clock = setInterval(() => this.tick(), DRAW_INTERVAL);
  }

  /** Asks on the page: browsers open no dialog for a page in another site's frame, as Spaces are. */
  ask() {
    const button = el("button", { type: "button", class: "button", click: () => this.start(true) }, _("Drop it and start a new one"));
    const question = message(_("Not saved yet"), _("The finished timeline has not been saved, and a new one replaces it."), "info", button);
    question.id = "unsaved";
    find("#unsaved")?.remove();
    this.chart.prepend(question);
    button.focus();
  }

  stop(endedByItself = false) {
    const moveFocus = focusFrom(this.stopButton);
    Object.assign(this, { running: false, endedByItself });
    clearInterval(this.clock);
    this.show();
    moveFocus(this.startButton);
  }

  /** Counts a result of the frame taken at `seconds`; a lost camera's frames must not come here. */
  record(faces, seconds) {
    const elapsed = seconds - this.started;
    if (!this.running || elapsed < 0 || elapsed >= this.settings.timeline.max_seconds) return;
    this.timeline.add(faces.filter((face) => face.state !== "tentative"), elapsed);
  }

  /** Notes that no picture comes from the camera, or that it comes again. */
  pause(paused) {
    this.paused = paused;
    if (this.running) this.show();
  }

  tick() {
    const elapsed = performance.now() / 1000 - this.started;
    if (elapsed >= this.settings.timeline.max_seconds) this.stop(true);
    else if (performance.now() - this.drawn >= Math.max(DRAW_INTERVAL - 100, (1000 * elapsed) / MAX_DRAWINGS)) this.show();
  }

  /** Draws the timeline in the language that the page has now. */
  translate() {
    if (this.timeline) this.show();
  }

  show() {
    this.drawn = performance.now();
    const recorded = this.timeline.bins.size > 0;
    this.startButton.hidden = this.view.hidden = this.running;
    this.stopButton.hidden = !this.running;
    this.saves.hidden = this.running || !recorded;
    if (!this.running && !recorded) {
      this.chart.replaceChildren(message(_("Nothing recorded"), _("The camera sent no picture; start it first.")));
      return;
    }
    const limit = this.endedByItself ? message(_("The timeline has ended"), _("A timeline holds two hours at most; save it or start a new one.")) : null;
    const content = [limit, this.readout(), this.note(), ...new Chart(this.timeline, this.running).draw(), this.running ? null : this.summary()];
    this.chart.replaceChildren(...content.filter(Boolean));
  }

  note() {
    const texts = {
      waiting: _("Waiting for the camera's picture."),
      paused: _("Paused: no picture is read, and nothing is recorded."),
    };
    const which = !this.running ? null : this.paused ? "paused" : this.timeline.bins.size ? null : "waiting";
    return which && el("p", { class: "fer-note" }, texts[which]);
  }

  readout() {
    const mean = this.timeline.mean();
    const dot = this.running && !this.paused ? el("span", { class: "fer-dot" }) : null;
    const state = this.running ? _("Recording %(time)s", { time: clock(performance.now() / 1000 - this.started) }) : _("Finished");
    const items = [this.timeline.view === "class" ? _("class view") : _("person view")];
    if (mean.classified) items.push(_("positive-negative index %(index)s", { index: signed(mean.index) }), _("%(share)s uncertain", { share: percent(mean.uncertain) }));
    if (mean.turned > 0) items.push(_("%(share)s turned away", { share: percent(mean.turned) }));
    return el("p", { class: "fer-readout" }, el("span", {}, dot, state), ...items.map((item) => el("span", {}, item)));
  }

  /** Returns the mean shares as bars; nothing where all is withheld. */
  summary() {
    const mean = this.timeline.mean();
    if (!mean.classified) return null;
    const { expressions } = this.settings;
    const bars = new Bars(this.labels).update(expressions.map((name) => mean[name]), topExpression(this.settings, mean));
    return el("div", { class: "fer-means" }, el("h3", { class: "fer-heading" }, _("On average")), bars.element);
  }

  save(name, text, type) {
    this.saved = true;
    find("#unsaved")?.remove();
    download(name, text, type);
  }
}
