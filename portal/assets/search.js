import { fresh, h } from "./dom.js";
import { say } from "./words.js";

const PAGES = 10;
const PARTS = 3;
const WAIT_MS = 120;

let index;
let dialog;

/** Opens with `/`, Ctrl+K or a button in `#search`; the index is fetched when it is first needed. */
export function addSearch() {
  const button = h("button", { type: "button", class: "search-open", onclick: open, "aria-keyshortcuts": "/ Control+K" }, say("search"), " ", h("kbd", {}, "/"));
  document.getElementById("search")?.replaceChildren(button);
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

function open() {
  dialog ??= build();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input").select();
  load().catch(() => {});
}

function load() {
  index ??= import(new URL("../pagefind/pagefind.js", import.meta.url)).then(async (pagefind) => {
    await pagefind.options({ baseUrl: "/", excerptLength: 18 });
    await pagefind.init();
    return pagefind;
  });
  return index;
}

function build() {
  const list = h("div", { role: "listbox", id: "search-results", "aria-label": say("searchResults") });
  const status = h("p", { class: "search-status", role: "status" });
  const input = h("input", {
    type: "search", role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
    "aria-label": say("search"), placeholder: say("searchHint"), autocomplete: "off", spellcheck: "false",
    enterkeyhint: "go",
  });
  const close = h("button", { type: "button", class: "search-close", onclick: () => made.close() }, say("close"));
  const made = h(
    "dialog", { class: "search", "aria-label": say("search") },
    h("div", { class: "search-head" }, input, close), status, list,
  );
  made.addEventListener("click", ({ target }) => target === made && made.close());
  const box = new ResultBox(input, list, status);
  input.addEventListener("input", () => box.ask(input.value));
  input.addEventListener("keydown", (event) => box.key(event));
  list.addEventListener("click", () => made.close());
  document.body.append(made);
  return made;
}

/** The list below the field: the focus stays in the field, `aria-activedescendant` tells where the reader is. */
class ResultBox {
  constructor(input, list, status) {
    Object.assign(this, { input, list, status, timer: 0, turn: 0, at: -1 });
  }

  ask(text) {
    clearTimeout(this.timer);
    this.turn += 1;
    const turn = this.turn;
    this.timer = setTimeout(() => this.search(text.trim(), turn), WAIT_MS);
  }

  async search(text, turn) {
    try {
      const found = text ? await results(text) : [];
      if (turn === this.turn) this.show(found, text);
    } catch {
      index = undefined;
      this.show([], "");
      this.status.textContent = say("searchUnavailable");
    }
  }

  show(found, text) {
    this.list.replaceChildren(...grouped(found));
    const told = found.length ? `${say("searchResults")}: ${found.length}` : say("noResults");
    this.status.textContent = text ? told : "";
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.move(found.length ? 0 : -1);
  }

  get options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  move(to) {
    const { options } = this;
    this.at = options.length ? (to + options.length) % options.length : -1;
    options.forEach((option, position) => option.setAttribute("aria-selected", String(position === this.at)));
    const chosen = options[this.at];
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const to = { ArrowDown: this.at + 1, ArrowUp: this.at - 1 }[event.key];
    if (to !== undefined) this.move(to);
    else if (event.key === "Enter") this.options[this.at]?.click();
    else return;
    event.preventDefault();
  }
}

async function results(text) {
  const pagefind = await load();
  const { results: found } = await pagefind.search(text);
  return Promise.all(found.slice(0, PAGES).map((result) => result.data()));
}

/** Results below the title of their section, in the order of the best of each. */
function grouped(found) {
  const groups = new Map();
  for (const page of found) groups.set(section(page), [...(groups.get(section(page)) ?? []), page]);
  return [...groups].map(([name, pages]) => {
    const head = h("div", { class: "search-group", id: fresh("group") }, name);
    return h("div", { role: "group", "aria-labelledby": head.id }, head, ...pages.flatMap(entries));
  });
}

function section({ filters, meta, url }) {
  return meta.section ?? filters?.section?.[0] ?? filters?.module?.[0] ?? url.split("/docs/")[1]?.split("/")[0] ?? "";
}

function entries(page) {
  const parts = page.sub_results.filter(({ url, title }) => url.includes("#") && title !== page.meta.title);
  const { title } = page.meta;
  return [entry(page.url, title, page.excerpt), ...parts.slice(0, PARTS).map((part) => entry(part.url, part.title, part.excerpt, title))];
}

function entry(url, title, excerpt, page) {
  return h(
    "a", { role: "option", id: fresh("option"), href: address(url), tabindex: "-1", class: page ? "search-part" : "search-page" },
    h("span", { class: "search-title" }, title),
    page ? h("span", { class: "hidden" }, ` (${page})`) : null,
    h("span", { class: "search-excerpt" }, ...marked(excerpt)),
  );
}

/** The portal's own addresses have no slash at the end. */
function address(url) {
  const [path, hash] = url.split("#");
  const clean = path.replace(/(index\.html|\/)$/, "").replace(/\/$/, "") || "/";
  return hash ? `${clean}#${hash}` : clean;
}

/** An excerpt is markup with `<mark>`; only its text and its marks are taken over. */
function marked(excerpt) {
  const parsed = new DOMParser().parseFromString(excerpt, "text/html");
  return Array.from(parsed.body.childNodes, (node) => (node.nodeName === "MARK" ? h("mark", {}, node.textContent) : node.textContent));
}
