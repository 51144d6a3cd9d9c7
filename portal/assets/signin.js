import { call } from "./call.js";
import { h } from "./dom.js";
import { members } from "./form.js";
import { follow, forget, session, watch } from "./session.js";
import { json } from "./site.js";
import { locale, say } from "./words.js";

const LOGIN = "auth.login";
const SECOND_FACTOR = "auth.two_factor.login";
const REFRESH = "auth.refresh";
const LOGOUT = "auth.logout";

/**
 * One sign-in for all pages. Its forms are made from the contract like any other.
 * @param {import("./site.js").Place} place
 */
export function signInPanel(place) {
  const summary = h("summary", {});
  const content = h("div", { class: "play-signin" });
  const panel = h("details", { class: "play-session" }, summary, content);
  const show = () => {
    const kept = session();
    const until = kept && new Date(kept.expiresAt).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
    summary.textContent = kept ? say("signedInUntil", { time: until }) : say("notSignedIn");
    panel.dataset.signedIn = String(kept !== null);
    if (!panel.open) return;
    if (kept) content.replaceChildren(signOut(place));
    else askFor(LOGIN, place, content);
  };
  panel.addEventListener("toggle", show);
  watch(show);
  show();
  return panel;
}

function signOut(place) {
  const button = h("button", { type: "button" }, say("signOut"));
  const leave = async () => {
    await quickly(LOGOUT, place).catch(() => {});
    forget();
  };
  button.addEventListener("click", leave);
  return h("p", {}, button);
}

/** A new access token by the refresh cookie, if the browser has one. */
export async function refresh(place) {
  const answer = await quickly(REFRESH, place);
  if (!answer.ok) forget();
  return answer;
}

async function quickly(operation, place) {
  const { method, path } = await json(place.session[operation]);
  const answer = await call({ method, url: place.api + path, headers: authorization() });
  follow(operation, answer);
  return answer;
}

/** @returns {Record<string, string>} */
export function authorization() {
  const kept = session();
  return kept ? { Authorization: `Bearer ${kept.accessToken}` } : {};
}

/** The form of `operation` in `content`; what login hands on to the second factor is filled in. */
async function askFor(operation, place, content, given = {}) {
  const bundle = await json(place.session[operation]);
  const fields = members(bundle.request.schema, bundle.schemas);
  fields.fill(given);
  const message = h("p", { class: "play-error", role: "alert" });
  const form = h("form", { novalidate: true, class: "play-form" }, fields.element, h("button", { type: "submit" }, say("signIn")), message);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    message.textContent = "";
    try {
      await signIn(bundle, place, content, fields.value(), message);
    } catch {
      message.textContent = say("networkError");
    }
  });
  const back = h("button", { type: "button", class: "play-small" }, say("refreshSession"));
  back.addEventListener("click", async () => {
    const answer = await refresh(place).catch(() => null);
    message.textContent = answer === null ? say("networkError") : (answer.json?.error?.message ?? "");
  });
  content.replaceChildren(form, ...(operation === LOGIN ? [h("p", {}, back)] : []));
  if (operation === SECOND_FACTOR) form.querySelector('[name="code"]')?.focus();
}

async function signIn(bundle, place, content, body, message) {
  const headers = { "Content-Type": "application/json", "Accept-Language": locale };
  const answer = await call({ method: bundle.method, url: place.api + bundle.path, headers, body: JSON.stringify(body) });
  follow(bundle.id, answer);
  const data = answer.json?.data;
  if (data?.requiresTwoFactor) await askFor(SECOND_FACTOR, place, content, { tempToken: data.tempToken });
  else if (!answer.ok) message.textContent = answer.json?.error?.message ?? String(answer.status);
}
