// What is read of scripted streams, frame by frame, against Python's golden files.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { asImageData, assertFace, drawFrame, golden, goldenPicture, strict } from "./golden.js";
import { loadPipeline, readConfig } from "./node_pipeline.js";

const [{ size, rate, streams }, picture, config] = [golden("streams.json"), goldenPicture(), strict(readConfig())];

let pipeline;
before(async () => (pipeline = await loadPipeline(config)));

for (const { name, script, frames } of streams) {
  test(`stream: ${name}`, async () => {
    const stream = pipeline.stream();
    for (const [index, places] of script.entries()) {
      const faces = await stream.next(asImageData(drawFrame(picture, places, size)), index / rate);
      const expected = new Map(frames[index].map((face) => [face.track, face]));
      assert.deepEqual(faces.map(({ track }) => track).sort(), [...expected.keys()].sort(), `tracks of frame ${index}`);
      for (const face of faces) {
        assertFace(face, expected.get(face.track), config.classifier.expressions, `frame ${index}, face ${face.track}`);
        assert.equal(face.state === "tentative", face.track < 0);
      }
    }
  });
}

test("a stream that begins again gives no number again", async () => {
  const stream = pipeline.stream();
  const [{ script }] = streams;
  const read = async () => {
    for (const index of [0, 1, 2]) var faces = await stream.next(asImageData(drawFrame(picture, script[index], size)), index / rate);
    return faces.map(({ track }) => track);
  };
  assert.deepEqual(await read(), [1]);
  stream.reset();
  assert.deepEqual(await read(), [2]);
});
