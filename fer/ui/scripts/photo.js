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

// On a narrow screen the result is below the inputs: scroll it into view, but not again when an
// option is changed.
let shown;
watch("value", () => {
  const result = element.firstElementChild;
  const photo = document.querySelector("#photo-input img")?.src;
  if (photo === shown) return;
  shown = photo;
  if (result?.matches("figure") && result.getBoundingClientRect().top > innerHeight * 0.75) {
    result.scrollIntoView({ block: "start" });
  }
});

// A file that isn't a picture has no preview; the result explains what is wrong with it.
for (const outcome of ["error", "load"]) {
  document.addEventListener(outcome, (event) => {
    if (event.target.matches?.("#photo-input img")) {
      event.target.style.visibility = outcome === "error" ? "hidden" : "";
    }
  }, true);
}

// Gradio leaves the example buttons without a name, and adds them after the page has loaded.
const examples = document.querySelector("#photo-examples");
const nameExamples = () => {
  for (const image of examples.querySelectorAll("button img")) {
    const file = decodeURIComponent(image.src.split("/").pop());
    image.closest("button").setAttribute("aria-label", "Example: " + file.replace(/\.\w+$/, ""));
  }
};
nameExamples();
new MutationObserver(nameExamples).observe(examples, { childList: true, subtree: true });
