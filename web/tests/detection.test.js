// Where faces are searched and found, stage by stage, and what is read of photos, against Python's golden files.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { cropFaces } from "../pipeline/crops.js";
import { resize } from "../pipeline/mtcnn_input.js";
import { create, view } from "../pipeline/picture.js";
import { pyramidScales, splitIntoTiles, tilesAround } from "../pipeline/pyramid.js";
import { rotateImage } from "../pipeline/rotation.js";
import { asImageData, assertFace, assertNear, assertPixels, darkened, golden, goldenPicture, BOX_TOLERANCE, PROBABILITY_TOLERANCE, strict } from "./golden.js";
import { loadPipeline, readConfig } from "./node_pipeline.js";

const [expected, picture, config] = [golden("detection.json"), goldenPicture(), strict(readConfig())];
const FRAME = { width: 640, height: 480 };
const PHOTOS = {
  upright: () => picture,
  lying: () => rotateImage(picture, -90),
  tilted: () => rotateImage(picture, 30),
  dark: () => darkened(picture, 24),
  empty: () => view(picture, 0, 176, 96, 256),
};

let pipeline;
before(async () => (pipeline = await loadPipeline(config)));

const rows = (tiles) => tiles.map(({ scale, left, top, right, bottom }) => [scale, left, top, right, bottom]);

test("pyramid and tiles", () => {
  const scales = pyramidScales(FRAME, 40, config.pyramid);
  assertNear(scales, expected.scales, 1e-5, "scales");
  assertNear(rows(splitIntoTiles(FRAME, scales, 10000, config.pyramid)), expected.tiles, 1e-5, "tiles");
  assertNear(rows(tilesAround(FRAME, [[600, 300, 650, 370]], 0.5, config.pyramid)), expected.around, 1e-5, "tiles around a face");
});

test("boxes after each stage", async () => {
  const { photoDetector: detector, cascade } = pipeline;
  const { PROPOSAL_THRESHOLD, REFINEMENT_THRESHOLD } = config.detector;
  const proposed = await cascade.propose(picture, detector.wholeTiles(picture), PROPOSAL_THRESHOLD);
  const refined = await cascade.refine(picture, proposed, REFINEMENT_THRESHOLD);
  const final = await cascade.finalize(picture, refined.map(({ box }) => box), 0.5);
  for (const [name, found] of Object.entries({ proposed, refined, final })) {
    const sorted = (list) => [...list].sort((one, other) => other.score - one.score || one.box[0] - other.box[0]);
    const [one, other] = [sorted(found), sorted(expected[name])];
    assertNear(one.map(({ box }) => box), other.map(({ box }) => box), BOX_TOLERANCE, `${name}: boxes`);
    assertNear(one.map(({ score }) => score), other.map(({ score }) => score), PROBABILITY_TOLERANCE, `${name}: scores`);
  }
});

for (const [name, draw] of Object.entries(PHOTOS)) {
  test(`faces of a photo: ${name}`, async () => {
    const photo = draw();
    const faces = await pipeline.photo(asImageData(photo));
    assert.equal(faces.length, expected.photos[name].length);
    faces.forEach((face, i) => {
      const { crop, ...other } = expected.photos[name][i];
      assertFace(face, other, config.classifier.expressions, `face ${i}`);
      const [square] = cropFaces(photo, [face], config.classifier.framing, config.crops);
      assert.equal(square.width, crop.side);
      assertPixels(resize(square, 12, 12), crop.pixels, "crop");
    });
  });
}

test("pictures of any size are read", async () => {
  for (const [width, height] of [[1, 1], [12, 12], [3, 2000]]) {
    assert.deepEqual(await pipeline.photo(asImageData(create(width, height))), [], `${width} by ${height}`);
    assert.deepEqual(await pipeline.stream().next(asImageData(create(width, height)), 0), [], `${width} by ${height}`);
  }
});
