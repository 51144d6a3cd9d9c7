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
  loading ??= import(new URL("finder.js", import.meta.url)).then((module) => module.load(index));
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
      if (text === this.input.value.trim()) this.show(text, found);
    } catch {
      loading = undefined;
      this.list.replaceChildren();
      this.move(-1);
      this.status.textContent = say("searchUnavailable");
    }
  }

  show(text, finder) {
    const { content } = finder;
    const hits = text ? finder.find(text) : [];
    const groups = hits.length ? grouped(hits, content) : [group(content.popular.title, finder.popular(), content)];
    this.list.replaceChildren(...groups);
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

/** Results by their kind, in the order of the best of each. */
function grouped(hits, content) {
  const kinds = [...new Set(hits.map(({ kind }) => kind))];
  return kinds.map((kind) => group(content.kinds[kind], hits.filter((hit) => hit.kind === kind), content));
}

function group(title, hits, content) {
  const head = h("div", { class: "search-group", id: fresh("group") }, title);
  return h("div", { role: "group", "aria-labelledby": head.id }, head, ...hits.map((hit) => option(hit, content)));
}

function option(hit, { deprecated }) {
  const { marks } = hit;
  const code = hit.kind === "error" || hit.kind === "group" || hit.kind === "config";
  return h(
    "a", { role: "option", id: fresh("option"), href: hit.url, tabindex: "-1" },
    h(
      "span", { class: "search-title", dir: code ? "ltr" : "auto" },
      hit.method ? h("span", { class: `method ${hit.method.toLowerCase()}` }, hit.method) : null,
      hit.status ? h("span", { class: "status" }, String(hit.status)) : null,
      h(code ? "code" : "span", code ? { translate: "no" } : {}, ...marked(hit.title, marks)),
      hit.deprecated ? h("span", { class: "badge deprecated" }, deprecated) : null,
      hit.within ? h("span", { class: "search-within" }, hit.within) : null,
    ),
    hit.path ? h("span", { class: "search-path", dir: "ltr", translate: "no" }, ...marked(hit.path, marks), ...place(hit)) : null,
    hit.text ? h("span", { class: "search-excerpt", dir: "auto" }, ...marked(hit.text, marks)) : null,
  );
}

/** The field that was meant, behind the path of its operation. */
function place({ field, marks }) {
  return field ? [" · ", h("code", {}, ...marked(field, marks))] : [];
}

/** A text with what was found in it between marks; what is short only where a word begins. */
function marked(text, marks) {
  const long = marks.filter((mark) => mark.length > 1).sort((one, other) => other.length - one.length);
  if (!long.length) return [text];
  const found = new RegExp(`(${long.map(sought).join("|")})`, "giu");
  return text.split(found).map((part, position) => (position % 2 ? h("mark", {}, part) : part));
}

function sought(mark) {
  const literal = mark.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return mark.length < 4 ? `(?<![\\p{L}\\p{N}])${literal}` : `${literal}s?`;
}
