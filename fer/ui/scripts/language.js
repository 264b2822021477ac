// The page's language is the browser's, or the one that was chosen in Gradio's settings since. Requests
// ask for it, so that what the server writes is in the same language as what is written here.
const root = document.documentElement;

function apply() {
  const language = root.lang.split("-")[0];
  if (!props.languages.includes(language)) root.lang = "en"; // Gradio knows more of them than this page
  document.title = _("Which expression is on your face?");
}

apply();
new MutationObserver(apply).observe(root, { attributeFilter: ["lang"] });

const send = window.fetch;
window.fetch = (resource, options = {}) => {
  const headers = new Headers(options.headers ?? resource.headers);
  headers.set("Accept-Language", root.lang);
  return send(resource, { ...options, headers });
};
