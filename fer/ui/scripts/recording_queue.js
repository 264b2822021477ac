// A press in the list of recordings displays the result of another one.
document.querySelector("#recording-queue").addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (!button || button.ariaPressed === "true") return;
  props.value = Number(button.dataset.show);
  trigger("input");
});
