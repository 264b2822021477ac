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
    explain(reason);
  }
});

document.addEventListener("playing", (event) => {
  if (!event.target.closest?.("#live-camera")) return;
  element.innerHTML = "";
  fit();
}, true);

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
}).observe(stage, { childList: true, subtree: true });

// A timeline is paused while no picture comes back; the stylesheet displays a note.
const patience = 5000;
let last = Date.now();
new MutationObserver((changes) => {
  if (changes.some((change) => change.target.closest?.("#live-view"))) last = Date.now();
}).observe(stage, { childList: true, subtree: true });
setInterval(() => {
  document.querySelector("#live-chart")?.toggleAttribute("data-paused", Date.now() - last > patience);
}, 1000);
