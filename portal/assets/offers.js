import { h } from "./dom.js";
import { CONFIRM, quickly, refresh } from "./identity.js";
import { reveal } from "./request.js";
import { valid } from "./session.js";
import { CAPTCHA, CAPTCHA_FIELD, Step } from "./signin.js";
import { STAFF_PROOF, STAFF_SIGN_IN, askForProof, signInAnew } from "./staff.js";
import { told } from "./versions.js";
import { say } from "./words.js";

const UNAUTHENTICATED = "auth.unauthenticated";
const STEP_UP = "auth.confirmation_required";
const PRECONDITION = ["precondition.required", "precondition.failed"];

/**
 * What leads on from a refusal: a sign-in, a proof of who calls, a captcha, the present version. Each ends in a button that repeats
 * the call.
 * @param {object} playground
 * @param {import("./call.js").Answer} answer
 * @returns {HTMLElement[]}
 */
export function offers(playground, answer) {
  const code = answer.json?.error?.code;
  if (code === UNAUTHENTICATED && playground.bundle.takesToken) return [signIn(playground)];
  if (code === STEP_UP) return [stepUp(playground)];
  if (code === STAFF_PROOF) return [staffProof(playground)];
  if (code in STAFF_SIGN_IN) return [offer(...signInAnew(playground, code))];
  if (CAPTCHA.includes(code) && playground.form.body?.reveal) return [captcha(playground)];
  if (PRECONDITION.includes(code)) return [precondition(playground, answer)];
  return [];
}

function offer(...children) {
  return h("div", { class: "play-offer" }, ...children);
}

/** What stands in the place of an offer once somebody has signed in. */
export function repeat(playground) {
  return offer(h("p", { class: "play-tools" }, h("button", { type: "button", class: "play-again", onclick: () => playground.run() }, say("sendAgain"))));
}

/** Whether there is a refresh cookie no script can know; trying it is the only way. */
function signIn(playground) {
  const { panel, place } = playground;
  const message = h("p", { class: "play-error", role: "alert" });
  const open = h("button", { type: "button", onclick: () => panel.open() }, say("signIn"));
  const cookie = h("button", { type: "button", class: "play-small" }, say("useCookie"));
  cookie.addEventListener("click", async () => {
    const answer = await refresh(place).catch(() => null);
    if (answer?.ok) await playground.run();
    else message.textContent = answer?.json?.error?.message ?? say("networkError");
  });
  return offer(h("p", {}, say("signInFirst")), h("p", { class: "play-tools" }, open, cookie), message);
}

/** What the operation of the contract asks: a password, and a code where a second factor is on. */
function stepUp(playground) {
  const form = new Step("confirmAndSend", ["password", "code"], async (values) => {
    const token = valid(playground.place.api)?.accessToken;
    const answer = await quickly(playground.place, CONFIRM, { body: values, token });
    if (answer.ok) await playground.run();
    else form.refuse(answer);
  });
  return offer(h("h3", {}, say("stepUp")), h("p", { class: "play-hint" }, say("stepUpHelp")), form.element);
}

/** The dialog opens by itself; who closed it may open it again. */
function staffProof(playground) {
  const open = h("button", { type: "button", onclick: () => askForProof(playground) }, say("confirmAndSend"));
  askForProof(playground);
  return offer(h("p", {}, say("staffProof")), h("p", { class: "play-tools" }, open));
}

/** Sends the call again for the rows that follow those which were read. Nothing where there are none. */
export function nextPage(playground, answer, rows) {
  const cursor = answer.json?.data?.nextCursor;
  if (!answer.ok || !playground.form.query("cursor") || typeof cursor !== "string") return null;
  const turn = () => {
    playground.form.query("cursor").fill(cursor);
    playground.follow();
    return playground.run(rows ?? []);
  };
  return h("p", { class: "play-tools" }, h("button", { type: "button", class: "play-further", onclick: turn }, say("nextPage")));
}

function captcha(playground) {
  const fill = h("button", { type: "button", onclick: () => playground.form.body.reveal(CAPTCHA_FIELD) }, CAPTCHA_FIELD);
  return offer(h("p", {}, say("captchaHelp")), h("p", { class: "play-tools" }, fill));
}

/** The version of another's change is taken over only where somebody says so. */
function precondition(playground, answer) {
  const header = playground.form.header("If-Match");
  const present = told(answer);
  const read = h("p", {}, say("versionHelp"));
  if (!header) return offer(read);
  const take = () => {
    header.fill(present);
    playground.named = present;
    playground.follow();
    return playground.run();
  };
  const button = present
    ? h("button", { type: "button", class: "play-again", onclick: take }, say("useVersion", { version: present }))
    : h("button", { type: "button", onclick: () => reveal(header.element.querySelector("input")) }, "If-Match");
  return offer(read, h("p", { class: "play-tools" }, button));
}
