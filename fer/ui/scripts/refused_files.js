// Gradio's own messages on files that can't be used are a list of endings and an error in place of the field; these are
// sentences at the field.
const isAccepted = (file) => props.suffixes.some((suffix) => file.name.toLowerCase().endsWith(suffix));

const sentenceAgainst = (file) => props.field === "recording-input"
  ? _("%(file)s is in none of these formats; choose a video in one of them.", { file })
  : _("%(file)s is no timeline as JSON.", { file });

function reasonAgainst(files) {
  const wrong = files.find((file) => !isAccepted(file));
  if (wrong) return [_("This file can't be used"), sentenceAgainst(wrong.name)];
  if (files.length > props.most) return [_("Too many recordings"), _("At most %(most)s files can be uploaded at a time.", { most: props.most })];
  return null;
}

let refused = []; // the files that were chosen last, if they can't be used

function showReason() {
  const place = element.closest("#recording-limits, #comparison-note"); // Gradio replaces the content of `element`
  place.querySelector("[role=alert]")?.remove();
  const reason = reasonAgainst(refused);
  if (!reason) return;
  const message = document.createElement("div");
  message.className = "fer-message fer-trouble";
  message.setAttribute("role", "alert");
  message.append(...["strong", "span"].map((tag) => document.createElement(tag)));
  reason.forEach((text, i) => (message.children[i].textContent = text));
  place.append(message);
}

function refuse(event, files) {
  if (!event.target.closest(`#${props.field}`)) return;
  const chosen = [...(files ?? [])];
  refused = reasonAgainst(chosen) ? chosen : [];
  showReason();
  if (!refused.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}
new MutationObserver(showReason).observe(document.documentElement, { attributeFilter: ["lang"] });
document.addEventListener("change", (event) => refuse(event, event.target.files), true);
document.addEventListener("drop", (event) => {
  refuse(event, event.dataTransfer?.files);
  if (event.defaultPrevented) event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true })); // the highlight
}, true);
