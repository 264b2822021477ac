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
  const photo = photoUrl();
  if (photo === shown) return;
  shown = photo;
  document.querySelector("#fer-spoken p").textContent = ""; // else the same words as before would not be announced
  previewResult();
  if (result?.matches("figure") && result.getBoundingClientRect().top > innerHeight * 0.75) {
    result.scrollIntoView({ block: "start" });
  }
});

// Gradio writes its initial text again in another language, over the result: the photo is read again.
new MutationObserver(() => photoUrl() && trigger("input")).observe(document.documentElement, { attributeFilter: ["lang"] });

// Browsers can't display every picture that is read here, such as a HEIC photo: its preview is the
// picture of the result. A file that isn't a picture has none; the result explains what is wrong.
let hidden; // the preview that failed: its element, the photo's URL and the picture in its place
const photoUrl = () => {
  const image = document.querySelector("#photo-input img");
  return image && image.src === hidden?.picture ? hidden.url : image?.src;
};
function previewResult() {
  const picture = element.querySelector(".fer-photo img")?.src;
  if (hidden?.url !== shown || !picture) return;
  hidden.picture = picture;
  hidden.image.src = picture;
}
for (const outcome of ["error", "load"]) {
  document.addEventListener(outcome, (event) => {
    const image = event.target;
    if (!image.matches?.("#photo-input img")) return;
    image.style.visibility = outcome === "error" ? "hidden" : "";
    if (outcome === "load") return;
    hidden = { image, url: image.src };
    previewResult();
  }, true);
}

// Gradio accepts files of the type image/*, and browsers give some pictures no type: a HEIC photo, for
// one. Those are replaced by files with a type before Gradio sees them.
const field = (event) => event.target.closest("#photo-input"); // which this script may be before
const untyped = (file) => !file.type && props.suffixes.some((suffix) => file.name.toLowerCase().endsWith(suffix));
const typed = (file) => (untyped(file) ? new File([file], file.name, { type: "image/" + file.name.split(".").pop().toLowerCase() }) : file);

function withTypes(files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(typed(file));
  return transfer.files;
}

document.addEventListener("change", (event) => {
  if (!field(event) || ![...(event.target.files ?? [])].some(untyped)) return;
  event.target.files = withTypes(event.target.files);
}, true);

document.addEventListener("drop", (event) => {
  const input = field(event)?.querySelector("input[type=file]");
  if (!input || ![...event.dataTransfer.files].some(untyped)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  input.files = withTypes(event.dataTransfer.files);
  input.dispatchEvent(new Event("change"));
}, true);
