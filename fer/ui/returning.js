// Says which session the page had before it was loaded again. A copy of the tab doesn't: its
// original still has that session.
const own = window.__gradio_session_hash__;
try {
  const before = sessionStorage.getItem("fer-session");
  sessionStorage.setItem("fer-session", own);
  const again = performance.getEntriesByType("navigation")[0]?.type === "reload";
  if (again && before && before !== own) {
    props.value = before;
    trigger("input");
  }
} catch (error) {
  console.info("This browser keeps nothing for the page, so nothing returns to it:", error.message);
}
