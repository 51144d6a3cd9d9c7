import { answerView } from "./answer.js";
import { call } from "./call.js";
import { h } from "./dom.js";
import { authorization, identify, ownCreator } from "./identity.js";
import { address } from "./literals.js";
import { nextPage, offers, repeat } from "./offers.js";
import { RequestForm } from "./request.js";
import { fillSamples } from "./samples.js";
import { serverChoice } from "./server.js";
import { follow, valid, watch } from "./session.js";
import { AccountPanel, SIGNED_IN } from "./signin.js";
import { json, site, watchServer } from "./site.js";
import { brought, rowsOf } from "./table.js";
import { remember, rememberRows, version } from "./versions.js";
import { say } from "./words.js";

/** Fills the section `#try` of an operation's page. */
async function start(section) {
  const [bundle, place] = await Promise.all([json(section.dataset.bundle), site()]);
  new Playground(section, bundle, place).build();
}

class Playground {
  constructor(section, bundle, place) {
    Object.assign(this, { section, bundle, place });
    this.form = new RequestForm(bundle);
    this.panel = new AccountPanel(place, bundle.takesToken);
    this.named = this.form.header("If-Match")?.value();
    this.own = this.form.at("path", bundle.own);
    this.proposed = this.own?.value();
  }

  build() {
    this.notice = h("p", { class: "play-notice" });
    this.send = h("button", { type: "submit", class: "play-send" }, say("send"));
    this.warning = h("p", { class: "play-warning", role: "status" });
    this.output = h("div", { class: "play-output", "aria-live": "polite" });
    this.line = h("code", { class: "play-line", translate: "no", dir: "ltr" });
    const go = h("p", { class: "play-go" }, this.send, " ", this.line);
    const form = h("form", { class: "play-form", novalidate: true }, this.form.element, go, this.warning);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.allowed) this.run();
    });
    for (const event of ["input", "change", "fill"]) form.addEventListener(event, () => this.follow());
    watch(() => this.showSamples());
    watch(() => this.nameOwn());
    watchServer(() => this.turn());
    const choice = this.place.elsewhere ? serverChoice(this.place) : null;
    const parts = [choice, this.notice, this.panel.element, form, this.output].filter(Boolean);
    this.section.append(h("div", { class: "play" }, ...parts));
    this.section.addEventListener(SIGNED_IN, () => this.signedIn());
    this.turn();
    this.bring();
    this.nameOwn();
  }

  /** Whoever comes from a row of a list finds its id in the form. */
  bring() {
    const given = brought();
    if (!given) return;
    for (const [name, value] of Object.entries(given)) this.form.at("path", name)?.fill(value);
    this.follow();
    this.send.focus();
  }

  /** The path names the profile of whoever is signed in, unless somebody typed another. Each account is asked once. */
  async nameOwn() {
    const { id } = valid(this.place.api) ?? {};
    if (!this.own || !id || id === this.asked) return;
    this.asked = id;
    const known = await ownCreator(this.place).catch(() => undefined);
    if (known === undefined || ![undefined, this.proposed].includes(this.own.value())) return;
    this.proposed = known;
    this.own.fill(known);
    this.follow();
  }

  /** Who was asked to sign in goes on with one press. */
  signedIn() {
    this.output.querySelector(".play-offer")?.replaceWith(repeat(this));
    (this.output.querySelector(".play-again") ?? this.send).focus();
  }

  /** What is not possible here is said before somebody tries. */
  turn() {
    const { api, reached, tryMutations } = this.place;
    this.allowed = Boolean(api) && (!this.bundle.mutating || tryMutations);
    this.send.disabled = !this.allowed;
    this.notice.textContent = api ? (this.allowed ? "" : say(reached ? "mutationsOff" : "serverUnreached")) : say("noApiHere");
    this.notice.hidden = this.notice.textContent === "";
    this.panel.element.hidden = !api;
    this.follow();
  }

  /** What is shown of the request follows what is typed. */
  follow() {
    this.nameVersion();
    this.warning.textContent = "";
    this.line.textContent = `${this.bundle.method} ${this.url.replace(location.origin, "")}`;
    this.showSamples();
  }

  /** `If-Match` names the version that was seen last at this address, unless somebody typed another. */
  nameVersion() {
    const header = this.form.header("If-Match");
    const known = header && version(this.row);
    if (!known || known === this.named || ![undefined, this.named].includes(header.value())) return;
    this.named = known;
    header.fill(known);
  }

  get url() {
    const { path, query } = this.form.values();
    return address(this.place.base, this.bundle.path, path, query);
  }

  /** Where the row stands whose version this call tells or takes. */
  get row() {
    return address(this.place.base, this.bundle.row ?? this.bundle.path, this.form.values().path, {});
  }

  get request() {
    const { headers, body } = this.form.values();
    const token = this.bundle.takesToken ? authorization(this.place) : {};
    const typed = body === undefined ? {} : { "Content-Type": this.bundle.request.mediaType };
    // What is open to every origin is read without cookies, or a browser would not show it to a page of another one.
    const credentials = this.bundle.anyOrigin ? "omit" : "include";
    return { method: this.bundle.method, url: this.url, headers: { ...typed, ...token, ...headers }, body, credentials };
  }

  /** @param {object[]} before rows of a list to which those of this answer are added */
  async run(before = []) {
    this.send.disabled = true;
    this.send.textContent = say("sending");
    this.warning.textContent = this.form.check() ? "" : say("sentAsTyped");
    try {
      const { request, row } = this;
      const { path } = this.form.values();
      this.show(request, await call(request), { before, path, row });
    } catch {
      this.output.replaceChildren(h("p", { class: "play-error" }, say("networkError")));
    } finally {
      this.send.disabled = false;
      this.send.textContent = say("send");
    }
  }

  show(request, answer, { before, path, row }) {
    const { json: body } = this.form.values();
    const token = request.headers.Authorization?.slice("Bearer ".length);
    follow(this.place.api, this.bundle.id, answer, { token, email: body?.email });
    identify(this.place).catch(() => {});
    remember(row, this.form.header("If-Match") ? "PUT" : request.method, answer);
    const read = rowsOf(this.bundle, answer);
    const rows = read && [...before, ...read];
    if (read) rememberRows(this.place.base, this.bundle.leads, path, read);
    const view = answerView(this.bundle, answer, rows && { rows, path }, nextPage(this, answer, rows));
    this.output.replaceChildren(...offers(this, answer), view);
    if (before.length) (view.querySelector(".play-further") ?? view.querySelector(".play-table"))?.focus();
    this.form.mark(answer.json?.error?.details ?? []);
    this.nameVersion();
  }

  showSamples() {
    const { path, query, headers, json: body } = this.form.values();
    const token = valid(this.place.api)?.accessToken;
    const named = (prefix, given) => Object.entries(given).map(([name, value]) => [`${prefix}.${name}`, value]);
    const slots = Object.fromEntries([...named("path", path), ...named("query", query), ...named("header", headers)]);
    fillSamples({ ...slots, url: this.url, body, token });
  }
}

for (const section of document.querySelectorAll("#try[data-bundle]")) {
  start(section).catch((error) => {
    section.append(h("p", { class: "play-notice" }, say("noApiHere")));
    throw error;
  });
}
