import { address as filled } from "./literals.js";
import { read, write } from "./storage.js";

// The versions of rows that answers told, by address: what `If-Match` of a later change names. They outlive the page, because what
// reads a row and what changes it are two operations with a page each.

const KEY = "biore.versions";
const MOST = 200;
const VERSION = /^"\d+"$/;

/** @returns {string|undefined} as `If-Match` has it */
export function version(url) {
  return state()[address(url)];
}

/** @returns {string|undefined} the version that an answer tells, of a success or of one that moved on */
export function told({ headers, json }) {
  const tag = headers.find(([name]) => name === "etag")?.[1];
  if (tag && VERSION.test(tag)) return tag;
  const number = json?.data?.version;
  return Number.isInteger(number) ? `"${number}"` : undefined;
}

/** Keeps what a success tells of the row at `url`; a row without a version any more is forgotten. A dry run tells of none. */
export function remember(url, method, answer) {
  if (!answer.ok || method === "POST" || answer.json?.dryRun === true) return;
  const found = method === "DELETE" ? undefined : told(answer);
  if (found !== undefined || version(url) !== undefined) keep({ [address(url)]: found });
}

/** Each row of a list tells its own version, at the address that `leads` gives it. */
export function rememberRows(base, leads, path, rows) {
  const lead = leads.find((one) => one.row);
  const versions = rows.filter((row) => lead && Number.isInteger(row.version));
  const entries = versions.map((row) => [address(filled(base, lead.row, { ...path, [lead.parameter]: String(row[lead.field]) }, {})), `"${row.version}"`]);
  if (entries.length) keep(Object.fromEntries(entries));
}

function keep(told) {
  const others = Object.entries(state()).filter(([known]) => !(known in told));
  const entries = [...others, ...Object.entries(told).filter(([, found]) => found !== undefined)].slice(-MOST);
  write("sessionStorage", KEY, entries.length ? JSON.stringify(Object.fromEntries(entries)) : null);
}

function address(url) {
  const { origin, pathname } = new URL(url, location.href);
  return origin + pathname;
}

function state() {
  return JSON.parse(read("sessionStorage", KEY) ?? "{}");
}
