import { copyButton } from "./copy.js";
import { h } from "./dom.js";
import { violations } from "./schema.js";
import { tableOrRaw } from "./table.js";
import { locale, say } from "./words.js";

/**
 * What came back, and whether the contract promised it.
 * @param {object} bundle of the operation
 * @param {import("./call.js").Answer} answer
 * @param {{rows: object[], path: Record<string, string>}|null} found the rows of a list, those of the pages before it too
 * @param {HTMLElement|null} further what asks for more of them
 */
export function answerView(bundle, answer, found, further) {
  const correlation = answer.headers.find(([name]) => name === "x-correlation-id")?.[1];
  return h(
    "div", { class: "play-answer" },
    h("h3", {}, say("response")),
    h(
      "p", { class: "play-facts" },
      h("strong", { class: `status status-${String(answer.status)[0]}xx` }, String(answer.status || "—")),
      fact("time", `${number(answer.ms)} ms`), h("code", { translate: "no" }, `${number(answer.bytes)} B`),
      correlation ? fact("correlationId", correlation) : null,
    ),
    refusal(bundle, answer),
    verdict(bundle, answer),
    found ? tableOrRaw(bundle, found, body(answer)) : body(answer),
    further,
    h("details", {}, h("summary", {}, `${say("headers")} (${answer.headers.length})`), headerTable(answer.headers)),
  );
}

function fact(key, value) {
  return h("span", {}, `${say(key)}: `, h("code", { translate: "no" }, value));
}

function number(value) {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** The documented error that it is, with a link to where the page tells of it. */
function refusal({ codes }, { json, ok }) {
  const code = json?.error?.code;
  if (ok || !code) return null;
  const known = codes[code];
  const name = h("code", { translate: "no" }, code);
  const link = known ? h("a", { href: `#${known.anchor}` }, name) : name;
  return h("p", { class: "play-refusal" }, link, ": ", json.error.message ?? "", ...details(json.error.details));
}

function details(given) {
  if (!given?.length) return [];
  return [h("ul", {}, ...given.map(({ field, rule, message }) => h("li", {}, h("code", { translate: "no" }, `${field || say("body")} · ${rule}`), ` ${message}`)))];
}

/**
 * What of the answer the contract does not promise; nothing is as it should be.
 * @returns {string[]}
 */
export function differences(bundle, answer) {
  const documented = bundle.answers[answer.status];
  if (!documented) return [say("undocumentedStatus", { status: answer.status })];
  if (documented.mediaType !== answer.type) return [`Content-Type: ${answer.type || "—"} ≠ ${documented.mediaType}`];
  if (answer.json === undefined) return documented.mediaType.endsWith("json") ? ["JSON"] : [];
  return violations(documented.schema, answer.json, bundle.schemas).map(({ field, rule, limit }) => `${field || "·"}: ${rule} ${shown(limit)}`.trim());
}

function shown(limit) {
  if (limit === undefined || typeof limit === "object") return Array.isArray(limit) && limit.length < 8 ? JSON.stringify(limit) : "";
  return String(limit);
}

function verdict(bundle, answer) {
  const found = differences(bundle, answer);
  if (!found.length) return h("p", { class: "play-verdict play-good" }, `✓ ${say("matches")}`);
  return h("div", { class: "play-verdict play-bad" }, `✗ ${say("doesNotMatch")}`, h("ul", {}, ...found.map((text) => h("li", {}, h("code", {}, text)))));
}

function body({ json, text }) {
  const shownText = json === undefined ? text : JSON.stringify(json, null, 2);
  if (!shownText) return null;
  const block = h("pre", { tabindex: "0", class: "highlight", translate: "no", dir: "ltr", "aria-label": say("response") }, ...coloured(shownText, json !== undefined));
  return h("div", { class: "copyable" }, block, copyButton(() => shownText));
}

/** JSON in the colours that it has in the samples. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function coloured(text, isJson) {
  if (!isJson) return [text];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon] = match;
    const kind = string ? (colon ? "n" : null) : "m";
    parts.push(text.slice(end, match.index), h("i", { class: kind }, string ?? whole), colon ?? "");
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

function headerTable(headers) {
  const rows = headers.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, h("code", { translate: "no", dir: "ltr" }, value))));
  return h("div", { class: "table-scroll", tabindex: "0" }, h("table", {}, h("tbody", {}, ...rows)));
}
