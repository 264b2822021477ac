// Starts the page: its settings, the worker with the networks, the screens and the service worker.
// Modules of this folder, of ../pipeline, and of fer/ui/shared_js, which the build copies beside these.

import { Labels, el, find, message } from "./dom.js";
import { PageTexts } from "./language.js";
import { LiveScreen } from "./live.js";
import { PhotoScreen } from "./photo.js";
import { PipelineClient } from "./pipeline_client.js";
import { NOT_LOADED, get } from "./reasons.js";
import { Releases } from "./releases.js";
import { _, decimal } from "./texts.js";

const SPEAK_INTERVAL = 3000; // milliseconds; the camera's picture changes more often
const BASE = new URL("..", import.meta.url);

/** Within the app's Live tab the page is in a frame of the same site, which offers the server. */
const embedded = new URLSearchParams(location.search).has("embedded") && frameElement !== null; // null in other sites' frames

const toServer = embedded ? () => parent.postMessage({ type: "fer-place", place: "server" }, location.origin) : null;

let failed = false;
let live = null;

const releases = new Releases(() => live?.timeline);

function showProgress({ loaded, total }) {
  const megabytes = (bytes) => decimal(bytes / 1e6);
  find("#loading").hidden = failed || loaded >= total; // what else was on its way may still come
  find("#loading-bar").value = loaded / total;
  find("#loading-text").textContent = _("%(loaded)s of %(total)s MB", { loaded: megabytes(loaded), total: megabytes(total) });
}

function fail(error) {
  failed = true;
  releases.giveUp();
  find("#loading").hidden = true;
  for (const control of document.querySelectorAll("#live, #photo")) control.inert = true;
  const button = toServer && el("button", { type: "button", class: "button", click: toServer }, _("Read on the server"));
  find("#notice").replaceChildren(message(_("Nothing can be read on this device"), error.message, "trouble", button ?? ""));
}

/** Returns why the networks can't run here; null where they can. */
function obstacle() {
  if (typeof WebAssembly !== "object") return _("This browser has no WebAssembly, in which the networks run. Allow it for this site, or use another browser.");
  const known = "OffscreenCanvas" in window && "requestVideoFrameCallback" in HTMLVideoElement.prototype;
  return known ? null : _("This browser is too old for this page. Update it, or use another one.");
}

function announce(screens) {
  const region = find("#fer-spoken");
  setInterval(() => {
    const text = screens.find(({ element }) => element.offsetParent)?.spoken() ?? "";
    if (region.textContent !== text) region.textContent = text;
  }, SPEAK_INTERVAL);
}

/** The app's switch: the server reads, and this page lets go of the camera. */
function releaseOnRequest() {
  addEventListener("message", ({ data, source }) => {
    if (source === parent && data?.type === "fer-release-camera") live.release();
  });
}

/** Gives this page the app's colours, which may follow the system's. */
function followTheme(app) {
  const follow = () => (document.documentElement.dataset.theme = app.classList.contains("dark") ? "dark" : "light");
  follow();
  new MutationObserver(follow).observe(app, { attributeFilter: ["class"] });
}

/** Writes the page in the visitor's language, and again when the app's is changed. */
async function translate(settings) {
  const texts = new PageTexts(settings);
  if (!embedded) return texts.write(navigator.language);
  const app = parent.document.documentElement;
  new MutationObserver(() => texts.write(app.lang)).observe(app, { attributeFilter: ["lang"] });
  return texts.write(app.lang);
}

/** Starts the tabs as the ARIA pattern has them: arrow keys move between them, only the chosen one is in the tab order. */
function startTabs() {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const steps = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 };
      if (!(key in steps)) return;
      const next = tabs[(steps[key] + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  });
}

/** Starts the page. */
async function start() {
  if (embedded) {
    document.documentElement.classList.add("embedded");
    followTheme(parent.document.body);
  }
  startTabs();
  const settings = await (await get(new URL("settings.json", import.meta.url))).json();
  await translate(settings);
  const labels = new Labels(settings);
  const reason = obstacle();
  if (reason) {
    fail(new Error(reason));
    return;
  }
  const client = new PipelineClient(BASE.href, settings.camera.uniform_range, showProgress);
  live = new LiveScreen(client, labels, toServer);
  if (embedded) releaseOnRequest();
  const photo = new PhotoScreen(client, labels);
  announce([
    { element: live.panel.element, spoken: () => live.panel.spoken },
    { element: photo.result, spoken: () => photo.spoken },
  ]);
  client.ready.then(() => document.documentElement.setAttribute("data-ready", ""), fail);
}

start().catch((error) => {
  console.error(error);
  fail(new Error(_(NOT_LOADED)));
});
if ("serviceWorker" in navigator) releases.keep(BASE).catch((error) => console.info("The page isn't kept for use offline:", error.message));
