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

// Files are deleted some time after they were made, also while the page is open.
let until;
function noteLifetime() {
  const kept = element.querySelector("[data-kept]")?.dataset.kept;
  until = kept ? Date.now() + 1000 * Number(kept) : Infinity;
}
noteLifetime(); // a page that was loaded again has its result before this tab is opened
watch("value", noteLifetime);
setInterval(() => {
  if (Date.now() < until) return;
  element.querySelector("[data-kept]")?.classList.add("fer-expired");
  player()?.pause();
}, 1000);
