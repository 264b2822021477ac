// Shows the bars of the face that was chosen in the picture or in the table.
element.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-face]");
  if (!chosen) return;
  const face = chosen.dataset.face;
  for (const button of element.querySelectorAll("button[data-face]")) {
    button.setAttribute("aria-pressed", button.dataset.face === face);
  }
  for (const row of element.querySelectorAll("tr[data-face]")) {
    row.classList.toggle("fer-chosen", row.dataset.face === face);
  }
  for (const panel of element.querySelectorAll("[data-panel]")) {
    panel.hidden = panel.dataset.panel !== face;
    if (!panel.hidden) panel.scrollIntoView({ block: "nearest" });
  }
});

// On a narrow screen the answer stands below the questions: bring it into view, but not once more
// while an option is changed.
let shown;
watch("value", () => {
  const answer = element.firstElementChild;
  const photo = document.querySelector("#photo-input img")?.src;
  if (photo === shown) return;
  shown = photo;
  if (answer?.matches("figure") && answer.getBoundingClientRect().top > innerHeight * 0.75) {
    answer.scrollIntoView({ block: "start" });
  }
});

// A file that is no picture has no preview; what is wrong with it stands in the answer.
for (const outcome of ["error", "load"]) {
  document.addEventListener(outcome, (event) => {
    if (event.target.matches?.("#photo-input img")) {
      event.target.style.visibility = outcome === "error" ? "hidden" : "";
    }
  }, true);
}

// Gradio leaves the example buttons without a name, and fills them after the page stands.
const examples = document.querySelector("#photo-examples");
const nameExamples = () => {
  for (const image of examples.querySelectorAll("button img")) {
    const file = decodeURIComponent(image.src.split("/").pop());
    image.closest("button").setAttribute("aria-label", "Example: " + file.replace(/\.\w+$/, ""));
  }
};
nameExamples();
new MutationObserver(nameExamples).observe(examples, { childList: true, subtree: true });
