// Building HTML without strings.

/** Returns an element; attributes named "--x" are CSS variables, functions are listeners. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function setAttribute(element, name, value) {
  if (typeof value === "function") element.addEventListener(name, value);
  else if (name.startsWith("--")) element.style.setProperty(name, value);
  else if (typeof value === "boolean") element.toggleAttribute(name, value);
  else element.setAttribute(name, value);
}

/**
 * Returns a function that moves the focus on to what replaces an element: only if that had it, and the
 * visitor has gone nowhere else meanwhile.
 */
export function focusFrom(element) {
  const focused = document.activeElement === element;
  return (next) => {
    if (focused && [element, document.body].includes(document.activeElement)) next.focus();
  };
}

/** Returns a framed message; `kind` is how screen readers announce it, see fer/templates/macros.html. */
export function message(title, text, kind = "info", ...more) {
  const roles = { info: "status", trouble: "alert" };
  const role = roles[kind] ? { role: roles[kind] } : {};
  return el("div", { class: `fer-message fer-${kind}`, ...role }, el("strong", {}, title), el("span", {}, text), ...more);
}
