import { fresh, h } from "./dom.js";
import { read, write } from "./storage.js";
import { say } from "./words.js";

// A list that was answered, as rows: what `bundle.list` names, and what `bundle.leads` says that a field of a row leads to.
const KEY = "biore.answer";
/** The fragment by which a link fills the form of another page. */
export const FILLED = "#try?";

/** @returns {object[]|null} the rows of an answer, where the operation answers a list and this has any */
export function rowsOf({ list }, { ok, json }) {
  if (!ok || list === undefined) return null;
  const rows = list === "" ? json?.data : json?.data?.[list];
  return Array.isArray(rows) && rows.length > 0 ? rows : null;
}

/**
 * The answer as a table and as it came, of which one is shown; the choice is remembered.
 * @param {object} bundle
 * @param {{rows: object[], path: Record<string, string>}} found all rows that were read so far, and the path parameters of the call
 * @param {HTMLElement} raw
 */
export function tableOrRaw(bundle, found, raw) {
  const table = tableView(bundle, found);
  const views = { table, json: raw };
  const buttons = Object.keys(views).map((name) => {
    const button = h("button", { type: "button", class: "play-small" }, name === "table" ? say("table") : "JSON");
    button.addEventListener("click", () => (write("localStorage", KEY, name), show(name)));
    return [name, button];
  });
  const show = (chosen) => {
    for (const [name, view] of Object.entries(views)) view.hidden = name !== chosen;
    for (const [name, button] of buttons) button.setAttribute("aria-pressed", String(name === chosen));
  };
  show(read("localStorage", KEY) === "json" ? "json" : "table");
  const count = h("span", { class: "play-hint", role: "status" }, say("rows", { count: found.rows.length }));
  return h("div", {}, h("p", { class: "play-tools" }, ...buttons.map(([, button]) => button), " ", count), table, raw);
}

function tableView(bundle, { rows, path }) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const caption = h("caption", { class: "hidden", id: fresh("table") }, say("response"));
  const head = names.map((name) => h("th", { scope: "col" }, h("code", { translate: "no" }, name)));
  const body = rows.map((row) => h("tr", {}, ...names.map((name, at) => {
    const shown = cell(row[name], bundle.leads.filter(({ field }) => field === name), path);
    return at ? h("td", {}, ...shown) : h("th", { scope: "row" }, ...shown);
  })));
  const table = h("table", {}, caption, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body));
  return h("div", { class: "table-scroll play-table", role: "region", tabindex: "0", "aria-labelledby": caption.id }, table);
}

function cell(value, leads, path) {
  if (value === undefined) return [];
  if (value === null) return [h("span", { class: "play-hint" }, "null")];
  if (typeof value === "object") return [folded(value)];
  if (leads.length) return led(String(value), leads, path);
  return [plain(value)];
}

function plain(value) {
  return typeof value === "string" ? h("bdi", {}, value) : h("code", {}, String(value));
}

/** What is nested is named by its size, and opened where somebody wants it. */
function folded(value) {
  const count = Object.keys(value).length;
  if (count === 0) return plain(JSON.stringify(value));
  const list = Array.isArray(value);
  if (list && value.every((one) => typeof one !== "object")) return plain(value.join(", "));
  const text = h("pre", { tabindex: "0", translate: "no", dir: "ltr" }, JSON.stringify(value, null, 2));
  return h("details", {}, h("summary", {}, h("code", { dir: "ltr" }, list ? `[${count}]` : `{${count}}`)), text);
}

/** The first lead is the value itself, the others are folded. */
function led(value, [first, ...others], path) {
  const whole = h("a", { href: address(first, value, path), title: `${first.method} ${first.title}` }, plain(value));
  if (others.length === 0) return [whole];
  const links = others.map((lead) => h("li", {}, h("a", { href: address(lead, value, path), lang: "en", dir: "ltr" }, `${lead.method} ${lead.title}`)));
  return [whole, h("details", {}, h("summary", {}, say("leads", { count: others.length })), h("ul", {}, ...links))];
}

/** The page of the operation in the language of this one; what it takes of this row stands in the fragment, which no server sees. */
function address({ page, parameter }, value, path) {
  const language = location.pathname.split("/docs/")[0];
  return `${language}${page}${FILLED}${new URLSearchParams({ ...path, [parameter]: value })}`;
}

/** The path parameters that a link to this page brought. @returns {Record<string, string>|null} */
export function brought() {
  return location.hash.startsWith(FILLED) ? Object.fromEntries(new URLSearchParams(location.hash.slice(FILLED.length))) : null;
}
