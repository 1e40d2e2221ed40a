// The few things that every part of the page does with elements.

export const find = (selector, within = document) => within.querySelector(selector);
export const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element. Attributes as HTML writes them; `on…` are listeners; children that are `null` are left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export function show(element, isShown) {
  element.hidden = !isShown;
}

/** Sets text only where it differs: live regions are read again otherwise. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
