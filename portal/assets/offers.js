import { h } from "./dom.js";
import { CONFIRM, quickly, refresh } from "./identity.js";
import { reveal } from "./request.js";
import { valid } from "./session.js";
import { CAPTCHA, CAPTCHA_FIELD, Step } from "./signin.js";
import { told } from "./versions.js";
import { say } from "./words.js";

const UNAUTHENTICATED = "auth.unauthenticated";
const STEP_UP = ["auth.confirmation_required", "admin.reauthentication_required"];
const PRECONDITION = ["precondition.required", "precondition.failed"];

/**
 * What leads on from an answer: a sign-in, a proof of who calls, a captcha, the present version, the next page. Each ends in a button
 * that repeats the call.
 * @param {object} playground
 * @param {import("./call.js").Answer} answer
 * @returns {HTMLElement[]}
 */
export function offers(playground, answer) {
  const code = answer.json?.error?.code;
  if (code === UNAUTHENTICATED && playground.bundle.takesToken) return [signIn(playground)];
  if (STEP_UP.includes(code)) return [stepUp(playground)];
  if (CAPTCHA.includes(code) && playground.form.body?.reveal) return [captcha(playground)];
  if (PRECONDITION.includes(code)) return [precondition(playground, answer)];
  if (playground.form.query("cursor") && typeof answer.json?.data?.nextCursor === "string") return [nextPage(playground, answer)];
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

function nextPage(playground, answer) {
  const turn = () => {
    playground.form.query("cursor").fill(answer.json.data.nextCursor);
    playground.follow();
    return playground.run();
  };
  return offer(h("p", { class: "play-tools" }, h("button", { type: "button", class: "play-again", onclick: turn }, say("nextPage"))));
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
