// The token under which the server keeps this visitor's timeline and recording. It is generated here,
// stays in this tab, and survives a reload. A duplicated tab gets a token of its own, as the original
// still uses the first.
const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
let token = fresh(), known = null;
try {
  const again = performance.getEntriesByType("navigation")[0]?.type === "reload";
  known = again ? sessionStorage.getItem("fer-token") : null;
  token = known || token;
  sessionStorage.setItem("fer-token", token);
} catch (error) {
  console.info("This browser keeps nothing for the page, so nothing returns to it:", error.message);
}
document.documentElement.dataset.ferToken = token;
props.value = token;
if (known) trigger("input"); // requests the session's content
