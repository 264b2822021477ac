// Marks are set by button or key, and changed in the list; each action goes to the server.
const tab = document.querySelector(`#${props.tab}`);
const tools = tab.querySelector(".fer-mark-tools");
const nextText = tools.querySelector(".fer-mark-text");
const player = () => document.querySelector("#recording-video video");
const videoOffset = () => Number(tab.querySelector("[data-video-offset]")?.dataset.videoOffset ?? 0);
const now = () => (props.live ? performance.now() / 1000 : Math.max(0, (player()?.currentTime ?? 0) - videoOffset()));
const begun = new Map(); // kind of a range -> when it began
let sent = 0, recording = ""; // the one that is displayed
let origin = Infinity; // when the camera's timeline began, by this page's clock

// A busy server handles requests late, so the page itself measures when a key was pressed. Each drawing of the chart
// has its time; the drawing with the smallest delay gives the best estimate of the timeline's start.
function followClock() {
  const chart = tab.querySelector(".fer-running");
  if (chart) origin = Math.min(origin, now() - Number(chart.dataset.elapsed));
}

// Gradio redraws the list as soon as an action is sent: only after the focus has moved on.
function send(action) {
  setTimeout(() => {
    props.value = JSON.stringify({ ...action, nonce: sent++ });
    trigger("input");
  });
}

function times(start, end) {
  if (props.live) return { at: [start - origin, end - origin] };
  return { start: Math.min(start, end), end: Math.max(start, end) };
}

function press(kind) {
  const time = now(), start = begun.get(kind) ?? time;
  if (kind !== "event" && !begun.has(kind)) {
    begun.set(kind, time);
  } else {
    begun.delete(kind);
    send({ do: "add", kind, text: nextText.value, ...times(start, time) });
    nextText.value = "";
  }
  showBegun();
}

function showBegun() {
  for (const button of tools.querySelectorAll("[aria-pressed]")) {
    const pressed = String(begun.has(button.dataset.mark));
    if (button.ariaPressed !== pressed) button.ariaPressed = pressed;
  }
}

// Gradio writes the buttons again in another language.
new MutationObserver(showBegun).observe(tools, { subtree: true, attributeFilter: ["aria-pressed"] });

const visible = () => tools.getClientRects().length > 0;
const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

// Speech input sends letters, and keys are touched by mistake: they can be switched off, in both tabs.
const keys = tools.querySelector(".fer-mark-keys input");

function remember(on) {
  try {
    if (on !== undefined) localStorage.setItem("fer-mark-keys", on);
    return localStorage.getItem("fer-mark-keys") !== "false";
  } catch (error) {
    console.info("This browser keeps no choice for the next visit:", error.message);
    return on ?? true;
  }
}

keys.checked = remember();
document.addEventListener("change", ({ target }) => {
  if (target.matches?.(".fer-mark-keys input")) keys.checked = remember(target.checked);
});

document.addEventListener("keydown", (event) => {
  // Keyboards of other scripts, such as Devanagari, have other letters on these keys, and those of Latin script may have
  // them in other places; named keys are Latin words. A field that the browser fills in sends none.
  const { key = "", code } = event;
  const isOther = /^[\p{L}\p{M}]/u.test(key) && !/^\p{Script=Latin}/u.test(key);
  const letter = isOther ? code?.replace("Key", "") : key;
  const kind = props.keys[letter?.toLowerCase()];
  if (!kind || !keys.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) || !visible()) return;
  event.preventDefault();
  press(kind);
});

const values = (row) => Object.fromEntries([...row.querySelectorAll("input, select")].map((field) => [field.name, field.value.trim()]));

tab.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.mark) press(button.dataset.mark);
  if (button?.id === "live-start") { // what is known was of the timeline before
    origin = Infinity;
    begun.clear();
    showBegun();
  }
  const row = button?.closest("[data-row]");
  if (button?.name === "remove" && row) send({ do: "remove", mark: JSON.parse(row.dataset.mark) });
  if (button?.name !== "add") return;
  adding = rows();
  send({ do: "add", ...values(button.closest("[data-new]")) });
});

function change(field) {
  const row = field.closest?.("[data-row]");
  if (!row) return;
  drafts.delete(place(field));
  send({ do: "change", mark: JSON.parse(row.dataset.mark), ...values(row) });
}

tab.addEventListener("change", (event) => change(event.target));

// A text that was typed before the list was drawn anew, and restored, changes without such an event.
tab.addEventListener("focusout", (event) => {
  if (event.relatedTarget && drafts.has(place(event.target))) change(event.target);
});

// The list is drawn anew after each change: the focus returns to where it was, and so does what was
// typed but not sent.
const rows = () => tab.querySelectorAll("[data-row]").length;
const drafts = new Map(); // place of a field -> what was typed
let focused = "", adding = Infinity; // place of a field; rows before one is added

function place(field) {
  const row = field.closest?.("[data-row], [data-new]");
  if (!row) return "";
  const mark = row.dataset.mark ? `[data-mark="${CSS.escape(row.dataset.mark)}"]` : "[data-new]";
  return `${mark} [name="${field.name}"]`;
}

// Gradio keeps the elements that stay the same, with what was typed.
function emptyForm() {
  for (const field of tab.querySelectorAll("[data-new] :is(input, select)")) {
    if (field.matches("select")) field.selectedIndex = 0;
    else field.value = "";
  }
}

function restore() {
  if (tab.querySelector(".fer-running")) drafts.clear(); // they were for the timeline before
  if (rows() > adding) {
    for (const key of [...drafts.keys()]) if (key.startsWith("[data-new]")) drafts.delete(key);
    adding = Infinity;
    emptyForm();
  }
  for (const [key, text] of drafts) {
    const field = tab.querySelector(key);
    if (field && field.value !== text) field.value = text;
  }
  if (!focused.length || document.activeElement !== document.body) return;
  const [exact, index, name] = focused;
  const again = tab.querySelector(exact) ?? tab.querySelectorAll("[data-row]")[index]?.querySelector(`[name="${name}"]`);
  again?.focus({ preventScroll: true });
}

tab.addEventListener("input", (event) => {
  if (place(event.target)) drafts.set(place(event.target), event.target.value);
});
tab.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row], [data-new]");
  focused = row ? [place(event.target), row.dataset.row, event.target.name] : "";
});

// A range that has begun ends with the camera's timeline: what was to be left out must not count. Another tab of the
// page changes nothing, nor does another language, in which Gradio first writes what the chart was before any timeline.
function endRanges() {
  if (begun.size && !tab.querySelector(".fer-running, [data-idle]")) [...begun.keys()].forEach(press);
}

// What was begun or typed for a recording isn't meant for another one that is displayed.
function forgetFormer() {
  const displayed = tab.querySelector("[data-recording]")?.dataset.recording ?? recording;
  if (displayed === recording) return;
  recording = displayed;
  begun.clear();
  drafts.clear();
  adding = Infinity;
  for (const field of tab.querySelectorAll("[data-row] input")) field.value = field.defaultValue;
  nextText.value = "";
  emptyForm();
  showBegun();
}

const changes = { childList: true, subtree: true, attributeFilter: ["data-recording", "data-elapsed"] };
new MutationObserver(() => {
  followClock();
  if (props.live) endRanges();
  else forgetFormer();
  restore();
}).observe(tab, changes);
