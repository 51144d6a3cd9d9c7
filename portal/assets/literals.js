// How a value is written in each language: the twin of portal/samples/literals.py, which says what the table means.

const JSON_WORDS = { true: "true", false: "false", null: "null" };

export function literal(table, key, value, indent = 0) {
  const entry = table.literals[key];
  const style = table.strings[entry.string];
  if (entry.kind === "string" || entry.kind === "inside") {
    const quote = entry.kind === "string" ? style.quote : "";
    return quote + escaped(table, style, plain(value)) + quote;
  }
  const margin = entry.margin.repeat(indent);
  let text = written({ table, entry, style }, value, margin);
  if (entry.kind === "value") return text;
  text = replaced(text, entry.escapes);
  if (entry.fence) return `${entry.fence}\n${margin}${text}\n${margin}${entry.fence}`;
  return entry.quote + text + entry.quote;
}

// A value where only text can stand: in a header, a path or a query.
export function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function percentEncoded(value) {
  const encoded = encodeURIComponent(plain(value).replace(/[\ud800-\udfff]/gu, "\ufffd"));
  return encoded.replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

// The address of an operation: `path` holds {names}, a list in the query repeats its name, what is undefined is left out.
export function address(base, path, pathValues, queryValues) {
  const filled = path.replace(/\{([^}]*)\}/g, (_, name) => percentEncoded(pathValues[name] ?? ""));
  const pairs = Object.entries(queryValues).flatMap(([name, value]) =>
    (value === undefined ? [] : [value].flat()).map((one) => `${percentEncoded(name)}=${percentEncoded(one)}`),
  );
  return base + filled + (pairs.length > 0 ? `?${pairs.join("&")}` : "");
}

function replaced(text, escapes = {}) {
  const parts = Object.keys(escapes).sort((one, other) => other.length - one.length);
  if (parts.length === 0) return text;
  const found = new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("|"), "g");
  return text.replace(found, (match) => escapes[match]);
}

function escaped(table, style, text) {
  const written = (prefix) => (match) => prefix + match.charCodeAt(0).toString(16).padStart(4, "0") + (style.end ?? "");
  let result = replaced(text, style.escapes);
  if (style.hidden) result = result.replace(new RegExp(table.hidden, "gu"), written(style.hidden));
  return result.replace(new RegExp(table.lone, "gu"), style.lone ? written(style.lone) : "\ufffd");
}

function written(how, value, margin) {
  const inner = margin + how.entry.unit;
  if (Array.isArray(value)) {
    const items = value.map((item) => written(how, item, inner));
    const line = `[${items.join(", ")}]`;
    const scalars = value.every((item) => item === null || typeof item !== "object");
    return scalars && [...line].length <= how.table.width ? line : opened(how, "[", items, "]", margin);
  }
  if (value !== null && typeof value === "object") {
    const items = Object.entries(value).map(([key, item]) => `${keyOf(how, key)}: ${written(how, item, inner)}`);
    return opened(how, "{", items, "}", margin);
  }
  if (typeof value === "string") return quoted(how, value);
  return typeof value === "number" ? JSON.stringify(value) : (how.entry.words ?? JSON_WORDS)[String(value)];
}

function quoted({ table, style }, text) {
  return style.quote + escaped(table, style, text) + style.quote;
}

// In JavaScript `__proto__: …` would not be a property but the prototype.
function keyOf(how, key) {
  if (how.entry.bare && new RegExp(`^(?:${how.entry.bare})$`).test(key)) return key;
  return key === how.entry.computed ? `[${quoted(how, key)}]` : quoted(how, key);
}

function opened({ entry }, before, items, after, margin) {
  if (items.length === 0) return before + after;
  const inner = margin + entry.unit;
  return `${before}\n${inner}${items.join(`,\n${inner}`)}${entry.trailing ? "," : ""}\n${margin}${after}`;
}
