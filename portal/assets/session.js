import { read, write } from "./storage.js";

/**
 * The session of all playgrounds of this tab. The refresh token is a cookie that no script can read.
 * @typedef {{accessToken: string, expiresAt: number}} Session
 */

const KEY = "biore.session";
const listeners = new Set();

/** @returns {Session|null} */
export function session() {
  const kept = JSON.parse(read("sessionStorage", KEY) ?? "null");
  return kept && kept.expiresAt > Date.now() ? kept : null;
}

export function forget() {
  keep(null);
}

/** @param {() => void} listener called after each change */
export function watch(listener) {
  listeners.add(listener);
}

/** Follows a successful answer of any playground: a new access token is kept, a signed-out one is forgotten. */
export function follow(operation, answer) {
  if (!answer.ok) return;
  const { accessToken, expiresIn } = answer.json?.data ?? {};
  if (typeof accessToken === "string") keep({ accessToken, expiresAt: Date.now() + (expiresIn ?? 0) * 1000 });
  else if (operation === "auth.logout") keep(null);
}

function keep(value) {
  write("sessionStorage", KEY, value && JSON.stringify(value));
  for (const listener of listeners) listener();
}
