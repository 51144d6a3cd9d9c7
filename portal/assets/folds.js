import { target } from "./dom.js";

/** What a link leads to must be seen, also where it is folded away. Browsers open only some of it by themselves. */
export function openTarget() {
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => document.querySelectorAll("main details:not([open])").forEach(unfold));
}

function open() {
  const meant = target();
  let folded = meant?.closest("details:not([open])");
  if (!folded) return;
  for (; folded; folded = meant.closest("details:not([open])")) folded.open = true;
  meant.scrollIntoView();
}

function unfold(details) {
  details.open = true;
}
