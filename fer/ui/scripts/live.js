// Explains why there is no picture; Gradio itself reports nothing when the camera fails.
const reasons = {
  NotAllowedError:
    "The browser was not allowed to use the camera. Allow it next to the address bar, then press the camera again.",
  NotFoundError: "No camera was found. Connect one, then press the camera again.",
  OverconstrainedError: "No camera was found that fits. Connect another one, then press the camera again.",
  NotReadableError: "The camera is busy. Close the program that uses it, then press the camera again.",
  insecure: "Browsers open the camera on secure pages only. Open this page over https.",
};

function explain(reason) {
  element.innerHTML =
    '<div class="fer-message fer-trouble" role="alert"><strong>No camera picture</strong><span></span></div>';
  element.querySelector("span").textContent = reason + " The Photo tab works without a camera.";
}

if (!navigator.mediaDevices) {
  explain(reasons.insecure);
}

window.addEventListener("unhandledrejection", (event) => {
  const reason = reasons[event.reason?.name];
  const shown = document.querySelector("#live-stage")?.offsetParent; // a paste in Photo can be refused, too
  if (shown && event.reason instanceof DOMException && reason) {
    event.preventDefault();
    opening = false;
    explain(reason);
  }
});

document.addEventListener("playing", (event) => {
  if (!event.target.closest?.("#live-camera")) return;
  element.innerHTML = "";
  watchTrack(event.target.srcObject);
  startReading();
  fit();
}, true);

// One press opens the camera and starts reading: Gradio has a button for each, so the second is pressed
// here. Should Gradio name its buttons otherwise, both are left to the visitor.
const grace = 1500; // milliseconds in which a press was meant for Record, which has become Stop
let opening = false, started = -Infinity;

function startReading() {
  const record = stopped()?.closest("button");
  if (!opening || !record || !video()?.videoWidth) return;
  opening = false;
  record.click();
  started = Date.now();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#live-camera [title='grant webcam access']")) opening = true;
  if (event.target.closest("#live-camera .capture-button") && Date.now() - started < grace) {
    event.stopImmediatePropagation();
  }
}, true);

// A lost camera. Its video element would keep the last picture, or a black one, and Gradio would
// keep sending that; without a stream it has no size, and Gradio sends nothing.
const losses = {
  ended: "The camera was unplugged, or the browser may no longer use it. Connect it, or allow it next to the address bar.",
  muted: "The system has switched the camera off. Switch it on again, with its key or in the privacy settings.",
};
const retryInterval = 2000; // milliseconds
let stream = null; // the camera's, also while the video element is without it
let device, lost = null, retrying = false;

const video = () => document.querySelector("#live-camera video");
const stopped = () => document.querySelector("#live-camera [title='start recording']");

function watchTrack(current) {
  lost = null;
  if (!current || current === stream) return;
  stream = current;
  const [track] = stream.getVideoTracks();
  device = track.getSettings().deviceId;
  track.addEventListener("ended", checkTrack);
  track.addEventListener("mute", checkTrack);
  track.addEventListener("unmute", () => stream === current && attach(current));
}

function checkTrack() {
  if (!video()) { // Gradio has removed it, and stops only the stream that it opened itself
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  const [track] = stream?.getVideoTracks() ?? [];
  const loss = track?.readyState === "ended" ? "ended" : track?.muted ? "muted" : null;
  if (!loss || loss === lost) return;
  lost = loss;
  video().srcObject = null;
  explain(
    `${losses[loss]} Nothing is counted until then. If reading doesn't continue by itself, press Stop, then Record.`,
  );
  element.firstElementChild.dataset.cameraLost = "";
}

function attach(camera) {
  video().srcObject = camera; // "playing" follows
  video().play();
}

// Without a press, a camera is opened only where that needs no prompt and reading was not stopped.
async function reopen(pressed) {
  if (lost !== "ended" || retrying || (stopped() && !pressed)) return;
  retrying = true;
  try {
    const permission = await navigator.permissions.query({ name: "camera" }).catch(() => null);
    if (!pressed && permission?.state !== "granted") return;
    const size = stream.getVideoTracks()[0].getConstraints();
    const constraints = { ...size, deviceId: pressed ? device : { exact: device } };
    attach(await navigator.mediaDevices.getUserMedia({ video: constraints }));
  } catch (error) {
    console.info("The camera is not back yet:", error.message);
  } finally {
    retrying = false;
  }
}

setInterval(() => reopen(false), retryInterval);
document.addEventListener("click", (event) => {
  if (event.target.closest("#live-camera .capture-button") && stopped()) reopen(true);
}, true);

// The visitor reads on their own device instead, which needs the camera. "ended" lets Record open it again.
document.addEventListener("fer-release-camera", () => {
  started = -Infinity;
  if (!stopped()) document.querySelector("#live-camera .capture-button")?.click();
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  lost = "ended";
  if (video()) video().srcObject = null;
  element.innerHTML = "";
});

// A class sits farther away than one person: its faces need more pixels.
const sides = { person: [640, 480], class: [960, 540] };

function fit() {
  const view = document.querySelector("#live-view-choice input:checked")?.value;
  const [width, height] = sides[view] ?? sides.person;
  const [track] = document.querySelector("#live-camera video")?.srcObject?.getVideoTracks() ?? [];
  track?.applyConstraints({ width: { ideal: width }, height: { ideal: height } })
    .catch((error) => console.info("The camera keeps its size:", error.message));
}

document.addEventListener("change", (event) => {
  if (event.target.closest("#live-view-choice")) fit();
});

// For screen readers Gradio labels the button "capture photo"; its visible text is right.
const stage = document.querySelector("#live-stage");
new MutationObserver(() => {
  stage.querySelector(".capture-button")?.removeAttribute("aria-label");
  startReading();
}).observe(stage, { childList: true, subtree: true });

// A timeline is paused while no picture comes back; the stylesheet displays a note.
const patience = 5000;
let last = Date.now();
new MutationObserver((changes) => {
  if (changes.some((change) => change.target.closest?.("#live-view"))) last = Date.now();
}).observe(stage, { childList: true, subtree: true });
setInterval(() => {
  checkTrack(); // a track that a script has stopped reports no event
  const paused = Date.now() - last > patience || document.querySelector("[data-camera-lost]");
  document.querySelector("#live-chart")?.toggleAttribute("data-paused", Boolean(paused));
}, 1000);
