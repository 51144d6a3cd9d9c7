import { fresh, h } from "./dom.js";
import { say } from "./words.js";

let loading;
let dialog;

/** Opens with `/`, Ctrl+K or a button in `#search`, whose `data-index` is fetched when it is first needed. */
export function addSearch() {
  const box = document.getElementById("search");
  if (!box?.dataset.index) return;
  const ahead = () => void load(box.dataset.index).catch(() => {});
  const open = () => show(box.dataset.index);
  box.replaceChildren(
    h(
      "button", { type: "button", class: "search-open", onclick: open, onpointerenter: ahead, "aria-keyshortcuts": "/ Control+K" },
      h("span", { class: "icon icon-search" }), h("span", {}, say("search")), h("kbd", {}, "/"),
    ),
  );
  document.addEventListener("keydown", (event) => {
    if (!opens(event)) return;
    event.preventDefault();
    open();
  });
}

function opens({ key, ctrlKey, metaKey, altKey, target }) {
  if (key.toLowerCase() === "k" && (ctrlKey || metaKey) && !altKey) return true;
  const typing = target.closest?.("input, textarea, select, [contenteditable]");
  return key === "/" && !typing && !ctrlKey && !metaKey && !altKey;
}

function show(index) {
  dialog ??= build(index);
  if (!dialog.open) dialog.showModal();
  const input = dialog.querySelector("input");
  input.select();
  input.dispatchEvent(new Event("input"));
}

function load(index) {
  const part = (name) => import(new URL(name, import.meta.url));
  loading ??= Promise.all([part("finder.js").then((module) => module.load(index)), part("results.js")]);
  return loading;
}

function build(index) {
  const list = h("div", { role: "listbox", id: "search-results", "aria-label": say("searchResults") });
  const status = h("p", { class: "search-status", role: "status" });
  const input = h("input", {
    type: "search", role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
    "aria-label": say("search"), placeholder: say("searchHint"), autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    enterkeyhint: "go", maxlength: "200",
  });
  const close = h("button", { type: "button", class: "search-close", onclick: () => made.close() }, say("close"));
  const keys = h("p", { class: "search-keys", "aria-hidden": "true" }, ...["↑", "↓", "↵", "Esc"].map((key) => h("kbd", {}, key)));
  const made = h(
    "dialog", { class: "search", "aria-label": say("search") },
    h("div", { class: "search-head" }, input, close), status, list, keys,
  );
  made.addEventListener("click", ({ target }) => target === made && made.close());
  const box = new ResultBox(index, input, list, status);
  input.addEventListener("input", () => box.ask(input.value.trim()));
  input.addEventListener("keydown", (event) => box.key(event));
  list.addEventListener("click", () => made.close());
  document.body.append(made);
  return made;
}

/** The list below the field: the focus stays in the field, `aria-activedescendant` tells where the reader is. */
class ResultBox {
  constructor(index, input, list, status) {
    Object.assign(this, { index, input, list, status, shown: Promise.resolve(), at: -1 });
  }

  ask(text) {
    this.shown = this.search(text);
  }

  async search(text) {
    try {
      const found = await load(this.index);
      if (text === this.input.value.trim()) this.show(text, ...found);
    } catch {
      loading = undefined;
      this.list.replaceChildren();
      this.move(-1);
      this.status.textContent = say("searchUnavailable");
    }
  }

  show(text, finder, results) {
    const { content } = finder;
    const hits = text ? finder.find(text) : [];
    this.list.replaceChildren(...results.drawn(hits, finder, { h, fresh }));
    this.list.scrollTop = 0;
    const told = hits.length ? `${say("searchResults")}: ${hits.length}` : `${say("noResults")} · ${content.otherwise}`;
    this.status.textContent = text ? told : "";
    this.move(hits.length ? 0 : -1);
  }

  get options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  move(to) {
    const { options } = this;
    this.at = options.length && to >= -1 ? (to === -1 ? -1 : to % options.length) : -1;
    options.forEach((option, position) => option.setAttribute("aria-selected", String(position === this.at)));
    const chosen = options[this.at];
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const { length } = this.options;
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at > 0 ? this.at - 1 : length - 1 }[event.key];
    if (to !== undefined) this.move(to);
    else if (event.key === "Enter") void this.shown.then(() => this.options[this.at]?.click());
    else return;
    event.preventDefault();
  }
}
