// The panel beside the camera's picture: the bars of one person, or the mean of a class.

import { Bars, countFaces, el, prepared } from "./dom.js";
import { Timeline } from "./timeline.js";
import { topExpression } from "./chart.js";
import { _, _n, decimal } from "./texts.js";

const MAX_OTHERS = 6; // faces listed below the bars of the largest one

const area = ({ box: [left, top, right, bottom] }) => (right - left) * (bottom - top);

export class Panel {
  constructor(element, labels) {
    Object.assign(this, { element, labels, instructions: [...element.childNodes], spoken: "" });
    this.bars = new Bars(labels);
    this.heading = el("h3", { class: "fer-heading" });
    this.verdict = el("div");
    this.others = el("ul", { class: "fer-others", "aria-label": _("Other faces") });
    this.body = el("div", {}, this.heading, this.verdict, this.bars.element, this.others);
    this.message = el("div");
    this.faces = el("span");
    this.rate = el("span", { class: "fer-rate" });
    this.status = el("p", { class: "fer-status" }, this.faces, this.rate);
  }

  /** Writes what isn't written with each result, in the page's language. */
  translate() {
    const bars = new Bars(this.labels);
    this.bars.element.replaceWith(bars.element);
    this.bars = bars;
    this.others.ariaLabel = _("Other faces");
    delete this.message.dataset.name;
  }

  /** Shows what to do, as before the camera was on. */
  reset() {
    this.spoken = "";
    this.element.replaceChildren(...this.instructions);
  }

  /** Shows nothing, while there is no camera's picture. */
  clear() {
    this.reset();
    this.element.hidden = true;
  }

  update(faces, view, rate) {
    this.element.hidden = false;
    if (this.status.parentElement !== this.element) this.element.replaceChildren(this.message, this.body, this.status);
    const confirmed = faces.filter((face) => face.state !== "tentative");
    this.faces.textContent = countFaces(confirmed.length);
    this.rate.textContent = _("%(rate)s frames/s", { rate: decimal(rate) });
    if (view === "class") this.showClass(confirmed);
    else if (confirmed.length) this.showPerson(confirmed);
    else this.showMessage(faces.length ? "one-moment" : "no-face", _("no face in view"));
  }

  showMessage(name, spoken) {
    this.spoken = spoken;
    this.body.hidden = true;
    if (this.message.dataset.name !== name) this.message.replaceChildren(prepared(name));
    this.message.dataset.name = name;
  }

  showBars(heading, label, probability, probabilities) {
    this.body.hidden = false;
    this.message.replaceChildren();
    delete this.message.dataset.name;
    this.heading.textContent = heading;
    this.verdict.replaceChildren(this.labels.verdict(label, probability));
    this.bars.update(probabilities, label);
  }

  showPerson(faces) {
    const largest = faces.reduce((best, face) => (area(face) > area(best) ? face : best));
    const others = faces.filter((face) => face !== largest).sort((one, other) => one.track - other.track);
    const heading = others.length ? _("Face %(number)s, the largest", { number: largest.track }) : _("Your expression");
    this.showBars(heading, this.labels.of(largest), this.labels.probability(largest), largest.probabilities);
    const chips = others.slice(0, MAX_OTHERS).map((face) => el("li", {}, this.otherChip(face)));
    const more = others.length - MAX_OTHERS;
    if (more > 0) chips.push(el("li", { class: "fer-note" }, _n("and %(num)s other", "and %(num)s others", more)));
    this.others.replaceChildren(...chips);
    this.others.hidden = !chips.length;
    this.spoken = this.labels.count(faces.map((face) => this.labels.of(face)));
  }

  otherChip(face) {
    const label = this.labels.of(face);
    return this.labels.chip(label, `${face.track} ${this.labels.text(label, this.labels.probability(face))}`);
  }

  /** Shows the mean of all faces, or why it is withheld: by the same rule as the timeline. */
  showClass(faces) {
    const moment = new Timeline(this.labels.settings, "class");
    moment.add(faces, 0);
    const mean = moment.mean();
    this.others.hidden = true;
    if (!mean.classified) {
      this.showMessage("withheld", _("withheld"));
      return;
    }
    const { expressions } = this.labels.settings;
    const top = topExpression(this.labels.settings, mean);
    this.showBars(classHeading(mean, faces.length), top, mean[top], expressions.map((name) => mean[name]));
    this.spoken = _("on average of %(number)s faces %(label)s", { number: mean.classified, label: this.labels.text(top, mean[top]) });
  }
}

function classHeading(mean, faces) {
  const [uncertain, turned] = [Math.round(mean.classified * mean.uncertain), Math.round(faces * mean.turned)];
  const start = _("On average of %(number)s faces", { number: mean.classified });
  return start + (uncertain ? _(", %(number)s of them uncertain", { number: uncertain }) : "") + (turned ? _("; %(number)s turned away", { number: turned }) : "");
}
