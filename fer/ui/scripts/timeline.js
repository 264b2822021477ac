// A finished timeline is kept in this session only: the page asks before a new one replaces it. Browsers
// open no dialog for a page in another site's frame, as Spaces are.
let [saved, dropping] = [false, false];
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

watch("value", () => {
  question.remove();
  if (element.querySelector(".fer-running")) saved = false;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#live-timeline .fer-saves button")) {
    saved = true;
    question.remove();
  }
  if (!event.target.closest("#live-start") || saved || dropping || !element.querySelector(".fer-done")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask();
}, true);
