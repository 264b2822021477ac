// The page in the browser's language or, within the app's Live tab, in the app's.

import { find } from "./dom.js";
import { _ } from "./texts.js";

const READ_OUT = ["aria-label", "alt", "placeholder", "title"]; // attributes that are texts

/** Translates what index.html has: single texts, and panels that Python wrote in each language. */
export async function translatePage(settings, embedded) {
  const chosen = (embedded ? parent.document.documentElement.lang : navigator.language).split("-")[0];
  const language = settings.languages.includes(chosen) ? chosen : "en";
  if (language === "en") return;
  document.documentElement.lang = language;
  document.title = _("Which expression is on your face?");
  translateTexts();
  const hours = settings.timeline.max_seconds / 3600;
  find("#idle").textContent = _("Press Start timeline: the expressions of each second are drawn here, for up to %(hours)s hours. The timeline stays in this page's memory; no picture is kept, and files are made only when you save them. Keep this page visible, in a window of its own: browsers slow down hidden pages.", { hours });
  const panels = await (await fetch(new URL(`panels.${language}.json`, import.meta.url))).json();
  for (const place of document.querySelectorAll("[data-panel-name]")) place.innerHTML = panels[place.dataset.panelName];
}

function translateTexts() {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim().replace(/\s+/g, " ");
    if (text && _(text) !== text) texts.currentNode.data = texts.currentNode.data.replace(/\S[^]*\S|\S/, _(text));
  }
  for (const button of document.querySelectorAll("#examples button")) {
    button.ariaLabel = _("Example: %(name)s", { name: button.ariaLabel.split(": ")[1] });
  }
  for (const name of READ_OUT) {
    for (const element of document.querySelectorAll(`[${name}]`)) element.setAttribute(name, _(element.getAttribute(name)));
  }
}
