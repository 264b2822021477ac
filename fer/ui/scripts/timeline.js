// A finished timeline is kept in this session only: confirm before a new one replaces it.
let saved = false;
watch("value", () => {
  if (element.querySelector(".fer-running")) saved = false;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#live-timeline .fer-saves button")) saved = true;
  if (!event.target.closest("#live-start") || saved || !element.querySelector(".fer-done")) return;
  if (confirm(_("The finished timeline has not been saved. Drop it and start a new one?"))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
