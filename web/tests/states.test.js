// What remembers a stream, part by part, against Python's golden files.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assign } from "../pipeline/assignment.js";
import { BoxSmoother } from "../pipeline/box_smoother.js";
import { contentRectangle, frameMappings } from "../pipeline/frame_mapping.js";
import { view } from "../pipeline/picture.js";
import { roll, rollDifference, yaw } from "../pipeline/pose.js";
import { PredictionCache } from "../pipeline/prediction_cache.js";
import { RollSmoother } from "../pipeline/roll_smoother.js";
import { SceneChangeDetector } from "../pipeline/scene_change.js";
import { ExpressionSmoother } from "../pipeline/expression_smoother.js";
import { FaceTracker } from "../pipeline/tracker.js";
import { assertNear, darkened, drawFrame, golden, goldenPicture, strict } from "./golden.js";
import { readConfig } from "./node_pipeline.js";

const [expected, picture, config] = [golden("states.json"), goldenPicture(), strict(readConfig())];
const SIZE = [512, 256]; // of frames
const [LANDSCAPE, PORTRAIT] = [[0, 0, 640, 480], [0, 0, 480, 640]];
const FACE = [95, 55, 195, 185];
const UNCERTAIN_BELOW = 0.5;
const MAX_AGE = 0.25;

test("the cheapest pairs", () => {
  for (const { costs, pairs } of expected.assignment) assert.deepEqual(assign(costs), pairs);
});

test("roll and yaw", () => {
  for (const { landmarks, roll: tilt, yaw: aside } of expected.pose) {
    assertNear(rollDifference(roll(landmarks), tilt), 0, 0.01, "roll");
    assertNear(yaw(landmarks, config.pose), aside, 0.01, "yaw");
  }
});

test("frames of another size", () => {
  for (const { before, now, mappings } of expected.mappings.changes) {
    const found = frameMappings(before, now, config.frame_mapping);
    assertNear(found.map(({ scale, offset }) => [scale, offset]), mappings.map(({ scale, offset }) => [scale, offset]), 1e-4, "mappings");
  }
  for (const { places, rectangle } of expected.mappings.content) {
    assert.deepEqual(contentRectangle(drawFrame(picture, places, SIZE), config.frame_mapping), rectangle);
  }
});

for (const name of ["tracker", "crowd"]) {
  test(`numbers of faces that cross, are lost, and are there after a cut and a turn: ${name}`, () => {
    const tracker = new FaceTracker(config, config.defaults.stream.max_age);
    for (const { time, boxes, looks, cut, rotated, tracks, predicted } of expected[name]) {
      const mappings = rotated ? frameMappings(LANDSCAPE, PORTRAIT, config.frame_mapping) : [];
      const faces = tracker.update(boxes.map((box) => ({ box })), time, looks, cut, mappings);
      assert.deepEqual(faces.map(({ track }) => track), tracks, `at ${time}`);
      assertNear(tracker.predict(time + 0.1), predicted, 0.01, `expected after ${time}`);
    }
  });
}

test("rolls over time", () => {
  const memory = new RollSmoother(config, MAX_AGE);
  for (const { time, landmarks, roll: tilt, expected: places } of expected.rolls) {
    const [face] = memory.update([{ track: 1, box: FACE, landmarks }], time);
    assertNear(face.roll, tilt, 0.01, `roll at ${time}`);
    assertNear(memory.predictRolls([10, 500].map((shift) => FACE.map((edge) => edge + shift))), places, 0.01, `expected after ${time}`);
  }
});

test("boxes and landmarks that don't tremble", () => {
  const smoother = new BoxSmoother(config, MAX_AGE);
  for (const { time, box, landmarks, smoothed, smoothed_landmarks: points } of expected.box_smoother) {
    const [face] = smoother.update([{ track: 1, box, landmarks }], time);
    assertNear(face.box, smoothed, 0.001, `box at ${time}`);
    assertNear(face.landmarks, points, 0.001, `landmarks at ${time}`);
  }
});

test("averages over time, and when another expression is named", () => {
  const smoother = new ExpressionSmoother({ defaults: config.defaults, expression_smoother: config.expression_smoother, classifier: { uncertain_below: UNCERTAIN_BELOW } });
  for (const { time, row, yaw: aside, probabilities, expression, mean_yaw: mean, turned_away: turnedAway } of expected.smoother) {
    const [face] = smoother.update([{ track: 1, probabilities: row, quality: { yaw: aside } }], time);
    assertNear(face.probabilities, probabilities, 1e-4, `probabilities at ${time}`);
    assertNear(face.quality.yaw, mean, 0.01, `yaw at ${time}`);
    assert.deepEqual([face.expression, face.turnedAway], [expression, turnedAway], `at ${time}`);
  }
});

test("which faces are read again", async () => {
  const cache = new PredictionCache(config);
  for (const { time, crops, read } of expected.cache) {
    const pictures = crops.map(([left, gain]) => view(darkened(picture, gain), left, 60, left + 100, 160));
    let classified;
    await cache.predict([1, 2, 3], pictures, time, (due) => {
      classified = due.length;
      return due.map(() => new Array(7).fill(0));
    });
    assert.equal(classified, read, `at ${time}`);
  }
});

test("cuts and changes of the whole picture", () => {
  const detector = new SceneChangeDetector(config);
  expected.scenes.forEach(({ places, gain, whole, cut }, i) => {
    assert.deepEqual(detector.update(darkened(drawFrame(picture, places, SIZE), gain)), { whole, cut }, `frame ${i}`);
  });
});
