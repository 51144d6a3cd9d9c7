import { read, write } from "./storage.js";

/**
 * What the place that serves these pages allows.
 * @typedef {object} Place
 * @property {string|null} api where calls go, whole and without a slash at its end; null where there is nothing to call
 * @property {string} base what the samples call: `api`, else what the build was told
 * @property {string} built what the texts of the pages were built with
 * @property {boolean} elsewhere whether something else than the API serves the pages, so that their reader may choose a server
 * @property {string[]} servers to choose from
 * @property {string|null} standard of them, as long as nobody chooses
 * @property {boolean} reached whether a server elsewhere told what it allows
 * @property {boolean} tryMutations whether calls that change something are sent
 * @property {boolean} captcha whether the server asks for captchas
 * @property {Record<string, string>} session by operation, addresses of the bundles that signing in needs
 */

const KEY = "biore.server";
const CHANGED = "biore:server";
const BASE = /^https?:\/\/[\w.:[\]-]+(\/[\w.~%/-]*)?$/;

let place;

/** @returns {Promise<Place>} one and the same for the whole page; `chooseServer` changes it */
export function site() {
  place ??= load();
  return place;
}

async function load() {
  const own = await json(new URL("site.json", import.meta.url));
  const api = own.api === null ? null : new URL(own.api, location.href);
  const known = { ...own, built: own.base, servers: own.servers ?? [], captcha: own.captcha ?? false };
  if (api?.origin === location.origin) return { ...known, api: api.href, base: api.href, elsewhere: false, reached: true };
  const standard = api?.href ?? null;
  return turned({ ...known, standard, elsewhere: true }, serverOf(read("localStorage", KEY) ?? "") ?? standard);
}

/** An API elsewhere is asked itself what it allows; without an answer nothing may be changed there. */
async function turned(known, server) {
  const there = server === null ? null : await json(new URL(known.settings, server)).catch(() => null);
  const { tryMutations = false, captcha = false } = there ?? {};
  return Object.assign(known, { api: server, base: server ?? known.built, tryMutations, captcha, reached: there !== null });
}

/**
 * A typed address of a server as it is used; null for what is none. Its letters mean nothing in any language of the samples.
 * @param {string} typed
 */
export function serverOf(typed) {
  try {
    const { href } = new URL(typed.trim());
    const found = href.replace(/\/+$/, "");
    return BASE.test(found) ? found : null;
  } catch {
    return null;
  }
}

/** Calls and samples go to `server` from now on, on all pages of this browser; null: samples as built, and no calls. */
export async function chooseServer(server) {
  write("localStorage", KEY, server);
  await turned(await site(), server);
  document.dispatchEvent(new Event(CHANGED));
}

/** @param {() => void} listener called after each choice */
export function watchServer(listener) {
  document.addEventListener(CHANGED, listener);
}

/** @param {string|URL} address */
export async function json(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}
