import { h, fresh } from "./dom.js";
import { quickly } from "./identity.js";
import { account, valid } from "./session.js";
import { Step } from "./signin.js";
import { say } from "./words.js";

// What staff are refused with before anything else, and what leads on from there.
const CONFIRM = "admin.session.confirm";
const GUIDE = "/docs/guides/two-factor";
export const STAFF_PROOF = "admin.reauthentication_required";
export const STAFF_SIGN_IN = { "admin.two_factor_required": "factorNeeded", "admin.session_expired": "staffExpired" };

/**
 * Asks for password and code, sends them to the operation of the contract, and repeats the call. Closed without that, it changes nothing.
 * @param {object} playground
 */
export function askForProof(playground) {
  const { place } = playground;
  const title = h("h2", { id: fresh("proof") }, say("stepUp"));
  const form = new Step("confirmAndSend", ["password", "code"], async (values) => {
    const answer = await quickly(place, CONFIRM, { body: values, token: valid(place.api)?.accessToken });
    if (!answer.ok) return form.refuse(answer);
    dialog.close();
    return playground.run();
  });
  const close = h("button", { type: "button", class: "play-small", onclick: () => dialog.close() }, say("close"));
  const dialog = h(
    "dialog", { class: "play-dialog", "aria-labelledby": title.id },
    title, h("p", { class: "play-hint" }, say("staffProof")), form.element, h("p", {}, close),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  form.focus();
}

/** Whoever has no second factor sets one up; whose session is too old, or passed none, signs in anew. */
export function signInAnew({ panel, place }, code) {
  const again = () => panel.signIn(account(place.api)?.email);
  const guide = `${location.pathname.split("/docs/")[0]}${GUIDE}`;
  const links = code === "admin.two_factor_required" ? [h("a", { href: guide }, say("secondFactor"))] : [];
  return [h("p", {}, say(STAFF_SIGN_IN[code])), h("p", { class: "play-tools" }, h("button", { type: "button", onclick: again }, say("signIn")), ...links)];
}
