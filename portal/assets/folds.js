/** What a link leads to must be seen, also where it is folded away. Browsers open only some of it by themselves. */
export function openTarget() {
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => document.querySelectorAll("main details:not([open])").forEach(unfold));
}

function open() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  let folded = target.closest("details:not([open])");
  if (!folded) return;
  for (; folded; folded = target.closest("details:not([open])")) folded.open = true;
  target.scrollIntoView();
}

function unfold(details) {
  details.open = true;
}
