// Numbers and texts in the page's language.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { _n, decimal } from "../../fer/ui/shared_js/texts.js";

afterEach(() => delete globalThis.document);

test("decimals are written as the page's language writes them", () => {
  for (const [lang, expected] of [["en", "5.0"], ["de", "5,0"], ["es", "5,0"], ["hi", "5.0"]]) {
    globalThis.document = { documentElement: { lang } };
    assert.equal(decimal(5.04), expected);
  }
});

test("a number chooses the form of a text", () => {
  assert.equal(_n("%(num)s face", "%(num)s faces", 1), "1 face");
  assert.equal(_n("%(num)s face", "%(num)s faces", 3), "3 faces");
});
