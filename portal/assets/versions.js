import { read, write } from "./storage.js";

// The versions of rows that answers told, by address: what `If-Match` of a later change names. They outlive the page, because what
// reads a row and what changes it are two operations with a page each.

const KEY = "biore.versions";
const MOST = 20;
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

/** Keeps what a success tells of the row at `url`; a row without a version any more is forgotten. */
export function remember(url, method, answer) {
  if (!answer.ok || method === "POST") return;
  const { [address(url)]: known, ...others } = state();
  const found = method === "DELETE" ? undefined : told(answer);
  if (found === undefined && known === undefined) return;
  const entries = [...Object.entries(others), ...(found ? [[address(url), found]] : [])].slice(-MOST);
  write("sessionStorage", KEY, entries.length ? JSON.stringify(Object.fromEntries(entries)) : null);
}

function address(url) {
  const { origin, pathname } = new URL(url, location.href);
  return origin + pathname;
}

function state() {
  return JSON.parse(read("sessionStorage", KEY) ?? "{}");
}
