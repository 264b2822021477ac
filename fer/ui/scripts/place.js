// Where the camera's picture is read: by the page at device/, in a frame, or by the server. Either way
// the other one lets go of the camera; a timeline that it has recorded stays.

// Gradio draws `element` anew in another language, and would empty a frame within it.
const frame = document.createElement("iframe");
frame.allow = "camera";
frame.dataset.place = "device";
element.after(frame);
const name = () => (frame.title = _("Live, on this device"));
name();
new MutationObserver(name).observe(document.documentElement, { attributeFilter: ["lang"] });

const choices = [...element.querySelectorAll("input")];
const key = "fer-place", release = "fer-release-camera";

function remember(place) {
  try {
    if (place) localStorage.setItem(key, place);
    return localStorage.getItem(key);
  } catch (error) {
    console.info("This browser keeps no choice for the next visit:", error.message);
    return null;
  }
}

function change(place) {
  for (const choice of choices) choice.checked = choice.value === place;
  if (place === "server") {
    frame.contentWindow.postMessage({ type: release }, location.origin);
    return;
  }
  document.dispatchEvent(new Event(release));
  if (!frame.hasAttribute("src")) frame.src = "device/?embedded"; // loaded where it is wanted
}

// The frame is as high as its page, so that only this page scrolls.
frame.addEventListener("load", () => {
  const page = frame.contentDocument.querySelector(".page");
  if (page) new ResizeObserver(() => (frame.style.height = `${page.offsetHeight}px`)).observe(page);
});

element.addEventListener("change", ({ target }) => change(remember(target.value) ?? target.value));

window.addEventListener("message", ({ data, source }) => {
  if (source !== frame.contentWindow || data?.type !== "fer-place") return;
  change(data.place);
  element.querySelector("input:checked").focus();
});

change(remember() === "server" ? "server" : "device");
