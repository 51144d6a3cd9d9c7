const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/**
 * A text of the page's language.
 * @param {string} key as in `locales/<locale>/portal.json`, without its prefix `js.`
 * @param {Record<string, string|number>} [values] for the placeholders
 */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const locale = document.documentElement.lang || "en";
