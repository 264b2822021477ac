// Gradio names each upload button otherwise than the text that is on it, other controls in English only, the examples
// not at all, and tabs that were not opened yet as in the language before.
const language = () => document.documentElement.lang.split("-")[0];

const ownNames = () => ({
  "common.upload": _("Add files"),
  "Click to upload or drop files": _("Add files"),
  "Upload file": _("Upload file"),
  "Paste from clipboard": _("Paste from clipboard"),
  "Remove Image": _("Remove image"),
  "Remove this file": _("Remove this file"),
  "Reset to default value": _("Reset to default value"),
  "play-pause-replay-button": _("Play or pause"),
  "Adjust volume": _("Adjust volume"),
  "full-screen": _("Full screen"),
});

function nameAs(control, name) {
  if (control.ariaLabel === name) return;
  control.ariaLabel = name;
  if (control.title) control.title = name;
}

const tabs = () => ({ live: _("Live"), photo: _("Photo"), recording: _("Recording"), model: _("Model"), about: _("About") });

function nameControls() {
  for (const [id, name] of Object.entries(tabs())) {
    const text = document.querySelector(`[role=tab][data-tab-id=${id}]`)?.firstChild;
    if (text && text.data !== name) text.data = name; // Gradio goes on to use the node
  }
  for (const [field, name] of Object.entries(props.names[language()] ?? props.names.en)) {
    const button = document.querySelector(`#${field} button.upload-container:not(.icon-mode)`);
    if (button) nameAs(button, name);
  }
  const names = ownNames();
  const unnamed = Object.keys(names).map((name) => `[aria-label="${name}"]`);
  for (const control of document.querySelectorAll(["[data-gradio-name]", ...unnamed])) {
    control.dataset.gradioName ??= control.ariaLabel; // another language needs it again
    nameAs(control, names[control.dataset.gradioName]);
  }
  for (const image of document.querySelectorAll("#photo-examples button img")) {
    const file = decodeURIComponent(image.src.split("/").pop());
    nameAs(image.closest("button"), _("Example: %(name)s", { name: file.replace(/\.\w+$/, "") }));
  }
  for (const input of document.querySelectorAll('[aria-label^="number input for "], [aria-label^="range slider for "]')) {
    nameAs(input, input.ariaLabel.replace(/^.*? for /, ""));
  }
}

nameControls();
new MutationObserver(nameControls).observe(document.body, { childList: true, subtree: true });
new MutationObserver(nameControls).observe(document.documentElement, { attributeFilter: ["lang"] });
