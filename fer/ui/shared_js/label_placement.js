// Label placement: where captions go so that they cover no face; a port of fer/drawing/label_placement.py.

const FEW_FACES = 4; // up to so many, captions may be of any width
const MAX_WIDTH = 3.5; // beside more, a caption wider than so many times its face is cut to its number
const [MAX_INSIDE, MAX_INSIDE_ALONE] = [0.1, 0.25]; // of its own face that a whole caption may cover if it fits nowhere else
const [NUMBER, LEADER, INSIDE] = [10, 20, 36]; // first candidate of each kind
const DIRECTIONS = [[0, -1], [1, -1], [-1, -1], [1, 0], [-1, 0], [0, 1], [1, 1], [-1, 1]];
const DISTANCES = [0.8, 2]; // of a number with a line, in heights of the caption

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(high, low));
const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

function shared(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

const grown = ([left, top, right, bottom], gap) => [left - gap, top - gap, right + gap, bottom + gap];

const boxAt = (width, height) => ([x, y]) => [Math.floor(x), Math.floor(y), Math.floor(x) + width, Math.floor(y) + height];

/** Returns 0 for a whole caption, 1 for a number beside its box, 2 for one away from it. */
const kind = (candidate) => Number(candidate >= NUMBER) + Number(candidate >= LEADER);

export class LabelPlacer {
  constructor() {
    this.previous = new Map(); // track -> candidate: a caption keeps its side of the box while it is free
  }

  /**
   * @param {object[]} faces Each with `box` (xyxy), `track`, `whole` and `short`: [width, height] of the
   *   caption and of its number.
   * @param {number[]} frame Width and height of the picture.
   * @param {number} gap Least distance to other captions and faces.
   * @param {boolean} leaders Whether a line may connect a caption with its box.
   * @returns {object[]} For each face `box`, `numberOnly` and `leader`: whether a line must connect them.
   */
  place(faces, frame, gap, leaders = true) {
    const taken = [];
    const chosen = new Map();
    const known = (face) => (this.previous.has(face.track) ? 0 : 1);
    const order = [...faces].sort((one, other) => known(one) - known(other) || one.track - other.track);
    for (const face of order) {
      const layout = new Layout(face, faces, frame, gap, leaders ? INSIDE : LEADER, taken);
      const choice = layout.choose(this.previous.get(face.track));
      taken.push(layout.candidates[choice]);
      chosen.set(face, [choice, layout.candidates[choice]]);
    }
    this.previous = new Map(faces.map((face) => [face.track, chosen.get(face)[0]]));
    return faces.map((face) => {
      const [choice, box] = chosen.get(face);
      return { box, numberOnly: choice >= NUMBER && choice !== INSIDE, leader: choice >= LEADER && choice < INSIDE };
    });
  }
}

class Layout {
  constructor(face, faces, frame, gap, outside, taken) {
    Object.assign(this, { face, faces, frame, gap, outside, taken });
    this.others = faces.filter((other) => other !== face).map(({ box }) => box);
    this.candidates = [
      ...this.beside(face.whole),
      ...this.beside(face.short),
      ...this.around(face.short),
      ...this.corners(face.whole).slice(0, 1),
      ...this.corners(face.short),
    ];
  }

  choose(previous) {
    const free = (gap) => (_, i) => this.isFree(i, gap);
    const best = this.candidates.slice(0, this.outside).findIndex(free(this.gap));
    if (previous === undefined || previous >= INSIDE || !this.isFree(previous, 0)) return best < 0 ? this.inside() : best;
    return best >= 0 && kind(best) < kind(previous) ? best : previous;
  }

  /** Returns whether a candidate outside the box is visible and covers no face and no caption. */
  isFree(i, gap) {
    const box = this.candidates[i];
    const [left, top, right, bottom] = box;
    if (left < 0 || top < 0 || right > this.frame[0] || bottom > this.frame[1]) return false;
    if (i < NUMBER && this.faces.length > FEW_FACES && right - left > MAX_WIDTH * (this.face.box[2] - this.face.box[0])) return false;
    const own = i >= LEADER ? [this.face.box] : []; // a caption may touch its own box
    return ![...this.others, ...this.taken, ...own].some((other) => shared(grown(box, gap), other));
  }

  /** Returns the candidate within the box that covers least of other faces and captions. */
  inside() {
    const costs = this.candidates.slice(INSIDE).map((box) => [...this.others, ...this.taken].reduce((sum, other) => sum + shared(box, other), 0));
    const most = this.faces.length > 1 ? MAX_INSIDE : MAX_INSIDE_ALONE;
    if (area(this.candidates[INSIDE]) > most * area(this.face.box)) costs[0] = Infinity;
    return INSIDE + costs.indexOf(Math.min(...costs));
  }

  beside([width, height]) {
    const [left, top, right, bottom] = this.face.box;
    const [x, y] = [this.frame[0] - width, this.frame[1] - height];
    const [start, end] = [clamp(left, 0, x), clamp(right - width, 0, x)];
    const [upper, lower] = [clamp(top, 0, y), clamp(bottom - height, 0, y)];
    const [middle, above, before] = [(start + end) / 2, top - height, left - width];
    const places = [[start, above], [end, above], [middle, above], [start, bottom], [end, bottom], [middle, bottom],
      [right, upper], [before, upper], [right, lower], [before, lower]];
    return places.map(boxAt(width, height));
  }

  around([width, height]) {
    const [left, top, right, bottom] = this.face.box;
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const reach = (side, size, distance) => (side + size) / 2 + distance * height;
    return DISTANCES.flatMap((distance) => DIRECTIONS.map(([dx, dy]) => [
      x + dx * reach(right - left, width, distance) - width / 2,
      y + dy * reach(bottom - top, height, distance) - height / 2,
    ])).map(boxAt(width, height));
  }

  corners([width, height]) {
    const [left, top, right, bottom] = this.face.box;
    const places = [[left, top], [right - width, top], [left, bottom - height], [right - width, bottom - height]];
    const within = ([x, y]) => [clamp(x, 0, this.frame[0] - width), clamp(y, 0, this.frame[1] - height)];
    return places.map(within).map(boxAt(width, height));
  }
}
