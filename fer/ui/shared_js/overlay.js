// Boxes and captions over the camera's picture, drawn at the camera's rate: between two results a box
// glides to where its face was found last.

import { LabelPlacer } from "./label_placement.js";

const GLIDE = 0.5; // of the way that a box goes with each picture of the camera
const STALE = 1000; // milliseconds after which a result says nothing of the picture any more
const FONT_SHARES = [[4, 1 / 27], [12, 1 / 38], [Infinity, 1 / 60]]; // up to so many faces, of the shorter side
const MIN_FONTS = [[4, 13], [Infinity, 11]]; // CSS pixels
const FAMILY = '"IBM Plex Sans", ui-sans-serif, system-ui, sans-serif';

export class Overlay {
  /**
   * @param {HTMLCanvasElement} canvas Lies over the picture.
   * @param {HTMLVideoElement} video Shows the picture as a mirror.
   * @param {Function} caption Returns a face's caption: `text`, and `colors` by CSS variable.
   */
  constructor(canvas, video, caption) {
    Object.assign(this, { canvas, video, caption });
    this.context = canvas.getContext("2d");
    this.clear();
  }

  clear() {
    this.update([], "person");
    this.shown = new Map(); // track -> box as it is drawn
    this.placer = new LabelPlacer();
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * Takes the faces of a new result, with boxes in pixels of the video; in the class view all boxes are
   * alike, and there is no word.
   */
  update(faces, view) {
    Object.assign(this, { faces, view, updated: performance.now() });
  }

  draw() {
    const scale = this.fit();
    const faces = performance.now() - this.updated < STALE ? this.faces : [];
    const confirmed = faces.filter((face) => face.state !== "tentative");
    for (const face of faces) if (!confirmed.includes(face) || this.view === "class") this.plainBox(this.onScreen(face.box, scale));
    const named = this.view === "class" ? [] : this.glide(confirmed, scale);
    for (const face of named) this.box(face.box, this.lineWidth(face.box), face.colors["--hue"]);
    this.captions(named);
  }

  /** Sizes the canvas to the page's pixels; returns how the camera's picture lies in it. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== pixelWidth || this.canvas.height !== pixelHeight) {
      [this.canvas.width, this.canvas.height] = [pixelWidth, pixelHeight];
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
    const { videoWidth, videoHeight } = this.video;
    const factor = Math.min(width / videoWidth, height / videoHeight);
    this.frame = [width, height];
    return { factor, left: (width - factor * videoWidth) / 2, top: (height - factor * videoHeight) / 2, videoWidth };
  }

  /** Returns a box in the page's pixels; the picture is a mirror. */
  onScreen([x1, y1, x2, y2], { factor, left, top, videoWidth }) {
    return [left + factor * (videoWidth - x2), top + factor * y1, left + factor * (videoWidth - x1), top + factor * y2];
  }

  glide(faces, scale) {
    const shown = new Map();
    const drawn = faces.map((face) => {
      const goal = this.onScreen(face.box, scale);
      const from = this.shown.get(face.track) ?? goal;
      const box = from.map((value, i) => value + GLIDE * (goal[i] - value));
      shown.set(face.track, box);
      return { box, track: face.track, ...this.caption(face) };
    });
    this.shown = shown;
    return drawn;
  }

  lineWidth([left, top, right, bottom]) {
    const [picture, face] = [Math.min(...this.frame), Math.min(right - left, bottom - top)];
    return Math.min(Math.max(2, Math.round(picture / 190)), Math.max(1, Math.round(picture / 700), Math.round(face / 40)));
  }

  box([left, top, right, bottom], width, color) {
    this.context.lineWidth = width;
    this.context.strokeStyle = color;
    this.context.strokeRect(left, top, right - left, bottom - top);
  }

  /** Draws a white line within a black one, which shows on any picture. */
  plainBox(box) {
    const width = Math.max(2, this.lineWidth(box));
    this.box(box, width + 2, "#000000");
    this.box(box, width, "#ffffff");
  }

  captions(faces) {
    const size = this.fontSize(faces.length);
    const [padding, height] = [Math.round(size * 0.4), Math.round(size * 1.5)];
    this.context.font = `700 ${size}px ${FAMILY}`;
    this.context.textBaseline = "middle";
    const extent = (text) => [Math.ceil(this.context.measureText(text).width) + 2 * padding, height];
    for (const face of faces) {
      face.number = String(face.track);
      if (faces.length > 1) face.text = `${face.number} ${face.text}`;
      Object.assign(face, { whole: extent(face.text), short: extent(face.number) });
    }
    const places = this.placer.place(faces, this.frame, Math.max(2, Math.floor(size / 4)));
    places.forEach((place, i) => place.leader && this.leader(place.box, faces[i]));
    places.forEach((place, i) => this.label(place, faces[i], padding));
  }

  fontSize(faces) {
    const of = (table) => table.find(([most]) => faces <= most)[1];
    return Math.max(of(MIN_FONTS), Math.round(Math.min(...this.frame) * of(FONT_SHARES)));
  }

  label({ box: [left, top, right, bottom], numberOnly }, { text, number, colors }, padding) {
    this.context.fillStyle = colors["--hue"];
    this.context.beginPath();
    this.context.roundRect(left, top, right - left, bottom - top, 4);
    this.context.fill();
    this.context.fillStyle = colors["--ink"];
    this.context.fillText(numberOnly ? number : text, left + padding, (top + bottom) / 2 + 1);
  }

  /** Draws a line from a caption to the nearest point of its box. */
  leader([left, top, right, bottom], { box, colors }) {
    const center = [(left + right) / 2, (top + bottom) / 2];
    const end = center.map((value, i) => Math.min(Math.max(value, box[i]), box[i + 2]));
    this.context.strokeStyle = colors["--hue"];
    this.context.lineWidth = this.lineWidth(box);
    this.context.beginPath();
    this.context.moveTo(...center);
    this.context.lineTo(...end);
    this.context.stroke();
  }
}
