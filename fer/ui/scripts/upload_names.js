// Gradio names each upload button otherwise than the text that is on it.
const language = () => document.documentElement.lang.split("-")[0];
const nameButtons = () => {
  for (const [field, name] of Object.entries(props.names[language()] ?? props.names.en)) {
    const button = document.querySelector(`#${field} button.upload-container:not(.icon-mode)`);
    if (button && button.ariaLabel !== name) button.ariaLabel = name;
  }
};
nameButtons();
new MutationObserver(nameButtons).observe(document.body, { childList: true, subtree: true });
