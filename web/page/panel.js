// The panel beside the camera's picture: the bars of one person, or the mean of a class.

import { Bars, el, pluralize, prepared } from "./dom.js";
import { Timeline } from "./timeline.js";
import { topExpression } from "./chart.js";

const MAX_OTHERS = 6; // faces listed below the bars of the largest one

const area = ({ box: [left, top, right, bottom] }) => (right - left) * (bottom - top);

export class Panel {
  constructor(element, labels) {
    Object.assign(this, { element, labels, instructions: [...element.childNodes], spoken: "" });
    this.bars = new Bars(labels);
    this.heading = el("h3", { class: "fer-heading" });
    this.verdict = el("div");
    this.others = el("ul", { class: "fer-others", "aria-label": "Other faces" });
    this.body = el("div", {}, this.heading, this.verdict, this.bars.element, this.others);
    this.message = el("div");
    this.faces = el("span");
    this.rate = el("span", { class: "fer-rate" });
    this.status = el("p", { class: "fer-status" }, this.faces, this.rate);
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
    this.faces.textContent = pluralize(confirmed.length, "face");
    this.rate.textContent = `${rate.toFixed(1)} frames/s`;
    if (view === "class") this.showClass(confirmed);
    else if (confirmed.length) this.showPerson(confirmed);
    else this.showMessage(faces.length ? "one-moment" : "no-face", "no face in view");
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
    const heading = others.length ? `Face ${largest.track}, the largest` : "Your expression";
    this.showBars(heading, this.labels.of(largest), this.labels.probability(largest), largest.probabilities);
    const chips = others.slice(0, MAX_OTHERS).map((face) => el("li", {}, this.otherChip(face)));
    const more = others.length - MAX_OTHERS;
    if (more > 0) chips.push(el("li", { class: "fer-note" }, `and ${pluralize(more, "other")}`));
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
    if (!mean.judged) {
      this.showMessage("withheld", "withheld");
      return;
    }
    const { expressions } = this.labels.settings;
    const top = topExpression(this.labels.settings, mean);
    this.showBars(classHeading(mean, faces.length), top, mean[top], expressions.map((name) => mean[name]));
    this.spoken = `on average of ${mean.judged} faces ${this.labels.text(top, mean[top])}`;
  }
}

function classHeading(mean, faces) {
  const [uncertain, turned] = [Math.round(mean.judged * mean.uncertain), Math.round(faces * mean.turned)];
  const start = `On average of ${mean.judged} faces`;
  return start + (uncertain ? `, ${uncertain} of them uncertain` : "") + (turned ? `; ${turned} turned away` : "");
}
