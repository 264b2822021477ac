// The timeline's chart as SVG, drawn as fer/timeline/chart.py draws it; its styles are the same file.

import { clock, el, percent } from "./dom.js";
import { _ } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Statistics by column over time, wider than a second where there are many; NaN where there is none. */
class Curves {
  constructor(timeline, rows, group, slots) {
    const wider = Array.from({ length: slots }, () => []);
    for (const [number, row] of rows) wider[Math.floor(number / group)].push(row);
    this.rows = wider.map((each) => {
      let sum = timeline.sum(each);
      const { counted, frames } = timeline.at;
      if (timeline.view === "class" && 2 * sum[counted] <= sum[frames]) sum = timeline.withheld(sum);
      const row = timeline.statistics(sum);
      return { ...row, index_error: row.classified > 0 ? timeline.pooledError(each) : NaN };
    });
    this.step = timeline.constants.bin_seconds * group;
  }

  get seconds() {
    return this.step * this.rows.length;
  }

  column(name) {
    return this.rows.map((row) => row[name]);
  }

  /** Seconds in which faces to classify were too few for statistics. */
  get withheld() {
    return this.rows.map((row) => row.faces > 0 && row.classified === 0);
  }
}

export class Chart {
  constructor(timeline, live) {
    const { settings } = timeline;
    [this.timeline, this.settings, this.constants] = [timeline, settings, settings.chart];
    const bins = timeline.slots;
    const group = Math.max(1, Math.ceil(bins / this.constants.max_columns));
    const curves = (track) => new Curves(timeline, timeline.rows(track), group, Math.ceil(bins / group));
    this.whole = curves();
    this.tracks = this.longestTracks();
    this.single = this.tracks.length > 1 ? this.tracks.map((track) => [_("Face %(number)s", { number: track }), curves(track)]) : [];
    this.span = Math.max(live ? this.constants.min_live_span : this.constants.min_span, this.whole.seconds);
  }

  longestTracks() {
    const longest = [...this.timeline.trackSeconds()].sort(([track, one], [other, another]) => another - one || track - other);
    return longest.slice(0, this.constants.max_tracks).map(([track]) => track).sort((one, other) => one - other);
  }

  /** Returns the chart's elements. */
  draw() {
    const rows = [[this.single.length ? _("All faces") : _("Expressions"), this.whole], ...this.single];
    const colors = this.constants.stack_order.map((name) => [name, this.settings.colors[name][0]]);
    const areas = rows.map(([heading, curves], i) => this.areas(heading, curves, i === 0 && legend(colors)));
    const plots = [...areas, this.index(), this.faces(), this.outcomes()];
    const times = this.times().map(([left, time]) => el("span", { "--left": left }, time));
    const chart = el("figure", { class: "fer-chart" }, el("figcaption", {}, this.description()), ...plots,
      el("div", { class: "fer-times", "aria-hidden": "true" }, ...times));
    return [chart, el("p", { class: "fer-note" }, this.note())];
  }

  plot(heading, scale, kind, paths, strips = [], key = "") {
    const { side } = this.constants;
    const drawing = svg("svg", { viewBox: `0 0 ${side} ${side}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      ...paths.map((attributes) => svg("path", attributes)));
    const hatched = strips.map(([left, width]) => el("i", { "--left": left, "--width": width }));
    const marks = scale.map((mark) => el("span", {}, mark));
    return el("div", { class: `fer-plot ${kind}` }, el("h4", {}, heading), key || "",
      el("div", { class: "fer-scale", "aria-hidden": "true" }, ...marks), el("div", { class: "fer-drawing" }, drawing, ...hatched));
  }

  areas(heading, curves, key) {
    const { stack_order: names } = this.constants;
    const layers = names.map((name) => [this.settings.colors[name][0], curves.column(name)]);
    return this.plot(heading, ["100%", "50%", "0"], "fer-areas", this.stack(curves, layers), this.strips(curves), key);
  }

  index() {
    const errors = this.whole.column("index_error");
    const band = this.constants.error_band;
    const edge = (sign) => this.whole.column("index").map((value, i) => clip((value + sign * band * (errors[i] || 0) + 1) / 2));
    const heading = errors.some(Number.isFinite) ? _("Positive-negative index, \u00b1 %(band)s standard errors", { band }) : _("Positive-negative index");
    const { side } = this.constants;
    const paths = [
      { class: "fer-zero", d: `M0 ${side / 2}H${side}` },
      { class: "fer-band", d: this.area(this.whole, edge(1), edge(-1)) },
      { class: "fer-line", d: this.line(this.whole, edge(0)) },
    ];
    return this.plot(heading, ["+1", "0", "\u22121"], "", paths, this.strips(this.whole));
  }

  faces() {
    const faces = this.whole.column("faces");
    const most = Math.floor(Math.max(0, ...faces.filter((value) => value > 0))) + 1;
    const d = this.area(this.whole, faces.map((value) => value / most), faces.map(() => 0));
    return this.plot(_("Faces"), [String(most), "", "0"], "fer-count", [{ class: "fer-band", d }]);
  }

  outcomes() {
    const shares = this.whole.rows.map((row) => {
      const classified = 1 - row.small - row.turned;
      const known = row.classified > 0 ? classified : 0 * classified;
      const unsure = known * (row.uncertain || 0);
      const either = this.timeline.view === "class" ? [classified - known] : [];
      return [known - unsure, unsure, ...either, row.turned, row.small];
    });
    const colors = Object.entries(this.settings.outcome_colors[this.timeline.view]);
    const layers = colors.map(([, color], i) => [color, shares.map((row) => row[i])]);
    const heading = _("Faces classified, and why others were not");
    return this.plot(heading, ["100%", "", "0"], "fer-outcomes", this.stack(this.whole, layers), this.strips(this.whole), legend(colors));
  }

  /** Returns areas on top of each other: the sum of all is painted first, the others over it. */
  stack(curves, layers) {
    const tops = layers[0][1].map(() => 0);
    const paths = layers.map(([fill, values]) => {
      values.forEach((value, i) => (tops[i] += value));
      return { fill, d: this.area(curves, tops.map(clip), tops.map(() => 0)) };
    });
    return paths.reverse();
  }

  area(curves, tops, bottoms) {
    return this.runs(curves, tops).map(([places, start, end]) => {
      const there = this.points(places, tops.slice(start, end));
      const back = this.points(places, bottoms.slice(start, end)).reverse();
      return `M${[...there, ...back].join("L")}Z`;
    }).join("");
  }

  line(curves, values) {
    return this.runs(curves, values).map(([places, start, end]) => `M${this.points(places, values.slice(start, end)).join("L")}`).join("");
  }

  /** Returns the runs of values without NaN: x coordinates, from edge to edge, and their indices. */
  runs(curves, values) {
    const runs = [];
    for (let start = 0; start < values.length; start++) {
      if (Number.isNaN(values[start])) continue;
      let end = start;
      while (end < values.length && !Number.isNaN(values[end])) end++;
      const middles = values.slice(start, end).map((value, i) => start + i + 0.5);
      const places = [start, ...middles, end].map((place) => Math.round((place * curves.step / this.span) * this.constants.side));
      runs.push([places, start, end]);
      start = end;
    }
    return runs;
  }

  points(places, values) {
    const all = [values[0], ...values, values.at(-1)];
    return places.map((x, i) => `${x} ${Math.round(this.constants.side * (1 - all[i]))}`);
  }

  strips(curves) {
    const hidden = curves.withheld.map((withheld) => (withheld ? 1 : NaN));
    const share = (place) => `${(place / this.constants.side) * 100}%`;
    return this.runs(curves, hidden).map(([places]) => [share(places[0]), share(places.at(-1) - places[0])]);
  }

  times() {
    const { tick_steps: steps } = this.constants;
    const step = steps.find((tick) => this.span / tick <= 5) ?? 2 * steps.at(-1);
    const times = [];
    for (let time = 0; time < this.span * 0.97; time += step) times.push([`${(time / this.span) * 100}%`, clock(time)]);
    return times;
  }

  note() {
    const mean = this.timeline.mean();
    const sentences = [_("Positive-negative index: the share of happy minus angry, disgust, fear and sad.")];
    if (mean.faces > 0) sentences.push(outcomeSentence(mean));
    const tracks = this.timeline.trackSeconds().size;
    if (tracks > this.tracks.length) sentences.push(_("Of %(tracks)s faces, the %(drawn)s seen longest are drawn separately.", { tracks, drawn: this.tracks.length }));
    if (this.timeline.view === "class") {
      sentences.push(_("Hatched: fewer than %(least)s faces to classify; only their number is kept.", { least: this.timeline.constants.min_faces }));
    } else if ([this.whole, ...this.single.map(([, curves]) => curves)].some((curves) => curves.withheld.some(Boolean))) {
      sentences.push(_("Hatched: faces too small to classify, or turned away."));
    }
    return sentences.join(" ");
  }

  description() {
    const mean = this.timeline.mean();
    if (!mean.classified) return _("A timeline that shows no expression yet.");
    const top = topExpression(this.settings, mean);
    return _("Expressions over %(time)s: on average %(expression)s %(share)s.", { time: clock(this.timeline.seconds), expression: _(top), share: percent(mean[top]) });
  }
}

export const topExpression = (settings, mean) =>
  settings.expressions.reduce((best, name) => (mean[name] > mean[best] ? name : best));

function outcomeSentence({ turned, small }) {
  const shares = { classified: percent(1 - turned - small), turned: percent(turned), small: percent(small) };
  if (turned > 0 && small > 0) return _("%(classified)s of the faces could be classified: %(turned)s were turned away and %(small)s were too small.", shares);
  if (turned > 0) return _("%(classified)s of the faces could be classified: %(turned)s were turned away.", shares);
  if (small > 0) return _("%(classified)s of the faces could be classified: %(small)s were too small.", shares);
  return _("%(classified)s of the faces could be classified.", shares);
}

const clip = (value) => Math.min(Math.max(value, 0), 1);

const legend = (colors) =>
  el("ul", { class: "fer-key", "aria-hidden": "true" }, ...colors.map(([name, hue]) => el("li", { "--hue": hue }, _(name))));
