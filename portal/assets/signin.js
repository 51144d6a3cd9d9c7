import { fresh, h } from "./dom.js";
import { LOGIN, SECOND_FACTOR, identify, quickly, refresh, signOut, whoIs } from "./identity.js";
import { claims } from "./jwt.js";
import { resolved } from "./schema.js";
import { WANTED, account, accounts, expired, hasCookie, keep, nameOf, use, valid, watch } from "./session.js";
import { json, watchServer } from "./site.js";
import { locale, say } from "./words.js";

export const CAPTCHA = ["captcha.required", "captcha.invalid"];
export const CAPTCHA_FIELD = "captchaToken";
/** What the panel tells after a sign-in; it bubbles. */
export const SIGNED_IN = "signedin";

/** How the fields of a sign-in are typed, where a browser can help. */
const FIELDS = {
  email: { type: "email", autocomplete: "username", inputmode: "email" },
  password: { type: "password", autocomplete: "current-password" },
  code: { autocomplete: "one-time-code" },
};

/** Who calls: one line that always says it, and below it, while it is open, one step of signing in or the accounts of this tab. */
export class AccountPanel {
  /**
   * @param {import("./site.js").Place} place
   * @param {boolean} needed whether the operation takes a token at all
   */
  constructor(place, needed) {
    Object.assign(this, { place, needed, step: null });
    const id = fresh("account");
    this.who = h("span", { class: "play-who", role: "status" });
    this.buttons = h("span", { class: "play-account-buttons" });
    this.content = h("div", { class: "play-signin", id, hidden: true });
    this.element = h("section", { class: "play-account", "aria-label": say("account") }, h("p", { class: "play-account-row" }, this.who, this.buttons), this.content);
    watch(() => this.show());
    watchServer(() => this.close());
    this.element.addEventListener("keydown", ({ key }) => key === "Escape" && this.step && this.close(true));
    document.addEventListener(WANTED, (event) => {
      event.preventDefault();
      this.open();
    });
    this.show();
  }

  /** What is to be done next, in sight and in focus: the accounts, or a sign-in with what is known. */
  open() {
    const current = account(this.place.api);
    if (valid(this.place.api) || (!current && accounts(this.place.api).length)) this.list();
    else this.signIn(current?.email);
    this.element.scrollIntoView({ block: "nearest" });
  }

  close(focus = false) {
    this.step = null;
    this.content.hidden = true;
    this.content.replaceChildren();
    this.show();
    if (focus) this.buttons.querySelector("button")?.focus();
  }

  show() {
    const current = account(this.place.api);
    const state = current ? (expired(current) ? "expired" : "true") : "false";
    this.element.dataset.signedIn = state;
    const until = h("small", {}, state === "true" ? say("until", { time: clock(current.expiresAt) }) : "");
    const told = h("span", {}, this.told(current, state), " ", until);
    if (this.who.textContent !== told.textContent) this.who.replaceChildren(told);
    const focused = this.buttons.contains(document.activeElement);
    this.buttons.replaceChildren(...(this.place.api ? this.choices(current, state) : []));
    if (focused) this.buttons.querySelector("button")?.focus();
    if (this.step === "list") this.fillList(current);
  }

  told(current, state) {
    if (state === "true") return say("signedInAs", { who: nameOf(current) });
    if (state === "expired") return say("sessionExpired", { who: nameOf(current) });
    return this.needed ? say("notSignedIn") : say("noSignInNeeded");
  }

  choices(current, state) {
    const several = accounts(this.place.api).length;
    const found = [];
    if (state === "false" && this.needed) found.push(this.toggle("signIn", "signIn", () => this.signIn(), ""));
    if (state === "expired" && hasCookie(current)) found.push(action("renew", () => this.renew(), ""));
    else if (state === "expired") found.push(this.toggle("signIn", "signIn", () => this.signIn(current.email), ""));
    if (several) found.push(this.toggle("list", "accounts", () => this.list(), "play-small", { count: several }));
    return found;
  }

  /** A button that opens a step, and closes it again. */
  toggle(step, key, open, kind, values) {
    const button = action(key, () => (this.step === step ? this.close(true) : open()), kind, values);
    button.setAttribute("aria-expanded", String(this.step === step));
    button.setAttribute("aria-controls", this.content.id);
    return button;
  }

  become(step, title, ...parts) {
    this.step = step;
    this.content.hidden = false;
    this.content.replaceChildren(h("h3", {}, title), ...parts);
    this.show();
  }

  /** @param {string} [email] that is known already */
  async signIn(email = "", captcha = this.place.captcha) {
    const login = await json(this.place.session[LOGIN]).catch(() => null);
    if (!login) return this.become("signIn", say("signIn"), h("p", { class: "play-error", role: "alert" }, say("networkError")));
    const names = [...resolved(login.request.schema, login.schemas).required, ...(captcha ? [CAPTCHA_FIELD] : [])];
    const form = new Step("signIn", names, (values) => this.login(form, values));
    form.fill({ email });
    const paste = action("pasteToken", () => this.paste());
    const cookie = action("useCookie", () => this.useCookie(other));
    const other = h("p", { class: "play-error", role: "alert" });
    const ways = h(
      "div", { class: "play-ways" }, h("h4", {}, say("otherWays")), h("p", { class: "play-tools" }, paste, cookie),
      h("p", { class: "play-hint" }, say("cookieHelp")), other,
    );
    this.become("signIn", say("signIn"), form.element, ways);
    return form.focus();
  }

  async login(form, values) {
    const answer = await quickly(this.place, LOGIN, { body: values, email: values.email });
    const data = answer.json?.data;
    if (data?.requiresTwoFactor) this.secondFactor(data.tempToken, values.email);
    else if (answer.ok) await this.done();
    else if (CAPTCHA.includes(answer.json?.error?.code) && !(CAPTCHA_FIELD in form.inputs)) {
      await this.signIn(values.email, true);
      this.content.querySelector(`[name="${CAPTCHA_FIELD}"]`)?.focus();
    } else form.refuse(answer);
  }

  secondFactor(tempToken, email) {
    const form = new Step("signIn", ["code"], async (values) => {
      const answer = await quickly(this.place, SECOND_FACTOR, { body: { tempToken, ...values }, email });
      if (answer.ok) await this.done();
      else form.refuse(answer);
    });
    const back = action("back", () => this.signIn(email));
    this.become("secondFactor", say("secondFactor"), h("p", { class: "play-hint" }, say("secondFactorHelp")), form.element, h("p", {}, back));
    form.focus();
  }

  paste() {
    const form = new Step("useToken", ["accessToken"], async ({ accessToken = "" }) => {
      const token = accessToken.trim().replace(/^Bearer\s+/i, "");
      const said = claims(token);
      if (!said || typeof said.exp !== "number") return form.say(say("noToken"));
      if (said.exp * 1000 <= Date.now()) return form.say(say("tokenExpired", { time: new Date(said.exp * 1000).toLocaleString(locale) }));
      const answer = await whoIs(this.place, token);
      if (!answer.ok) return form.refuse(answer);
      const { email, username } = answer.json.data;
      keep(this.place.api, token, said.exp * 1000, { email, username });
      return this.done();
    });
    const back = action("back", () => this.signIn());
    this.become("paste", say("pasteToken"), h("p", { class: "play-hint" }, say("pasteHelp")), form.element, h("p", {}, back));
    form.focus();
  }

  async useCookie(message) {
    message.textContent = "";
    const answer = await refresh(this.place).catch(() => null);
    if (answer?.ok) await this.done();
    else message.textContent = refused(answer);
  }

  /** A new token for the account; without one its owner signs in anew. */
  async renew() {
    const current = account(this.place.api);
    const answer = await refresh(this.place).catch(() => null);
    if (answer?.ok) await this.done();
    else await this.signIn(current?.email);
  }

  list() {
    this.step = "list";
    this.content.hidden = false;
    this.show();
    this.content.querySelector("button").focus();
  }

  fillList(current) {
    const focused = this.content.contains(document.activeElement);
    const rows = accounts(this.place.api).map((one) => this.row(one, one.id === current?.id));
    const add = action("addAccount", () => this.signIn());
    this.content.replaceChildren(h("h3", {}, say("accountsOfTab")), h("ul", { class: "play-accounts" }, ...rows), h("p", {}, add));
    if (focused) this.content.querySelector("button").focus();
  }

  row(one, current) {
    const state = expired(one) ? say("expired") : say("until", { time: clock(one.expiresAt) });
    const choose = h("button", { type: "button", class: "play-small", "aria-pressed": String(current) }, nameOf(one));
    choose.addEventListener("click", () => this.choose(one));
    const leave = action("signOut", () => this.leave(one));
    leave.setAttribute("aria-label", `${say("signOut")}: ${nameOf(one)}`);
    return h("li", {}, choose, " ", h("span", { class: "play-hint" }, state), " ", leave);
  }

  /** The one refresh cookie may be another account's by now: who has expired and does not own it signs in again. */
  choose(one) {
    use(one.id);
    if (!expired(one)) this.close(true);
    else if (hasCookie(one)) this.renew();
    else this.signIn(one.email);
  }

  async leave(one) {
    await signOut(this.place, one);
    if (accounts(this.place.api).length) this.list();
    else this.close(true);
  }

  async done() {
    await identify(this.place).catch(() => {});
    this.close();
    this.element.dispatchEvent(new Event(SIGNED_IN, { bubbles: true }));
  }
}

/** A small form with its labels above, and what was refused below. */
export class Step {
  /**
   * @param {string} key of the word on its button
   * @param {string[]} names of its fields, whose labels are the words of the same name
   * @param {(values: Record<string, string>) => Promise<void>} send with what is filled in
   */
  constructor(key, names, send) {
    this.message = h("p", { class: "play-error", role: "alert" });
    this.inputs = Object.fromEntries(names.map((name) => [name, h("input", { name, id: fresh("step"), autocapitalize: "off", spellcheck: "false", autocomplete: "off", type: "text", ...FIELDS[name] })]));
    const rows = Object.entries(this.inputs).map(([name, control]) => h("div", { class: "play-field" }, h("label", { for: control.id }, say(name)), control));
    const button = h("button", { type: "submit" }, say(key));
    this.element = h("form", { class: "play-step", novalidate: true }, ...rows, h("p", {}, button), this.message);
    this.element.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.say("");
      button.disabled = true;
      await send(this.values()).catch(() => this.say(say("networkError")));
      button.disabled = false;
    });
  }

  values() {
    return Object.fromEntries(Object.entries(this.inputs).map(([name, { value }]) => [name, value]).filter(([, value]) => value !== ""));
  }

  fill(values) {
    for (const [name, value] of Object.entries(values)) if (name in this.inputs) this.inputs[name].value = value;
  }

  /** The first field that is still empty. */
  focus() {
    const all = Object.values(this.inputs);
    (all.find(({ value }) => value === "") ?? all[0]).focus();
  }

  refuse(answer) {
    this.say(refused(answer));
    this.focus();
  }

  say(text) {
    this.message.textContent = text;
  }
}

/** What the server said, field by field where it names some. */
function refused(answer) {
  if (!answer) return say("networkError");
  const { message, details = [] } = answer.json?.error ?? {};
  return [message ?? String(answer.status), ...details.map((detail) => `${detail.field}: ${detail.message}`)].join(" ");
}

function action(key, run, kind = "play-small", values = {}) {
  const button = h("button", { type: "button", class: kind }, say(key, values));
  button.addEventListener("click", run);
  return button;
}

function clock(time) {
  return new Date(time).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}
