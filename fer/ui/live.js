// Says in words why there is no picture; Gradio itself stays silent when the camera can't be had.
const reasons = {
  NotAllowedError:
    "The browser was not allowed to use the camera. Allow it beside the address bar, then press the camera again.",
  NotFoundError: "No camera was found. Connect one, then press the camera again.",
  OverconstrainedError: "No camera was found that fits. Connect another one, then press the camera again.",
  NotReadableError: "The camera is busy. Close the program that uses it, then press the camera again.",
  insecure: "Browsers open the camera on secure pages only. Open this page over https.",
};

function say(reason) {
  element.innerHTML =
    '<div class="fer-message fer-trouble" role="alert"><strong>No camera picture</strong><span></span></div>';
  element.querySelector("span").textContent = reason + " The Photo tab works without a camera.";
}

if (!navigator.mediaDevices) {
  say(reasons.insecure);
}

window.addEventListener("unhandledrejection", (event) => {
  const reason = reasons[event.reason?.name];
  const shown = document.querySelector("#live-stage")?.offsetParent; // a paste in Photo can be refused, too
  if (shown && event.reason instanceof DOMException && reason) {
    event.preventDefault();
    say(reason);
  }
});

document.addEventListener("playing", (event) => {
  if (event.target.closest?.("#live-camera")) element.innerHTML = "";
}, true);

// For screen readers Gradio calls the button "capture photo"; what is written on it is right.
const stage = document.querySelector("#live-stage");
new MutationObserver(() => {
  stage.querySelector(".capture-button")?.removeAttribute("aria-label");
}).observe(stage, { childList: true, subtree: true });
