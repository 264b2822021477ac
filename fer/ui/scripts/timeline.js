// A finished timeline is kept in this session only: the page asks before a new one replaces it. Browsers
// open no dialog for a page in another site's frame, as Spaces are.
let [asked, saved] = ["", ""]; // the timeline, with its marks, of which a file was asked for, and came
// Neither the page's language nor why a mark was refused is in a file.
const content = () => JSON.stringify(Array.from(element.querySelectorAll("[data-started], [data-mark]"), ({ dataset }) => dataset.started ?? dataset.mark));
let dropping = false;
const question = document.createElement("div");
question.className = "fer-message fer-question";
question.setAttribute("role", "status");
question.innerHTML = '<strong></strong><span></span><button type="button"></button>';

function ask() {
  const texts = [_("Not saved yet"), _("The finished timeline has not been saved, and a new one replaces it."), _("Drop it and start a new one")];
  texts.forEach((text, i) => (question.children[i].textContent = text));
  element.before(question);
  question.querySelector("button").focus();
}

question.querySelector("button").addEventListener("click", () => {
  dropping = true; // by this press only, as the server may refuse it
  document.querySelector("#live-start").click();
  dropping = false;
});

// The keyboard's focus moves on from a button that vanishes to the one in its place.
watch("value", () => {
  const [start, stop, focused] = [document.querySelector("#live-start"), document.querySelector("#live-stop"), document.activeElement];
  const moves = [start, stop, question.lastChild].includes(focused) && focused.matches(":focus-visible");
  question.remove();
  if (moves && !focused.getClientRects().length) [start, stop].find((each) => each.getClientRects().length)?.focus();
});

document.addEventListener("fer-saved", ({ target }) => {
  if (!target.closest("#live-timeline")) return;
  saved = asked;
  question.remove();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#live-timeline .fer-saves button")) asked = content();
  if (!event.target.closest("#live-start") || saved === content() || dropping || !element.querySelector(".fer-done")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask();
}, true);
