// The page in the browser's language or, within the app's Live tab, in the app's, also when that changes.

import { find } from "./dom.js";
import { _ } from "./texts.js";

const READ_OUT = ["aria-label", "alt", "placeholder", "title"]; // attributes that are texts

/** What index.html has: single texts, and panels that Python wrote in each language. */
export class PageTexts {
  constructor(settings) {
    this.hours = settings.timeline.max_seconds / 3600;
    this.languages = settings.languages;
    this.idle = find("#idle");
    this.places = [...document.querySelectorAll("[data-panel-name]")];
    this.english = Object.fromEntries(this.places.map(({ dataset, innerHTML }) => [dataset.panelName, innerHTML]));
    this.writers = [...textWriters(), ...attributeWriters()];
  }

  /** Writes all of it in a language, or in English where there is no such translation. */
  async write(code) {
    const chosen = code.split("-")[0];
    const language = this.languages.includes(chosen) ? chosen : "en";
    this.wanted = language;
    const panels = await this.panels(language);
    if (this.wanted !== language || document.documentElement.lang === language) return;
    document.documentElement.lang = language;
    document.title = _("Which expression is on your face?");
    for (const write of this.writers) write();
    this.idle.textContent = _("Press Start timeline: the expressions of each second are drawn here, for up to %(hours)s hours. The timeline stays in this page's memory; no picture is kept, and files are made only when you save them. Keep this page visible, in a window of its own: browsers slow down hidden pages.", { hours: this.hours });
    for (const place of this.places) place.innerHTML = panels[place.dataset.panelName];
  }

  /** Returns the panels' HTML by name, English where it can't be loaded. */
  async panels(language) {
    if (language === "en") return this.english;
    try {
      return await (await fetch(new URL(`panels.${language}.json`, import.meta.url))).json();
    } catch (error) {
      console.info("Not all is translated:", error.message);
      return this.english;
    }
  }
}

/** Returns functions that each write a text in the page's language. */
function textWriters() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const writers = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const [, before, text, after] = node.data.match(/^(\s*)([^]*?)(\s*)$/);
    const english = text.replace(/\s+/g, " ");
    if (english) writers.push(() => (node.data = before + _(english) + after));
  }
  return writers;
}

/** Returns functions that each write an attribute in the page's language. */
function attributeWriters() {
  return READ_OUT.flatMap((name) => [...document.querySelectorAll(`[${name}]`)].map((element) => {
    const english = element.getAttribute(name);
    const [, example] = english.match(/^Example: (.*)/) ?? [];
    return () => element.setAttribute(name, example ? _("Example: %(name)s", { name: example }) : _(english));
  }));
}
