// The Photo tab: a picture that was dropped, chosen or pasted, its faces as boxes and in a table.

import { Bars, countFaces, el, find, message, percent } from "./dom.js";
import { LabelPlacer } from "./label_placement.js";
import { N_, _ } from "./texts.js";

const TAG_GAP = 3; // CSS pixels between tags
const MAX_SIDE = 4096; // pixels of the picture that is read; canvases have limits
const SHOWN_SIDE = 1280; // pixels of the picture on the page
const SMALL_PICTURE = 320; // pixels to which smaller pictures are enlarged on the page
const NOT_READ = N_("This file is no picture that this browser can open. Use a JPEG, PNG, WebP, GIF or AVIF file; HEIC photos, as iPhones take them, open in Safari only.");

export class PhotoScreen {
  constructor(client, labels) {
    Object.assign(this, { client, labels, result: find("#photo-result .prose"), turn: 0, spoken: "" });
    const [drop, input] = [find("#drop"), find("#file")];
    input.addEventListener("change", () => {
      this.read(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
    for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
      drop.addEventListener(type, () => drop.classList.toggle("over", type.startsWith("dragenter") || type === "dragover"));
      document.addEventListener(type, (event) => event.preventDefault()); // anywhere on the page, else the browser opens the dropped file
    }
    document.addEventListener("drop", ({ dataTransfer }) => this.take(dataTransfer.files[0]));
    document.addEventListener("paste", ({ clipboardData }) => this.take(clipboardData.files[0]));
    for (const button of document.querySelectorAll("#examples button")) {
      button.addEventListener("click", () => this.read(find("img", button))); // without another request
    }
  }

  /** Reads a file that came by itself, if this tab is open. */
  take(file) {
    if (file && !find("#photo").hidden) this.read(file);
  }

  /** Reads a file or an image of the page, and shows its faces; of several, the last one counts. */
  async read(file) {
    if (!file) return;
    const turn = ++this.turn;
    this.clear();
    this.spoken = find("#fer-spoken").textContent = ""; // else the same words as of the photo before would not be announced
    this.result.replaceChildren(message(_("One moment"), _("The faces are being detected."), "info"));
    try {
      const picture = await decode(file);
      await this.client.ready;
      if (turn !== this.turn) return picture.close();
      const { width, height } = picture;
      const canvas = draw(picture);
      const { faces } = await this.client.photo(picture);
      if (turn === this.turn) this.show(canvas, { width, height }, faces);
    } catch (error) {
      if (turn === this.turn) this.result.replaceChildren(message(_("No faces read"), error.message, "trouble"));
    }
  }

  /** Frees the former picture's memory, which some browsers keep until much later. */
  clear() {
    this.sizes?.disconnect();
    for (const canvas of this.result.querySelectorAll("canvas")) canvas.width = canvas.height = 0;
  }

  /** Shows the faces of a picture of a size, on the canvas that has it. */
  show(canvas, size, faces) {
    const labels = faces.map((face) => this.labels.of(face));
    this.spoken = this.labels.count(labels);
    const boxes = faces.map((face, i) => this.box(face, labels[i], i, size));
    canvas.ariaLabel = _("Your photo, %(faces)s found", { faces: countFaces(faces.length) });
    const figure = el("figure", { class: "fer-photo" }, canvas, ...boxes);
    const none = _("Faces that are covered, in profile or very small are missed. Try another photo.");
    const rest = faces.length
      ? [el("div", { class: "fer-card" }, ...faces.map((face, i) => this.panel(face, labels[i], i))), this.table(faces, labels)]
      : [message(_("No face found"), none)];
    this.result.replaceChildren(figure, ...rest);
    this.choose(1);
    this.sizes = new ResizeObserver(() => this.placeTags(faces, size.width));
    this.sizes.observe(canvas);
    if (figure.getBoundingClientRect().top > innerHeight * 0.75) figure.scrollIntoView({ block: "start" });
  }

  box(face, label, i, { width, height }) {
    const [left, top, right, bottom] = face.box;
    const place = { "--left": percentOf(left, width), "--top": percentOf(top, height), "--width": percentOf(right - left, width), "--height": percentOf(bottom - top, height), "--line": "2px" };
    const text = this.labels.text(label, this.labels.probability(face));
    const tag = el("span", { class: "fer-tag" }, el("b", {}, String(i + 1)), " ", el("span", {}, text));
    return el("button", { type: "button", class: "fer-box", "data-face": String(i + 1), "aria-label": `${_("Face %(number)s", { number: i + 1 })} ${text}`, ...place, ...this.labels.colors(label), click: () => this.choose(i + 1) }, tag);
  }

  /** Places the tags so that they cover no face, at the size in which the picture appears. */
  placeTags(faces, width) {
    const { clientWidth, clientHeight } = find("canvas", this.result);
    const scale = clientWidth / width;
    const tags = [...this.result.querySelectorAll(".fer-tag")];
    for (const tag of tags) tag.classList.remove("number-only");
    const size = (element) => [element.offsetWidth, element.offsetHeight];
    const whole = tags.map(size);
    for (const tag of tags) tag.classList.add("number-only");
    const items = faces.map(({ box }, i) => ({ box: box.map((value) => value * scale), track: i, whole: whole[i], short: size(tags[i]) }));
    const places = new LabelPlacer().place(items, [clientWidth, clientHeight], TAG_GAP, false);
    places.forEach(({ box: [left, top], numberOnly }, i) => {
      const { clientLeft: line } = tags[i].parentElement;
      tags[i].classList.toggle("number-only", numberOnly);
      tags[i].style.setProperty("--tag-left", `${left - items[i].box[0] - line}px`);
      tags[i].style.setProperty("--tag-top", `${top - items[i].box[1] - line}px`);
    });
  }

  panel(face, label, i) {
    const bars = new Bars(this.labels).update(face.probabilities, label).element;
    const side = Math.round(Math.max(face.box[2] - face.box[0], face.box[3] - face.box[1]));
    const note = side < this.labels.settings.small_face
      ? el("p", { class: "fer-note" }, _("Only %(side)s pixels on its longer side: faces this small are often misclassified.", { side }))
      : null;
    return el("section", { "data-panel": String(i + 1) }, el("h3", { class: "fer-heading" }, _("Face %(number)s", { number: i + 1 })),
      this.labels.verdict(label, this.labels.probability(face)), bars, note);
  }

  table(faces, labels) {
    const { expressions } = this.labels.settings;
    const head = [el("th", { scope: "col" }, _("Face")), el("th", { scope: "col", class: "fer-left" }, _("Expression")),
      ...expressions.map((name) => el("th", { scope: "col" }, el("span", { class: "fer-upright" }, _(name))))];
    const rows = faces.map((face, i) => this.row(face, labels[i], i + 1));
    return el("div", { class: "fer-table", role: "region", "aria-label": _("All faces"), tabindex: "0" },
      el("table", {}, el("caption", {}, _("All faces, in percent")), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
  }

  row(face, label, number) {
    const choose = () => this.choose(number);
    const button = el("button", { type: "button", "data-face": String(number), "aria-label": _("Show face %(number)s", { number }), click: choose }, String(number));
    const cells = this.labels.settings.expressions.map((name, i) => {
      const share = face.probabilities[i];
      return el("td", { "data-share": "", "--value": share.toFixed(3), class: name === label ? "fer-top" : "" }, percent(share).slice(0, -1));
    });
    return el("tr", { "data-face": String(number), click: choose }, el("th", { scope: "row" }, button), el("td", { class: "fer-left" }, this.labels.chip(label)), ...cells);
  }

  choose(number) {
    const is = (element) => element.dataset.face === String(number);
    for (const button of this.result.querySelectorAll("button[data-face]")) button.setAttribute("aria-pressed", String(is(button)));
    for (const row of this.result.querySelectorAll("tr[data-face]")) row.classList.toggle("fer-chosen", is(row));
    for (const panel of this.result.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== String(number);
  }
}

const percentOf = (part, whole) => `${((part / whole) * 100).toFixed(2)}%`;

/** Returns the picture of a file or an image element upright, as an ImageBitmap of no more than `MAX_SIDE` pixels. */
async function decode(file) {
  const loaded = file.decode?.() ?? Promise.resolve(); // an image of the page may not have come yet
  const picture = await loaded.then(() => createImageBitmap(file)).catch(() => null);
  if (!picture) throw new Error(_(NOT_READ));
  const side = Math.max(picture.width, picture.height);
  if (side <= MAX_SIDE) return picture;
  const [width, height] = [picture.width, picture.height].map((length) => Math.max(1, Math.round((length * MAX_SIDE) / side)));
  const smaller = await createImageBitmap(picture, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  picture.close();
  return smaller;
}

/** Returns a canvas with a picture, no larger than the page shows it; what is transparent is white, as it is read. */
function draw(picture) {
  const side = Math.max(picture.width, picture.height);
  const scale = Math.min(Math.max(1, SMALL_PICTURE / side), SHOWN_SIDE / side);
  const canvas = el("canvas", { role: "img" });
  [canvas.width, canvas.height] = [picture.width, picture.height].map((length) => Math.max(1, Math.round(length * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}
