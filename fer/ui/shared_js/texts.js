// Texts in the page's language, which the document states; see fer/i18n in Python.

import { TRANSLATIONS } from "./translations.js";

const SINGULAR_ZERO = ["hi"]; // languages in which 0 takes the form of 1

const language = () => globalThis.document?.documentElement.lang.split("-")[0] ?? "en";

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (place, name) => values[name] ?? place).replaceAll("%%", "%");

/** Returns a text in the page's language, with values in place of `%(name)s`. */
export const _ = (text, values = {}) => filled(TRANSLATIONS[language()]?.[text] || text, values);

/** Returns the form of a text for a number, which is also the value `%(num)s`. */
export function _n(one, other, number, values = {}) {
  const second = SINGULAR_ZERO.includes(language()) ? number > 1 : number !== 1;
  const forms = TRANSLATIONS[language()]?.[one] ?? [one, other];
  return filled(forms[Number(second)], { num: number, ...values });
}

/** Returns 5.04 as "5.0", or "5,0" in German. */
export const decimal = (number, digits = 1) => number.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Returns a text as it is: it is translated where it is shown. */
export const N_ = (text) => text;
