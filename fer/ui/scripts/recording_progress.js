// On a narrow screen the result is below the inputs: scroll it into view when the analysis starts.
// The options count at the start only: until the analysis has ended they can't be changed.
const options = "#recording-view, #recording-rate, #recording-span";
let working = false;
watch("value", () => {
  const begun = !working && element.querySelector(".fer-working");
  working = Boolean(element.querySelector(".fer-working"));
  for (const option of document.querySelectorAll(options)) option.inert = working;
  if (begun && element.getBoundingClientRect().top > innerHeight * 0.75) {
    element.scrollIntoView({ block: "center" });
  }
});
