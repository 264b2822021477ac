// Requests a file when its button is pressed, and downloads it.
document.addEventListener("click", async (event) => {
  const kind = props.kinds.find((kind) => event.target.closest(`#${props.prefix}-${kind.toLowerCase()}`));
  if (!kind) return;
  element.replaceChildren();
  const token = document.documentElement.dataset.ferToken;
  try {
    const file = await server.save({ kind, token });
    file.error ? showError(file.error) : download(file);
  } catch (error) {
    console.info("The file did not come:", error);
    showError(_("The file could not be made; try again."));
  }
});

// The server's message is in the language of the request.
new MutationObserver(() => element.replaceChildren()).observe(document.documentElement, { attributeFilter: ["lang"] });

function showError(sentence) {
  element.innerHTML = '<div class="fer-message fer-trouble" role="alert"><strong></strong><span></span></div>';
  element.querySelector("strong").textContent = _("Nothing saved");
  element.querySelector("span").textContent = sentence;
}

// Not fetched, as Firefox opens no data: URI of more than 32 MB.
function fromDataUri(uri) {
  const [, type, base64] = uri.match(/^data:(.*?);base64,(.*)$/);
  const content = atob(base64);
  const bytes = new Uint8Array(content.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = content.charCodeAt(i);
  return new Blob([bytes], { type });
}

function download(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(fromDataUri(file.uri));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  element.dispatchEvent(new Event("fer-saved", { bubbles: true }));
}
