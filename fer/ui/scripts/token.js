// The token under which the server keeps this visitor's timeline and recording. It is generated here,
// stays in this tab, and survives a reload and a way back to the page. A duplicated tab gets a token of
// its own, as the original still uses the first: browsers call its arrival a way back, too, but the
// original holds a lock.
const key = "fer-token";
const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const lockOf = (token) => `${key}-${token}`;

async function isUnused(token) {
  const locks = await navigator.locks?.query();
  return locks ? !locks.held.some(({ name }) => name === lockOf(token)) : false;
}

async function keptToken() {
  const kept = sessionStorage.getItem(key);
  const arrival = performance.getEntriesByType("navigation")[0]?.type;
  return arrival === "reload" || (arrival === "back_forward" && (await isUnused(kept))) ? kept : null;
}

function keep(token) {
  sessionStorage.setItem(key, token);
  const untilThePageCloses = () => new Promise(() => {});
  navigator.locks?.request(lockOf(token), untilThePageCloses).catch((error) => console.info("The token isn't locked:", error.message));
}

async function start() {
  let token = fresh(), known = null;
  try {
    known = await keptToken();
    token = known || token;
    keep(token);
  } catch (error) {
    console.info("This browser keeps nothing for the page, so nothing returns to it:", error.message);
  }
  document.documentElement.dataset.ferToken = token;
  props.value = token;
  if (known) request();
  // Gradio writes initial texts again in another language, over what the session has displayed since.
  new MutationObserver(request).observe(document.documentElement, { attributeFilter: ["lang"] });
}

/** Requests the session's content. */
function request() {
  trigger("input");
}

start();
