/**
 * What the place that serves these pages allows.
 * @typedef {{api: string|null, base: string, tryMutations: boolean, session: Record<string, string>}} Place
 * `api`: where the API is, without a slash at its end, or null where there is none; `base`: where the samples say it is;
 * `session`: addresses of the bundles by operation that signing in needs.
 */

let place;

/** @returns {Promise<Place>} */
export function site() {
  place ??= load();
  return place;
}

async function load() {
  const own = await json(new URL("site.json", import.meta.url));
  if (!own.api) return own;
  const api = new URL(own.api, location.href);
  if (api.origin === location.origin) return own;
  // An API elsewhere is asked itself what it allows; without an answer nothing may be changed there.
  const there = await json(new URL(own.settings, api)).catch(() => ({ tryMutations: false }));
  return { ...own, api: api.href, tryMutations: there.tryMutations };
}

/** @param {string|URL} address */
export async function json(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}
