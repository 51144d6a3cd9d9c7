import { literal } from "./literals.js";
import { json } from "./site.js";

/**
 * The code samples of the page follow what is typed: their slots are written anew, everything else stays.
 * @typedef {Record<string, any>} Values by slot: `body`, `query.<name>`, `path.<name>`, `header.<name>`, `token`, `url`
 */

let table;

/** @param {Values} values a slot that has none keeps what the page came with */
export async function fillSamples(values) {
  const slots = document.querySelectorAll("[data-slot]");
  if (!slots.length) return;
  table ??= await json(new URL("literals.json", import.meta.url));
  for (const slot of slots) fillSlot(slot, values[slot.dataset.slot]);
  for (const part of document.querySelectorAll("[data-if]")) {
    part.hidden = part.dataset.if.split(" ").every((slot) => values[slot] === undefined);
  }
}

/** What is as it came keeps its colours; what is new has the colour of the old, if that was one. */
function fillSlot(slot, value) {
  slot.original ??= slot.cloneNode(true);
  const { original } = slot;
  const text = value === undefined ? original.textContent : literal(table, slot.dataset.literal, value, Number(slot.dataset.indent ?? 0));
  if (text === original.textContent) slot.replaceChildren(...original.cloneNode(true).childNodes);
  else {
    const colour = original.childNodes.length === 1 && original.firstElementChild?.cloneNode();
    (colour || slot).textContent = text;
    if (colour) slot.replaceChildren(colour);
  }
}
