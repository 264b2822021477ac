// Texts in the page's language, which the document states; see fer/i18n in Python.

import { TRANSLATIONS } from "./translations.js";

const language = () => globalThis.document?.documentElement.lang.split("-")[0] ?? "en";

/** Returns a text in the page's language, with values in place of `%(name)s`. */
export function _(text, values = {}) {
  const found = TRANSLATIONS[language()]?.[text] ?? text;
  return found.replace(/%\((\w+)\)s/g, (place, name) => values[name] ?? place);
}
