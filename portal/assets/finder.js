/**
 * Finds what a reader means among the entries of `search.json` (`portal/search.py` says what an entry holds). No part of a
 * page: it is fetched with the index when the search is first opened.
 *
 * @typedef {{kind: string, url: string, title: string, within?: string, text?: string, words?: string, aliases?: string[],
 *   method?: string, path?: string, id?: string, codes?: string[], fields?: Record<string, string[]>, deprecated?: boolean,
 *   status?: number}} Entry
 * @typedef {Entry & {marks: string[], field?: string}} Hit `marks`: words to highlight; `field`: the path of the field that
 *   `url` leads to, where nothing else of the entry was meant.
 */
import MiniSearch from "./vendor/minisearch.js";

const WEIGHTS = { title: 6, aliases: 5, id: 3, path: 3, codes: 1, text: 1.2, words: 0.7, fields: 0.5, method: 0.2 };
const KINDS = { operation: 2, guide: 1.7, page: 1.4, error: 1, group: 0.4, config: 0.4 };
const DEPRECATED = 0.4;
/** How much more an entry is worth for a phrase whose words make up all that was typed. */
const PHRASE = 4;
/** What has a title that somebody worded; the others are called by their names. */
const TITLED = new Set(["operation", "guide", "page"]);
const MOST = { operation: 8, guide: 5, page: 4, error: 6, group: 2, config: 4 };
/** What an entry is worth whose alias was typed word for word, idle words included. */
const VERBATIM = 5;
/** What an entry is worth whose name is what was typed, before any counting of words. */
const EXACTLY = 4;
/** What a section or a group is called may be the name of something that is rather meant. */
const PARTLY = 3.5;
const ENDING = 3;
const BEGINNING = 2;
const FIELD = 1;
/** Words of a question that say nothing of what is looked for. */
const IDLE = new Set(
  ("a an and any api are as at be by can could did do does endpoint error example for from get give has have how http i if is it " +
    "its like make may me my need of on or please should so some that the their them there this to use used using want was we " +
    "what when where which who why will with would you your").split(" "),
);
const CHUNK = /[^\s,;:!?"'`()[\]<>=&|*#+]+/gu;
const PART = /[\p{L}\p{N}]+/gu;
const CAMEL = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
const IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const METHOD = /^(get|post|put|patch|delete)\s+(?=\S*\/)/i;
const ORIGIN = /^https?:\/\/[^/\s]+/i;
const IDENTIFIER = /[\p{Ll}\p{N}]\p{Lu}|[._[\]]/u;

/** @param {string|URL} address of `search.json` */
export async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const { tables, ...content } = await answer.json();
  return new Finder({ ...content, entries: Object.entries(tables).flatMap(([kind, table]) => rows(kind, table)) });
}

/** @returns {Entry[]} those of one kind, of whose parts the table has a list each */
function rows(kind, table) {
  return table.url.map((url, row) => {
    const parts = Object.entries(table).map(([part, list]) => [part, list[row]]).filter(([, value]) => value);
    const entry = { kind, ...Object.fromEntries(parts) };
    return url.endsWith("#") ? { ...entry, url: `${url}${kind}-${entry.title.replace(/[._]/g, "-")}` } : entry;
  });
}

export class Finder {
  /**
   * @param {{base: string, kinds: Record<string, string>, popular: {title: string, urls: string[]}, otherwise: string,
   *   deprecated: string, entries: Entry[]}} content
   */
  constructor(content) {
    this.content = content;
    this.entries = content.entries;
    this.known = new Set();
    this.index = new MiniSearch({
      idField: "url",
      fields: Object.keys(WEIGHTS),
      extractField: (entry, field) => (field === "url" ? entry.url : of(entry, field)),
      tokenize: (text, field) => this.noted(tokens(text, field)),
      processTerm: (term) => term,
      searchOptions: { boost: WEIGHTS, weights: { prefix: 0.35, fuzzy: 0.3 }, bm25: { k: 1.2, b: 0.4, d: 0.5 } },
    });
    this.index.addAll(this.entries);
    this.byUrl = new Map(this.entries.map((entry, order) => [entry.url, { entry, order, names: names(entry) }]));
  }

  noted(terms) {
    terms.forEach((term) => this.known.add(term));
    return terms;
  }

  /** @returns {Hit[]} the best first, of each kind no more than a reader would look at */
  find(text) {
    const asked = this.understood(text);
    if (!asked.words.length) return [];
    const found = new Map(this.counted(asked.words).map((result) => [result.id, result]));
    const ranked = [];
    for (const { entry, order, names: named } of this.byUrl.values()) {
      const result = found.get(entry.url);
      const worth = this.worth(entry, named, asked);
      const points = result ? score(entry, result, asked.words) * (1 + phrased(named.phrases, asked.said)) : 0;
      if (worth || points) ranked.push({ entry, order, result, worth, score: points });
    }
    ranked.sort((one, other) => other.worth - one.worth || other.score - one.score || one.order - other.order);
    return few(ranked).map((one) => hit(one, asked));
  }

  popular() {
    return this.content.popular.urls.map((url) => ({ ...this.byUrl.get(url).entry, marks: [] }));
  }

  /** What was typed, without what says nothing: method, origin and base of a call, the words of a question. */
  understood(text) {
    const [, method = ""] = METHOD.exec(text.trim()) ?? [];
    const rest = text.trim().replace(METHOD, "").replace(ORIGIN, "");
    const path = rest.startsWith("/") ? rest.split(/[?#]/)[0].replace(/\/+$/, "") : rest;
    const { base } = this.content;
    const name = path.startsWith(`${base}/`) ? path.slice(base.length) : path;
    const all = tokens(name);
    const telling = all.filter((term) => !IDLE.has(term));
    const plain = name.split(/\s+/).filter((word) => !IDLE.has(word.toLowerCase()));
    const corrected = plain.map((word) => this.corrected(word));
    return {
      name,
      method: method.toUpperCase(),
      calls: new Set([name, plain.join(" "), corrected.join(" ")].map(squeezed).filter(Boolean)),
      said: new Set(said(plain.join(" "))),
      words: (telling.length ? telling : all).map((term) => [term, ...this.swapped(term)]),
    };
  }

  /** How surely an entry is meant by its name alone. */
  worth(entry, { aliases, own, begins, endings, path }, { name, method, calls }) {
    if (method && entry.method !== method) return 0;
    const [whole = ""] = calls;
    const called = (names) => [...calls].some((call) => names.has(call));
    if (aliases.has(whole)) return VERBATIM;
    if (called(aliases) || path?.test(name)) return EXACTLY;
    if (called(own)) return isPart(entry) ? PARTLY : EXACTLY;
    if (whole && endings.some((ending) => ending.endsWith(`.${whole}`) || ending.endsWith(`/${whole}`))) return ENDING;
    const begun = whole.length < 3 ? [] : begins.filter((begin) => begin.startsWith(whole)).map((begin) => whole.length / begin.length);
    if (begun.length) return BEGINNING + Math.max(...begun);
    const found = entry.fields && IDENTIFIER.test(name) && fieldOf(entry, whole);
    return found ? FIELD + found.worth : 0;
  }

  counted(words) {
    const queries = words.map((queries, position) => ({
      queries,
      combineWith: "OR",
      prefix: queries[0].length > 1 || position === words.length - 1,
      fuzzy: this.begins(queries[0]) ? false : distance(queries[0]),
    }));
    return this.index.search({ combineWith: "OR", queries }, { tokenize: (term) => [term] });
  }

  begins(term) {
    if (this.known.has(term)) return true;
    for (const known of this.known) if (known.startsWith(term)) return true;
    return false;
  }

  /** The known word that a mistyped one is nearest to. */
  corrected(word) {
    const term = folded(word);
    if (this.begins(term)) return word;
    const options = { fuzzy: distance(term), fields: ["title", "aliases", "id"], tokenize: (text) => [text] };
    return this.swapped(term)[0] ?? this.index.search(term, options)[0]?.terms[0] ?? word;
  }

  /** Two letters in each other's place, which an edit distance of 1 would not forgive. */
  swapped(term) {
    if (term.length < 4 || this.begins(term)) return [];
    const turned = (at) => term.slice(0, at) + term[at + 1] + term[at] + term.slice(at + 2);
    return Array.from({ length: term.length - 1 }, (_, at) => turned(at)).filter((other) => this.known.has(other));
  }
}

/** Whole and in parts: `users/profile`, `auth.login`, `accessToken` and `email_exists` are found as such and by each word. */
export function tokens(text, field) {
  if (!text) return [];
  const found = [];
  for (const [chunk] of text.matchAll(CHUNK)) {
    const bare = chunk.replace(/[{}]/g, "").replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
    const parts = (bare.match(PART) ?? []).flatMap((part) => part.split(CAMEL));
    found.push(folded(bare), ...parts.map(folded));
    // What stands between dots and slashes, such as `email_exists`, and `signup` of `sign-up`.
    if (parts.length > 1) found.push(...bare.split(/[./]/).map(folded), folded(bare.replaceAll("-", "")));
    found.push(...(bare.match(IDEOGRAPH) ?? []));
  }
  if (field === "aliases") found.push(...text.split("\n").filter(isPair).map(squeezed).map(folded));
  return [...new Set(found.filter(Boolean))];
}

/** Two words that many write as one, so that the beginning of `signup` finds `sign up`. */
function isPair(phrase) {
  return phrase.split(" ").length === 2;
}

/** Without capitals and accents, and without the `s` of a plural. */
function folded(text) {
  const plain = text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("ı", "i").normalize("NFC");
  return plain.length < 4 ? plain : plain.replace(/sses$/, "ss").replace(/(?<![sui])s$/, "");
}

/** As names are compared: `Sign-up`, `sign up` and `signup` are one. */
function squeezed(text) {
  return text.toLowerCase().replace(/^\/+|[\s\u2019'-]+/g, "").replace(/[?!.]+$/, "");
}

/** The text of one of the weighed parts. */
function of(entry, field) {
  const titled = TITLED.has(entry.kind);
  if (field === "title") return titled ? entry.title : "";
  if (field === "id") return titled ? entry.id ?? "" : `${entry.title} ${entry.status ?? ""}`;
  if (field === "aliases") return (entry.aliases ?? []).join("\n");
  if (field === "codes") return (entry.codes ?? []).join(" ");
  if (field === "fields") return Object.values(entry.fields ?? {}).flat().join(" ");
  return entry[field] ?? "";
}

/** What an entry may be called by: in whole, by the end of it, and by a call with values in its path. */
function names(entry) {
  const titled = TITLED.has(entry.kind);
  const endings = [entry.id, entry.path, entry.kind === "error" ? entry.title : ""].filter(Boolean).map(squeezed);
  const own = new Set([...endings, squeezed(entry.title)]);
  const aliases = new Set((entry.aliases ?? []).map(squeezed));
  const path = entry.path?.includes("{") ? new RegExp(`^/?${entry.path.slice(1).replace(/\{[^}]*\}/g, "[^/]+")}$`, "i") : null;
  const told = [...(titled ? [entry.title] : []), ...(entry.aliases ?? [])];
  const phrases = told.filter((phrase) => !phrase.split(" ").some((word) => IDLE.has(word.toLowerCase()))).map(said);
  return { aliases, own, phrases, begins: titled ? [...own, ...aliases] : [...own], endings, path };
}

function isPart({ kind, url }) {
  return kind === "group" || kind === "config" || (TITLED.has(kind) && url.includes("#"));
}

/** The words of a phrase that say something. */
function said(phrase) {
  return phrase.split(/[^\p{L}\p{N}]+/u).filter((word) => !IDLE.has(word.toLowerCase())).map(folded).filter(Boolean);
}

/** How much of what was typed is one phrase, whose words may stand apart: `sign a user in`. */
function phrased(phrases, typed) {
  const held = phrases.filter((words) => words.length && words.every((word) => typed.has(word))).map((words) => words.length);
  return held.length ? (PHRASE * Math.max(...held)) / typed.size : 0;
}

/** How many letters may be wrong. */
function distance(term) {
  if (term.length < 4) return false;
  return term.length < 7 ? 1 : 2;
}

/** An entry with all of the words is worth more than one with some of them often. */
function score(entry, result, words) {
  const covered = words.filter((word) => word.some((term) => result.queryTerms.includes(term))).length / words.length;
  return result.score * covered * covered * KINDS[entry.kind] * (entry.deprecated ? DEPRECATED : 1);
}

function few(ranked) {
  const taken = {};
  return ranked.filter(({ entry: { kind } }) => (taken[kind] = (taken[kind] ?? 0) + 1) <= MOST[kind]);
}

function hit({ entry, result, worth }, { calls: [whole = ""] }) {
  const marks = result?.terms ?? [];
  const where = Object.values(result?.match ?? {}).flat();
  const meant = entry.fields && worth < BEGINNING && (worth || where.every((field) => field === "fields"));
  const { location, path } = (meant && (fieldOf(entry, whole) ?? fieldWith(entry, marks))) || {};
  return { ...entry, marks, field: path, url: path ? `${entry.url}#${anchor(location, path)}` : entry.url };
}

/** The field whose path, or last name, was typed: rather one that is sent, and rather one that stands at the top. */
function fieldOf(entry, whole) {
  const typed = whole.replaceAll("[]", "");
  let best = null;
  for (const field of fields(entry)) {
    const bare = field.path.replaceAll("[]", "").toLowerCase();
    const worth = (bare === typed ? 0.3 : 0.1) + (field.location.startsWith("response") ? 0 : 0.5);
    if ((bare === typed || bare.endsWith(`.${typed}`)) && worth > (best?.worth ?? 0)) best = { ...field, worth };
  }
  return best;
}

function fieldWith(entry, terms) {
  return fields(entry).find(({ path }) => tokens(path).some((term) => terms.includes(term)));
}

function fields({ fields: by }) {
  return Object.entries(by).flatMap(([location, paths]) => paths.map((path) => ({ location, path })));
}

/** As `Field.anchor` of `portal/model.py` has it. */
function anchor(location, path) {
  return `${location}-${path}`.replaceAll("[]", "-items").replaceAll(".", "-").toLowerCase();
}
