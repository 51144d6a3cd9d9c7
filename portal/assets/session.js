import { claims } from "./jwt.js";
import { read, write } from "./storage.js";

/**
 * The accounts that this tab is signed in with. Tokens never leave the tab, nor go to another server than the one they are of. The
 * refresh token is a cookie that no script can read: a browser has one of them, whichever account signed in last.
 * @typedef {object} Account
 * @property {string} id of the account
 * @property {string} server that its token is for
 * @property {string} [session] that its token belongs to
 * @property {string} accessToken
 * @property {number} expiresAt in milliseconds since 1970
 * @property {string} [email]
 * @property {string} [username]
 */

/** The chip in the head of the page asks for the panel with this; who shows one prevents the default. */
export const WANTED = "biore:sign-in";

const KEY = "biore.session";
const COOKIE = "biore.cookie";
const CHANGED = "biore:session";
const MOST = 5;
const LONGEST_TIMER = 2 ** 31 - 1;

let timer;

/** @returns {Account[]} of the server, the one that was used last first */
export function accounts(server) {
  return state().accounts.filter((one) => one.server === server);
}

/** @returns {Account|null} the one that calls are made with, though its token may have expired */
export function account(server) {
  const { current } = state();
  return accounts(server).find(({ id }) => id === current) ?? null;
}

/** @returns {Account|null} */
export function valid(server) {
  const found = account(server);
  return found && !expired(found) ? found : null;
}

export function expired({ expiresAt }) {
  return expiresAt <= Date.now();
}

/** Whether the refresh cookie of this browser is that of the account, as far as our pages know. */
export function hasCookie({ session }) {
  return session !== undefined && read("localStorage", COOKIE) === session;
}

/** How a person knows the account. */
export function nameOf({ email, username, id }) {
  return email ?? username ?? id;
}

/** Keeps an access token and makes its account the current one. The oldest of too many goes. */
export function keep(server, accessToken, expiresAt, about = {}) {
  const { sub, sid } = claims(accessToken) ?? {};
  const id = sub ?? accessToken;
  const { accounts: all } = state();
  const known = all.find((one) => one.id === id && one.server === server);
  const others = all.filter((one) => one !== known);
  save({ accounts: [{ ...known, ...about, id, server, session: sid, accessToken, expiresAt }, ...others].slice(0, MOST), current: id });
}

/** Calls are made with this account from now on; with null, with none. */
export function use(id) {
  save({ ...state(), current: id });
}

/** What is known of an account besides its token. */
export function learn(server, id, about) {
  change(server, id, (known) => ({ ...known, ...about }));
}

/** Its token is good for nothing any more; the account stays in the list. */
export function expire(server, id) {
  change(server, id, (known) => ({ ...known, expiresAt: 0 }));
}

export function forget(server, id) {
  const { accounts: all, current } = state();
  save({ accounts: all.filter((one) => one.id !== id || one.server !== server), current: current === id ? null : current });
}

/** @param {() => void} listener called after each change, and when the current token expires */
export function watch(listener) {
  document.addEventListener(CHANGED, listener);
  arm();
}

/**
 * Follows an answer: a new access token is kept, a refused one is expired, one that was signed out is forgotten.
 * @param {string} server
 * @param {string} operation
 * @param {import("./call.js").Answer} answer
 * @param {{token?: string, email?: string}} sent the access token of the call, and who signed in with it
 */
export function follow(server, operation, answer, { token, email } = {}) {
  const { accessToken, expiresIn } = (answer.ok && answer.json?.data) || {};
  if (typeof accessToken === "string") {
    write("localStorage", COOKIE, claims(accessToken)?.sid ?? null);
    keep(server, accessToken, Date.now() + (expiresIn ?? 0) * 1000, email ? { email } : {});
    return;
  }
  const owner = accounts(server).find(hasCookie);
  if (operation === "auth.logout" && answer.ok) {
    write("localStorage", COOKIE, null);
    if (owner) forget(server, owner.id);
  } else if (operation === "auth.refresh" && answer.status === 401) {
    write("localStorage", COOKIE, null);
    if (owner) expire(server, owner.id);
  } else if (answer.json?.error?.code === "auth.unauthenticated") {
    const refused = accounts(server).find(({ accessToken: known }) => known === token);
    if (refused) expire(server, refused.id);
  }
}

function state() {
  const kept = JSON.parse(read("sessionStorage", KEY) ?? "null");
  return Array.isArray(kept?.accounts) ? kept : { accounts: [], current: null };
}

function change(server, id, changed) {
  const { accounts: all, current } = state();
  save({ accounts: all.map((one) => (one.id === id && one.server === server ? changed(one) : one)), current });
}

function save(kept) {
  write("sessionStorage", KEY, kept.accounts.length ? JSON.stringify(kept) : null);
  document.dispatchEvent(new Event(CHANGED));
  arm();
}

/** Listeners hear of the end of the current token, too. */
function arm() {
  clearTimeout(timer);
  const { accounts: all, current } = state();
  const left = (all.find(({ id }) => id === current)?.expiresAt ?? 0) - Date.now();
  if (left > 0) timer = setTimeout(() => document.dispatchEvent(new Event(CHANGED)), Math.min(left + 1, LONGEST_TIMER));
}
