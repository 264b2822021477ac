// Stands in for the networks: finds what a test has sent to the channel "stand-in", in each frame and photo.

const EXPRESSIONS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];
const QUALITY = { size: 100, roll: 0, yaw: 0, sharpness: 1, brightness: 0.5, clipped: 0 };

let faces = [];
let delay = 0; // milliseconds

new BroadcastChannel("stand-in").addEventListener("message", ({ data }) => {
  faces = data.faces.map(complete);
  delay = data.delay ?? 0;
});

function complete({ box, expression, probability, track = 1, state = "named" }) {
  const probabilities = EXPRESSIONS.map((name) => (name === expression ? probability : (1 - probability) / 6));
  return { box, expression, probabilities, track, state, quality: QUALITY };
}

async function found() {
  if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
  return structuredClone(faces);
}

export class Pipeline {
  static async load() {
    return new Pipeline();
  }

  stream() {
    return { next: found, reset() {} };
  }

  photo() {
    return found();
  }
}
