// Where captions go, against Python's golden files.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LabelPlacer } from "../../fer/ui/shared_js/label_placement.js";
import { golden } from "./golden.js";

const [FRAME, GAP] = [[480, 270], 4];

test("captions go where they go in Python, in both frames of each layout", () => {
  golden("label_placement.json").forEach((frames, layout) => {
    const placer = new LabelPlacer();
    frames.forEach(({ boxes, sizes, tracks, leaders, placements }, frame) => {
      const faces = boxes.map((box, i) => ({ box, track: tracks[i], whole: sizes[i][0], short: sizes[i][1] }));
      const placed = placer.place(faces, FRAME, GAP, leaders).map(({ box, numberOnly, leader }) => [box, numberOnly, leader]);
      assert.deepEqual(placed, placements, `layout ${layout}, frame ${frame}`);
    });
  });
});
