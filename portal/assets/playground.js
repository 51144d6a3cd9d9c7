import { answerView } from "./answer.js";
import { call } from "./call.js";
import { h } from "./dom.js";
import { address } from "./literals.js";
import { RequestForm } from "./request.js";
import { fillSamples } from "./samples.js";
import { follow, watch } from "./session.js";
import { authorization, refresh, signInPanel } from "./signin.js";
import { json, site } from "./site.js";
import { say } from "./words.js";

const UNAUTHENTICATED = 401;

/** Fills the section `#try` of an operation's page. */
async function start(section) {
  const [bundle, place] = await Promise.all([json(section.dataset.bundle), site()]);
  new Playground(section, bundle, place).build();
}

class Playground {
  constructor(section, bundle, place) {
    Object.assign(this, { section, bundle, place });
    this.form = new RequestForm(bundle);
    this.allowed = Boolean(place.api) && (!bundle.mutating || place.tryMutations);
  }

  build() {
    this.send = h("button", { type: "submit", class: "play-send", disabled: !this.allowed }, say("send"));
    this.output = h("div", { class: "play-output", "aria-live": "polite" });
    const line = h("code", { class: "play-line", translate: "no", dir: "ltr" });
    const form = h("form", { class: "play-form", novalidate: true }, this.form.element, h("p", { class: "play-go" }, this.send, " ", line));
    const follows = () => {
      line.textContent = `${this.bundle.method} ${this.url.replace(location.origin, "")}`;
      this.showSamples();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.allowed) this.run();
    });
    for (const event of ["input", "change", "fill"]) form.addEventListener(event, follows);
    watch(() => this.showSamples());
    const parts = [this.notice(), this.place.api ? signInPanel(this.place) : null, form, this.output];
    this.section.append(h("div", { class: "play" }, ...parts.filter(Boolean)));
    follows();
  }

  /** What is not possible here, said before somebody tries. */
  notice() {
    if (!this.place.api) return h("p", { class: "play-notice" }, say("noApiHere"));
    if (!this.allowed) return h("p", { class: "play-notice" }, say("mutationsOff"));
    return null;
  }

  get url() {
    const { path, query } = this.form.values();
    return address(this.base, this.bundle.path, path, query);
  }

  get base() {
    return this.place.api ? new URL(this.place.api, location.href).href : this.place.base;
  }

  get request() {
    const { headers, body } = this.form.values();
    const token = this.bundle.takesToken ? authorization() : {};
    const typed = body === undefined ? {} : { "Content-Type": this.bundle.request.mediaType };
    // What is open to every origin is read without cookies, or a browser would not show it to a page of another one.
    const credentials = this.bundle.anyOrigin ? "omit" : "include";
    return { method: this.bundle.method, url: this.url, headers: { ...typed, ...token, ...headers }, body, credentials };
  }

  async run() {
    this.send.disabled = true;
    this.send.textContent = say("sending");
    try {
      this.show(await call(this.request));
    } catch {
      this.output.replaceChildren(h("p", { class: "play-error" }, say("networkError")));
    } finally {
      this.send.disabled = false;
      this.send.textContent = say("send");
    }
  }

  show(answer) {
    follow(this.bundle.id, answer);
    this.output.replaceChildren(answerView(this.bundle, answer));
    if (answer.status === UNAUTHENTICATED && this.bundle.takesToken) this.output.prepend(this.offerRefresh());
  }

  /** Whether there is a refresh cookie no script can know; trying it is the only way. */
  offerRefresh() {
    const button = h("button", { type: "button" }, say("refreshSession"));
    const message = h("span", { role: "status" });
    button.addEventListener("click", async () => {
      const answer = await refresh(this.place).catch(() => null);
      if (answer?.ok) await this.run();
      else message.textContent = ` ${answer?.json?.error?.message ?? say("networkError")}`;
    });
    return h("p", { class: "play-offer" }, button, message);
  }

  showSamples() {
    const { path, query, headers, json: body } = this.form.values();
    const token = authorization().Authorization?.slice("Bearer ".length);
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
