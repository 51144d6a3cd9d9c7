import { copyButton } from "./copy.js";
import { fresh, h, target, visibleText } from "./dom.js";
import { read, write } from "./storage.js";

// What is the same everywhere, such as the language of samples, is remembered.
const REMEMBERED = new Set(["samples"]);
const choices = [];

/** Turns every `[data-choice]` below `root` into one panel and a list to choose it from. Without scripts all panels stand below each other. */
export function addChoices(root) {
  for (const container of root.querySelectorAll("[data-choice]:not([data-ready])")) choices.push(choice(container));
  showTarget();
}

addEventListener("hashchange", showTarget);

/** A link to something in a closed panel opens it. */
function showTarget() {
  const meant = target();
  const panel = meant?.closest("[data-choice] > [data-title]");
  if (!panel) return;
  choices.find(({ panels }) => panels.includes(panel))?.choose(panel);
  meant.scrollIntoView();
}

function choice(container) {
  const { choice: name, label } = container.dataset;
  const panels = [...container.querySelectorAll(":scope > [data-title]")];
  const select = h("select", { id: fresh("choice"), "aria-label": label }, ...options(panels));
  const show = (panel) => {
    for (const one of panels) one.hidden = one !== panel;
    select.value = String(panels.indexOf(panel));
  };
  const choose = (panel) => {
    if (REMEMBERED.has(name)) write("localStorage", `biore.choice.${name}`, panel.dataset.title);
    show(panel);
  };
  select.addEventListener("change", () => choose(panels[Number(select.value)]));
  const shown = () => visibleText(panels.find(({ hidden }) => !hidden).querySelector("pre") ?? document.createTextNode("")).trimEnd();
  container.querySelector("h2").after(h("span", { class: "choice-tools" }, select, copyButton(shown)));
  container.dataset.ready = "";
  const known = REMEMBERED.has(name) ? read("localStorage", `biore.choice.${name}`) : null;
  show(panels.find(({ dataset }) => dataset.title === known) ?? panels[0]);
  return { panels, choose };
}

/** Panels of one `data-group` stand below its name. */
function options(panels) {
  const found = panels.map((panel, index) => [panel.dataset.group, h("option", { value: index }, panel.dataset.title)]);
  return [...grouped(found)].flatMap(([group, members]) => {
    const all = members.map(([, option]) => option);
    return group ? [h("optgroup", { label: group }, ...all)] : all;
  });
}

function grouped(found) {
  const groups = new Map();
  for (const one of found) groups.set(one[0], [...(groups.get(one[0]) ?? []), one]);
  return groups;
}
