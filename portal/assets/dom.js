/**
 * An element. `on…` attributes are listeners, `true` is an attribute without a value, `false` and `null` none.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null|undefined)} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function set(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

/** What the address leads to on this page; nothing where it is broken. @returns {HTMLElement|null} */
export function target() {
  try {
    return document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return null;
  }
}

let last = 0;

/** An id that no other element of the page has. */
export function fresh(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

/** The text that a reader sees: without what is hidden. */
export function visibleText(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE || node.hidden) return "";
  return Array.from(node.childNodes, visibleText).join("");
}
