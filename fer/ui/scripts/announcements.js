// Announces the visible result to screen readers, in a permanent live region and less often than the
// camera's picture changes.
const region = element.querySelector("p");
setInterval(() => {
  const visible = [...document.querySelectorAll("[data-spoken]")].find((each) => each.offsetParent);
  const text = visible?.dataset.spoken ?? "";
  if (region.textContent !== text) region.textContent = text;
}, 3000);
