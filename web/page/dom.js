// The parts that screens share: chips, bars, messages.

import { el } from "./elements.js";
import { _, _n, decimal } from "./texts.js";

export { el, focusFrom, message } from "./elements.js";

export const find = (selector, within = document) => within.querySelector(selector);

export const percent = (share) => `${Math.round(share * 100)}%`;

/** Returns "no face", "1 face" or "3 faces". */
export const countFaces = (number) => (number ? _n("%(num)s face", "%(num)s faces", number) : _("no face"));

/** Returns 0.126 as "+0.13" and -0.126 with a true minus sign. */
export function signed(number) {
  const rounded = Math.round(Math.abs(number) * 100) / 100;
  return (number < 0 && rounded > 0 ? "\u2212" : "+") + decimal(rounded, 2);
}

/** Returns 760.4 as "12:40" and 3725 as "1:02:05". */
export function clock(seconds) {
  const pad = (number) => String(Math.floor(number)).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** Returns a copy of a message that Python wrote into the page. */
export const prepared = (name) => find(`template[data-name="${name}"]`).content.cloneNode(true);

/** Words and colours of expressions. */
export class Labels {
  constructor(settings) {
    this.settings = settings;
  }

  /** Returns a face's label: one of the seven expressions, "uncertain" or "turned away". */
  of(face) {
    const { turned_away: turnedAway, uncertain } = this.settings.labels;
    if (face.turnedAway) return turnedAway;
    return this.probability(face) >= this.settings.uncertain_below ? face.expression : uncertain;
  }

  probability({ probabilities, expression }) {
    return probabilities[this.settings.expressions.indexOf(expression)];
  }

  isNamed(label) {
    return !(label in this.settings.unnamed_notes);
  }

  /** Returns "happy 83%", or "uncertain" alone. */
  text(label, probability) {
    return this.isNamed(label) ? `${_(label)} ${percent(probability)}` : _(label);
  }

  colors(label) {
    const [hue, ink] = this.settings.colors[label];
    return { "--hue": hue, "--ink": ink };
  }

  /** Returns the text and the colours of a face's caption. */
  caption(face) {
    const label = this.of(face);
    return { text: this.text(label, this.probability(face)), colors: this.colors(label) };
  }

  chip(label, text = _(label)) {
    return el("span", { class: "fer-chip", ...this.colors(label) }, text);
  }

  /** Returns "3 faces: 2 happy, 1 uncertain", the most frequent first. */
  count(labels) {
    if (!labels.length) return countFaces(0);
    const counts = new Map();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const each = [...counts].sort(([, one], [, other]) => other - one).map(([label, n]) => `${n} ${_(label)}`);
    return `${countFaces(labels.length)}: ${each.join(", ")}`;
  }

  /** Returns the line above the bars: the expression and its percentage, or why there is none. */
  verdict(label, probability) {
    const figure = this.isNamed(label)
      ? el("strong", { class: "fer-figure" }, percent(probability))
      : el("span", { class: "fer-note" }, _(this.settings.unnamed_notes[label]));
    return el("p", { class: "fer-verdict" }, this.chip(label), " ", figure);
  }
}

/** The seven bars, which move instead of being built again. */
export class Bars {
  constructor(labels) {
    this.rows = labels.settings.expressions.map((name) => {
      const value = el("span", { class: "fer-value" });
      const track = el("span", { class: "fer-track" }, el("span"));
      const meter = { role: "meter", "aria-label": _(name), "aria-valuemin": "0", "aria-valuemax": "100" };
      const row = el("div", { class: "fer-bar", ...meter, ...labels.colors(name) }, el("span", { class: "fer-name" }, _(name)), track, value);
      return { name, row, value };
    });
    this.element = el("div", { class: "fer-bars" }, ...this.rows.map(({ row }) => row));
  }

  update(probabilities, label) {
    this.rows.forEach(({ name, row, value }, i) => {
      const text = percent(probabilities[i]);
      row.style.setProperty("--value", text);
      row.setAttribute("aria-valuenow", text.slice(0, -1));
      row.setAttribute("aria-valuetext", _("%(number)s percent", { number: text.slice(0, -1) }));
      row.classList.toggle("fer-top", name === label);
      value.textContent = text;
    });
    return this;
  }
}

/** Saves text as a file; it is made here and goes nowhere else. */
export function download(name, text, type) {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
