// Says what the picture in view comes to, for screen readers: in an element that stays, where a
// change is announced, and not as often as the camera's picture changes.
const region = element.querySelector("p");
setInterval(() => {
  const seen = [...document.querySelectorAll("[data-spoken]")].find((each) => each.offsetParent);
  const said = seen?.dataset.spoken ?? "";
  if (region.textContent !== said) region.textContent = said;
}, 3000);
