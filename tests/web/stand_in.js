// Stands in for the networks: finds what a test has sent to the channel "stand-in", in each frame and photo. Of each
// photo it sends the first pixel to the channel "photo".

const EXPRESSIONS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];
const QUALITY = { size: 100, roll: 0, yaw: 0, sharpness: 1, brightness: 0.5, clipped: 0 };

let faces = [];
let delay = 0; // milliseconds
let photoDelay = 0;
let error = null; // a message to fail with

const photos = new BroadcastChannel("photo");

new BroadcastChannel("stand-in").addEventListener("message", ({ data }) => {
  faces = data.faces.map(complete);
  ({ delay = 0, photoDelay = 0, error = null } = data);
});

function complete({ box, expression, probability, track = 1, state = "named" }) {
  const probabilities = EXPRESSIONS.map((name) => (name === expression ? probability : (1 - probability) / 6));
  return { box, expression, probabilities, track, state, turnedAway: state === "turned away", quality: QUALITY };
}

async function found(wait) {
  if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
  if (error) throw new Error(error);
  return structuredClone(faces);
}

export class Pipeline {
  static async load() {
    return new Pipeline();
  }

  stream() {
    return { next: () => found(delay), reset() {} };
  }

  photo({ data }) {
    photos.postMessage([...data.slice(0, 4)]);
    return found(photoDelay);
  }
}
