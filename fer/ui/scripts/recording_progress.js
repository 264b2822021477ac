// On a narrow screen the result is below the inputs: scroll it into view when the analysis starts.
// The options count at the start only: until the analysis has ended they can't be changed.
const options = "#recording-view, #recording-rate, #recording-span";
const replacements = { "recording-start": "#recording-cancel", "recording-cancel": "#recording-start" };
let working = false;
watch("value", () => {
  const begun = !working && element.querySelector(".fer-working");
  working = Boolean(element.querySelector(".fer-working"));
  for (const option of document.querySelectorAll(options)) option.inert = working;
  const { activeElement: focused } = document; // the keyboard's focus moves on from a button that vanishes
  if (focused.id in replacements && focused.matches(":focus-visible") && !focused.getClientRects().length) {
    document.querySelector(replacements[focused.id]).focus();
  }
  if (begun && element.getBoundingClientRect().top > innerHeight * 0.75) {
    element.scrollIntoView({ block: "center" });
  }
});
