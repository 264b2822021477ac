// Faces over time, counted by second, as fer.timeline has it: whole numbers, so that the files that are
// saved here read back exactly in Python.
//
// A row of counts is an array of whole numbers with the columns `settings.timeline.columns`; see
// fer/timeline/face_counts.py for what each counts. Nothing is kept that the view doesn't show: in the class
// view a second with too few faces to classify in any frame is withheld.

const ratio = (part, whole) => (whole > 0 ? part / whole : NaN);

/** Rounds halves to even, as NumPy does. */
function rint(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const add = (one, other) => (one ? one.map((value, i) => value + other[i]) : other);

const sorted = (map) => [...map].sort(([one], [other]) => one - other);

export class Timeline {
  /**
   * @param {object} settings The page's settings, as settings.json has them.
   * @param {"person" | "class"} view What it is recorded for.
   * @param {Date} started When it was started; undefined where that is of no interest.
   */
  constructor(settings, view, started) {
    this.view = view;
    this.started = started && `${started.toISOString().slice(0, 19)}+00:00`; // as Python writes it
    this.settings = settings;
    this.constants = settings.timeline;
    this.at = Object.fromEntries(this.constants.columns.map((name, i) => [name, i]));
    this.bins = new Map(); // second -> row
    this.tracks = new Map(); // second -> Map of track -> row and sums of quality
  }

  /** Counts one frame, also when it has no face; `time` is in seconds since the start. */
  add(faces, time) {
    if (!(time >= 0 && time < Infinity)) throw new RangeError(`A frame's time is 0 or more seconds, not ${time}.`);
    const number = Math.floor(time / this.constants.bin_seconds + this.constants.time_tolerance);
    const rows = faces.map((face) => this.countFace(face));
    const frame = rows.reduce(add, new Array(this.constants.columns.length).fill(0));
    const least = this.view === "class" ? this.constants.min_faces : 1;
    frame[this.at.frames] = 1;
    frame[this.at.counted] = Number(frame[this.at.classified] >= least);
    const sum = add(this.bins.get(number), this.withheld(frame));
    this.bins.set(number, this.view === "class" ? this.withheld(sum) : sum);
    if (this.view === "person") this.addTracks(number, faces, rows);
  }

  /** Returns the row of one face, as if it were alone in its frame. */
  countFace({ box, probabilities, expression, turnedAway }) {
    const [left, top, right, bottom] = box;
    const { scale, small, index_signs: signs } = this.constants;
    const large = Math.sqrt(Math.max((right - left) * (bottom - top), 0)) >= small;
    const classified = large && !turnedAway;
    const millionths = Array.from(probabilities, (value) => (classified ? rint(value * scale) : 0));
    const named = probabilities[this.settings.expressions.indexOf(expression)];
    const uncertain = classified && named < this.settings.uncertain_below;
    const index = millionths.reduce((sum, value, i) => sum + signs[i] * value, 0);
    return [1, 1, !large, classified, classified, uncertain, ...millionths, index ** 2, large && turnedAway].map(Number);
  }

  /** Returns a row without its expressions if not all of its frames count. */
  withheld(row) {
    const { counted, frames, turned } = this.at;
    if (row[counted] >= row[frames]) return row;
    return row.map((value, i) => (i >= counted && i < turned ? 0 : value));
  }

  addTracks(number, faces, rows) {
    const tracks = this.tracks.get(number) ?? new Map();
    faces.forEach((face, i) => tracks.set(face.track, add(tracks.get(face.track), [...rows[i], ...this.quality(face)])));
    const spare = sorted(tracks).slice(this.constants.max_tracks_per_bin);
    spare.forEach(([track]) => tracks.delete(track));
    this.tracks.set(number, tracks);
  }

  /** Returns `quality_sums` of a face; zeros where something wasn't measured. */
  quality({ quality }) {
    const values = this.constants.quality.map((name, i) => quality[name] * this.constants.quality_scales[i]);
    return values.every(Number.isFinite) ? [1, ...values.map(rint)] : [0, ...values.map(() => 0)];
  }

  /** Seconds watched: the length of all bins that have frames. */
  get seconds() {
    return this.bins.size * this.constants.bin_seconds;
  }

  /** Number of bins up to the last one, those without frames included. */
  get slots() {
    return Math.max(-1, ...this.bins.keys()) + 1;
  }

  /** Returns the statistics of a row, by name; NaN where there is nothing to divide by. */
  statistics(row) {
    const of = (name) => row[this.at[name]];
    const classified = of("classified");
    const mean = (name) => [name, ratio(of(name), classified * this.constants.scale)];
    return {
      frames: of("frames"),
      faces: ratio(of("faces"), of("frames")),
      classified,
      ...Object.fromEntries(this.settings.expressions.map(mean)),
      uncertain: ratio(of("uncertain"), classified),
      small: ratio(of("small"), of("faces")),
      index: ratio(this.indexSum(row), classified * this.constants.scale),
      index_error: standardError(this.variance(row), ratio(classified, of("counted"))),
      turned: ratio(of("turned"), of("faces")),
    };
  }

  indexSum(row) {
    const { expressions } = this.settings;
    return expressions.reduce((sum, name, i) => sum + this.constants.index_signs[i] * row[this.at[name]], 0);
  }

  /** Returns the variance of the index over the readings of a row. */
  variance(row) {
    const classified = row[this.at.classified];
    const square = ratio(row[this.at.squares], classified);
    return Math.max(square - ratio(this.indexSum(row), classified) ** 2, 0) / this.constants.scale ** 2;
  }

  /** Returns the standard error of the mean index over several rows; see `pooled_error` in Python. */
  pooledError(rows) {
    const sum = (value) => rows.reduce((total, row) => total + value(row), 0);
    const classified = sum((row) => row[this.at.classified]);
    const spread = sum((row) => (this.variance(row) || 0) * row[this.at.classified]);
    return standardError(ratio(spread, classified), ratio(classified, sum((row) => row[this.at.counted])));
  }

  /** Returns the statistics of the whole timeline: each face weighs alike, once in each second. */
  mean() {
    return this.statistics(this.sum([...this.bins.values()].map((row) => this.even(row))));
  }

  /** Returns a row as if its second had one frame. */
  even(row) {
    return row.map((value) => value / row[this.at.frames]);
  }

  sum(rows) {
    return rows.reduce(add, new Array(this.constants.columns.length).fill(0));
  }

  /** Returns the seconds' rows by number; of one track where it is given. */
  rows(track) {
    if (track === undefined) return sorted(this.bins);
    const width = this.constants.columns.length;
    return sorted(this.tracks)
      .filter(([, tracks]) => tracks.has(track))
      .map(([number, tracks]) => [number, tracks.get(track).slice(0, width)]);
  }

  /** Returns for each track how often it was seen in a mean frame of each second, in seconds. */
  trackSeconds() {
    const seconds = new Map();
    for (const [number, tracks] of this.tracks) {
      const frames = this.bins.get(number)[this.at.frames];
      for (const [track, row] of tracks) seconds.set(track, (seconds.get(track) ?? 0) + row[0] / frames);
    }
    return seconds;
  }

  /** Returns one row per second, as `Timeline.table` in Python. */
  table() {
    const { bin_seconds: length } = this.constants;
    return this.rows().map(([number, row]) => ({ time: number * length, ...this.statistics(row) }));
  }

  /** Returns one row per second and track, as `Timeline.track_table` in Python. */
  trackTable() {
    const { bin_seconds: length, track_columns: names, columns } = this.constants;
    return sorted(this.tracks).flatMap(([number, tracks]) =>
      sorted(tracks).map(([track, row]) => {
        const all = this.statistics(row.slice(0, columns.length));
        const chosen = names.map((name) => [name, all[name]]);
        const quality = this.meanQuality(row.slice(columns.length));
        return { time: number * length, track, ...Object.fromEntries(chosen), ...quality };
      }),
    );
  }

  meanQuality([measured, ...sums]) {
    const { quality, quality_scales: scales } = this.constants;
    return Object.fromEntries(quality.map((name, i) => [name, ratio(sums[i], scales[i] * measured)]));
  }

  /** Returns the document that `fer.timeline.serialization.from_json` reads. */
  toJSON() {
    const { format, version, min_faces: floor, scale, columns, quality_sums: sums } = this.constants;
    const { bin_seconds, small } = this.constants;
    const { uncertain_below, model } = this.settings;
    const document = {
      format,
      version,
      about: { model, started: this.started },
      settings: { view: this.view, bin_seconds, small, uncertain_below },
      min_faces: this.view === "class" ? floor : 1,
      scale,
      columns: ["bin", ...columns],
      bins: sorted(this.bins).map(([number, row]) => [number, ...row]),
      table: this.table(), // JSON has no NaN: it is written as null, as in Python
    };
    if (this.view === "person") {
      document.track_columns = ["bin", "track", ...columns, ...sums];
      document.tracks = sorted(this.tracks).flatMap(([number, tracks]) =>
        sorted(tracks).map(([track, row]) => [number, track, ...row]),
      );
    }
    return document;
  }

  /** Returns the table as `fer.timeline.serialization.to_csv` does. */
  toCSV() {
    const rows = this.view === "person" ? this.trackTable() : this.table();
    const cell = (value) => (Number.isNaN(value) ? "" : String(value));
    const lines = rows.map((row) => Object.values(row).map(cell).join(","));
    return [this.csvColumns().join(","), ...lines, ""].join("\n");
  }

  csvColumns() {
    const { track_columns: names, quality, columns } = this.constants;
    if (this.view === "person") return ["time", "track", ...names, ...quality];
    return ["time", ...Object.keys(this.statistics(columns.map(() => 0)))];
  }
}

/** Returns the standard error of a mean over so many faces, from the variance of readings. */
function standardError(variance, faces) {
  return Math.sqrt(ratio(variance, faces >= 2 ? faces - 1 : 0));
}
