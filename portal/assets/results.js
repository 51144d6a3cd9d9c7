/**
 * Draws what the finder found. No part of a page: it is fetched with the index when the search is first opened, and gets the
 * page's own `h` and `fresh`, so that no id is given twice.
 */

/** Results by their kind, in the order of the best of each; where there are none, what most readers look for. */
export function drawn(hits, finder, tools) {
  const { content } = finder;
  if (!hits.length) return [group(content.popular.title, finder.popular(), content, tools)];
  const kinds = [...new Set(hits.map(({ kind }) => kind))];
  return kinds.map((kind) => group(content.kinds[kind], hits.filter((hit) => hit.kind === kind), content, tools));
}

function group(title, hits, content, tools) {
  const { h, fresh } = tools;
  const head = h("div", { class: "search-group", id: fresh("group") }, title);
  return h("div", { role: "group", "aria-labelledby": head.id }, head, ...hits.map((hit) => option(hit, content, tools)));
}

function option(hit, { deprecated }, { h, fresh }) {
  const marks = (text) => marked(text, hit.marks, h);
  const code = hit.kind === "error" || hit.kind === "group" || hit.kind === "config";
  return h(
    "a", { role: "option", id: fresh("option"), href: hit.url, tabindex: "-1" },
    h(
      "span", { class: "search-title", dir: code ? "ltr" : "auto" },
      hit.method ? h("span", { class: `method ${hit.method.toLowerCase()}` }, hit.method) : null,
      hit.status ? h("span", { class: "status" }, String(hit.status)) : null,
      h(code ? "code" : "span", code ? { translate: "no" } : {}, ...marks(hit.title)),
      hit.deprecated ? h("span", { class: "badge deprecated" }, deprecated) : null,
      hit.within ? h("span", { class: "search-within" }, hit.within) : null,
    ),
    hit.path ? h("span", { class: "search-path", dir: "ltr", translate: "no" }, ...marks(hit.path), ...place(hit, marks, h)) : null,
    hit.text ? h("span", { class: "search-excerpt", dir: "auto" }, ...marks(hit.text)) : null,
  );
}

/** The field that was meant, behind the path of its operation. */
function place({ field }, marks, h) {
  return field ? [" · ", h("code", {}, ...marks(field))] : [];
}

/** A text with what was found in it between marks; what is short only where a word begins. */
function marked(text, marks, h) {
  const long = marks.filter((mark) => mark.length > 1).sort((one, other) => other.length - one.length);
  if (!long.length) return [text];
  const found = new RegExp(`(${long.map(sought).join("|")})`, "giu");
  return text.split(found).map((part, position) => (position % 2 ? h("mark", {}, part) : part));
}

function sought(mark) {
  const literal = mark.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return mark.length < 4 ? `(?<![\\p{L}\\p{N}])${literal}` : `${literal}s?`;
}
