// The timeline follows the video: a press on it, or on a thumbnail, seeks the video to that time.
const player = () => document.querySelector("#recording-video video");
const chart = () => document.querySelector("#recording-result .fer-chart");
const videoOffset = () => Number(document.querySelector("#recording-result [data-video-offset]").dataset.videoOffset);

// Of the chart's time axis; chart.js zooms it.
const inView = () => ({ from: Number(chart().dataset.from ?? 0), to: Number(chart().dataset.to ?? chart().dataset.span) });

function timeAt(target, x) {
  const moment = target.closest("[data-time]");
  if (moment) return Number(moment.dataset.time);
  const { left, width } = target.closest(".fer-drawing").getBoundingClientRect();
  const { from, to } = inView();
  return from + ((to - from) * (x - left)) / width;
}

document.addEventListener("click", (event) => {
  if (!player() || !event.target.closest("#recording-result :is([data-time], .fer-drawing)")) return;
  player().currentTime = timeAt(event.target, event.clientX) + videoOffset();
  player().scrollIntoView({ block: "nearest" });
});

for (const change of ["timeupdate", "seeking"]) {
  document.addEventListener(change, (event) => {
    if (!chart() || event.target !== player()) return;
    const now = Math.max(0, event.target.currentTime - videoOffset());
    const { from, to } = inView();
    chart().style.setProperty("--now", (now - from) / (to - from));
  }, true);
}

// Gradio's own messages on such files are a list of endings and an error in place of the field; these are sentences
// at the field.
const isVideo = (file) => props.suffixes.some((suffix) => file.name.toLowerCase().endsWith(suffix));

function reasonAgainst(files) {
  const wrong = files.find((file) => !isVideo(file));
  if (wrong) return [_("This file can't be used"), _("%(file)s is in none of these formats; choose a video in one of them.", { file: wrong.name })];
  if (files.length > props.most) return [_("Too many recordings"), _("At most %(most)s files can be uploaded at a time.", { most: props.most })];
  return null;
}

function refuse(event, files) {
  if (!event.target.closest("#recording-input")) return;
  const limits = document.querySelector("#recording-limits");
  limits.querySelector("[role=alert]")?.remove();
  const reason = reasonAgainst([...(files ?? [])]);
  if (!reason) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const message = document.createElement("div");
  message.className = "fer-message fer-trouble";
  message.setAttribute("role", "alert");
  message.append(...["strong", "span"].map((tag) => document.createElement(tag)));
  reason.forEach((text, i) => (message.children[i].textContent = text));
  limits.append(message);
}
document.addEventListener("change", (event) => refuse(event, event.target.files), true);
document.addEventListener("drop", (event) => {
  refuse(event, event.dataTransfer?.files);
  if (event.defaultPrevented) event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true })); // the highlight
}, true);

// Files are deleted some time after they were made, also while the page is open.
let until = Infinity;
watch("value", () => {
  const kept = element.querySelector("[data-kept]")?.dataset.kept;
  until = kept ? Date.now() + 1000 * Number(kept) : Infinity;
});
setInterval(() => {
  if (Date.now() < until) return;
  element.querySelector("[data-kept]")?.classList.add("fer-expired");
  player()?.pause();
}, 1000);
