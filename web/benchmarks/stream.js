// How long a frame of a stream takes in one thread of WebAssembly: `npm run bench`.
//
// Faces move over a picture of 640 by 480 pixels, 30 frames a second. Counted is the processor's time, which
// other programs change little; a browser adds that of the camera's pictures.

import { resizeArea } from "../pipeline/resize.js";
import { asImageData, drawFrame, goldenPicture } from "../tests/golden.js";
import { loadPipeline } from "../tests/node_pipeline.js";

const SIZE = [640, 480];
const [FRAMES, WARM_UP, RATE] = [150, 30, 30];

/** Returns frame `index` with one large face, or six smaller ones in two rows, that sway. */
function frame(picture, faces, index) {
  const [x, y] = [Math.round(20 * Math.sin(index / 9)), Math.round(8 * Math.sin(index / 5))];
  if (faces === 1) return asImageData(drawFrame(picture, [[190 + x, 100 + y, 0]], SIZE));
  const small = resizeArea(picture, 180, 180);
  const places = [0, 1, 2, 3, 4, 5].map((i) => [20 + 205 * (i % 3) + x, 30 + 220 * Math.floor(i / 3) + y, 0]);
  return asImageData(drawFrame(small, places, SIZE));
}

async function measure(pipeline, picture, count) {
  const stream = pipeline.stream();
  const times = [];
  let found = 0;
  for (let index = 0; index < FRAMES; index++) {
    const image = frame(picture, count, index);
    const start = process.cpuUsage();
    const faces = await stream.next(image, index / RATE);
    const { user, system } = process.cpuUsage(start);
    if (index < WARM_UP) continue;
    times.push((user + system) / 1000);
    found += faces.length;
  }
  times.sort((one, other) => one - other);
  const mean = times.reduce((total, time) => total + time, 0) / times.length;
  const [median, slow] = [0.5, 0.95].map((share) => times[Math.floor(share * times.length)].toFixed(1));
  const rate = (1000 / mean).toFixed(0);
  console.log(`${count} faces (${(found / times.length).toFixed(1)} found): ${mean.toFixed(1)} ms a frame, median ${median}, 95% below ${slow}; ${rate} frames/s`);
}

const [pipeline, picture] = [await loadPipeline(), goldenPicture()];
for (const count of [1, 6]) await measure(pipeline, picture, count);
