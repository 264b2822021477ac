// What is read of scripted streams, frame by frame, against Python's golden files.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { asImageData, assertFace, drawFrame, golden, goldenPicture, strict } from "./golden.js";
import { loadPipeline, readConfig } from "./node_pipeline.js";

const [streams, picture, config] = [golden("streams.json"), goldenPicture(), strict(readConfig())];

let pipeline;
before(async () => (pipeline = await loadPipeline(config)));

const draw = ({ places, size }) => asImageData(drawFrame(picture, places, size));

for (const { name, frames } of streams) {
  test(`stream: ${name}`, async () => {
    const stream = pipeline.stream();
    for (const [index, frame] of frames.entries()) {
      const faces = await stream.next(draw(frame), frame.time);
      const expected = new Map(frame.faces.map((face) => [face.track, face]));
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
  const [{ frames }] = streams;
  const read = async () => {
    for (const frame of frames.slice(0, 3)) var faces = await stream.next(draw(frame), frame.time);
    return faces.map(({ track }) => track);
  };
  assert.deepEqual(await read(), [1]);
  stream.reset();
  assert.deepEqual(await read(), [2]);
});
