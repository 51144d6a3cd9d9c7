import { fresh, h } from "./dom.js";
import { read, write } from "./storage.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
const groups = [];

/** Turns every `[data-tabs]` below `root` into tabs. Its sections are readable one after the other without. */
export function addTabs(root) {
  for (const container of root.querySelectorAll("[data-tabs]:not([data-ready])")) groups.push(tabs(container));
  showTarget();
}

addEventListener("hashchange", showTarget);

/** A link to something inside of a closed panel opens it. */
function showTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const panel = target && target.closest('[role="tabpanel"]');
  if (!panel) return;
  groups.find((group) => group.panels.includes(panel))?.choose(panel.dataset.title);
  target.scrollIntoView();
}

function tabs(container) {
  const name = container.dataset.tabs;
  const key = `biore.tabs.${name}`;
  const panels = [...container.querySelectorAll(":scope > [data-title]")];
  const label = container.getAttribute("aria-label") ?? container.closest("section")?.querySelector("h2, h3")?.textContent;
  const list = h("div", { role: "tablist", class: "tablist", "aria-label": label });
  const buttons = panels.map((panel) => tab(panel));
  list.append(...buttons);
  container.prepend(list);
  container.dataset.ready = "";

  function show(title) {
    const chosen = Math.max(0, panels.findIndex((panel) => panel.dataset.title === title));
    panels.forEach((panel, index) => {
      panel.hidden = index !== chosen;
      buttons[index].setAttribute("aria-selected", String(index === chosen));
      buttons[index].tabIndex = index === chosen ? 0 : -1;
    });
  }

  /** All groups of one name follow: who reads Go once reads Go everywhere. */
  function choose(title) {
    write("localStorage", key, title);
    for (const group of groups) if (group.name === name) group.show(title);
  }

  list.addEventListener("click", ({ target }) => {
    const index = buttons.indexOf(target.closest('[role="tab"]'));
    if (index >= 0) choose(panels[index].dataset.title);
  });
  list.addEventListener("keydown", (event) => {
    const next = neighbour(event, buttons);
    if (next === null) return;
    event.preventDefault();
    choose(panels[next].dataset.title);
    buttons[next].focus();
  });
  show(read("localStorage", key));
  return { name, panels, show, choose };
}

function tab(panel) {
  panel.id ||= fresh("panel");
  const button = h(
    "button",
    { type: "button", role: "tab", id: `tab-${panel.id}`, "aria-controls": panel.id },
    panel.dataset.title,
  );
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", button.id);
  panel.tabIndex = 0;
  return button;
}

function neighbour({ key, target }, buttons) {
  const current = buttons.indexOf(target);
  if (current < 0) return null;
  if (key === "Home") return 0;
  if (key === "End") return buttons.length - 1;
  if (!(key in STEPS)) return null;
  const forward = getComputedStyle(target).direction === "rtl" ? -1 : 1;
  return (current + STEPS[key] * forward + buttons.length) % buttons.length;
}
