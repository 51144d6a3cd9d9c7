import { call } from "./call.js";
import { expire, follow, forget, hasCookie, learn, valid } from "./session.js";
import { json } from "./site.js";
import { locale } from "./words.js";

// The few calls that pages make by themselves: who is signed in, a new token, the end of a session, a proof of who calls.

export const LOGIN = "auth.login";
export const SECOND_FACTOR = "auth.two_factor.login";
export const CONFIRM = "auth.confirmation.confirm";
const REFRESH = "auth.refresh";
const LOGOUT = "auth.logout";
const ME = "auth.me";
const PROFILE = "creators.profile";

/**
 * Calls one of the operations of `place.session`, in the language of the page.
 * @param {import("./site.js").Place} place
 * @param {{body?: any, token?: string, email?: string}} given
 */
export async function quickly(place, operation, { body, token, email } = {}) {
  const { method, path } = await json(place.session[operation]);
  const headers = {
    "Accept-Language": locale,
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  const answer = await call({ method, url: place.api + path, headers, body: body && JSON.stringify(body) });
  follow(place.api, operation, answer, { token, email });
  return answer;
}

/** Whose token it is. A token that the server refuses is taken for expired. */
export async function whoIs(place, token) {
  return quickly(place, ME, { token });
}

/** Learns who the current account is, where nobody has told yet. */
export async function identify(place) {
  const current = valid(place.api);
  if (!current || current.username !== undefined) return;
  const { ok, json: told } = await whoIs(place, current.accessToken);
  if (ok && told.data.id === current.id) learn(place.api, current.id, { email: told.data.email, username: told.data.username });
}

/** The ID of the current account's creator profile, which the account keeps once it is known; undefined where it has none. */
export async function ownCreator(place) {
  const current = valid(place.api);
  if (!current || current.creatorId !== undefined || !place.session[PROFILE]) return current?.creatorId;
  const { ok, json: told } = await quickly(place, PROFILE, { token: current.accessToken });
  if (!ok) return undefined;
  learn(place.api, current.id, { creatorId: told.data.id });
  return told.data.id;
}

/** A new access token by the refresh cookie, if the browser has one; whether it has no script can know. */
export async function refresh(place) {
  const answer = await quickly(place, REFRESH);
  if (answer.ok) await identify(place).catch(() => {});
  return answer;
}

/** Ends the session where the browser's cookie is that of the account; else only this tab forgets the token. */
export async function signOut(place, account) {
  if (hasCookie(account)) await quickly(place, LOGOUT).catch(() => expire(place.api, account.id));
  forget(place.api, account.id);
}

/** @returns {Record<string, string>} the headers of the current account */
export function authorization(place) {
  const current = valid(place.api);
  return current ? { Authorization: `Bearer ${current.accessToken}` } : {};
}
