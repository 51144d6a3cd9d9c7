import { JsonEditor } from "./editor.js";
import { h, fresh } from "./dom.js";
import { fold, input, members } from "./form.js";
import { resolved } from "./schema.js";
import { locale, say } from "./words.js";

/** Headers that every operation takes, beside those that the contract gives it. */
const OFFERED = ["Accept-Language", "X-Correlation-Id"];
const TEXT = { type: "string" };

/** Parameters, headers and body of one call, as typed. Nothing of it is checked before it is sent. */
export class RequestForm {
  constructor(bundle) {
    this.bundle = bundle;
    this.parameters = bundle.parameters.filter(({ in: place }) => place !== "cookie").map((parameter) => this.parameter(parameter));
    const documented = bundle.parameters.map(({ name }) => name);
    const offered = [...OFFERED, ...(bundle.devToken ? ["X-Dev-Token"] : [])].filter((name) => !documented.includes(name));
    this.parameters.push(...offered.map((name) => this.parameter({ name, in: "header", required: false, schema: TEXT })));
    const kind = bundle.request?.raw === "bytes" ? Bytes : Body;
    this.body = bundle.request ? new kind(bundle) : null;
    this.element = h("div", {}, ...this.sections());
  }

  parameter({ name, in: place, required, schema, example }) {
    const made = input(schema, this.bundle.schemas, { name, required, example: name === "Accept-Language" ? locale : example });
    // A list is not narrowed by the examples of its filters.
    if (example !== undefined && (required || (place === "query" && this.bundle.list === undefined))) made.fill(example);
    return { name, place, required, ...made };
  }

  sections() {
    const of = (needed, ...places) => this.parameters.filter(({ place, required }) => places.includes(place) && required === needed);
    const required = of(true, "path", "query");
    const optional = fold("optionalParameters", of(false, "path", "query"), required.length === 0);
    const headers = fold("optionalHeaders", of(false, "header"), false);
    optional?.count();
    headers.element.classList.add("play-headers");
    return [
      ...[...required, ...of(true, "header")].map(({ element }) => element), optional?.element, this.body?.element, headers.element,
    ].filter(Boolean);
  }

  /** The input of a header, if the operation takes it. */
  header(name) {
    return this.at("header", name);
  }

  query(name) {
    return this.at("query", name);
  }

  at(place, name) {
    return this.parameters.find((parameter) => parameter.place === place && parameter.name === name);
  }

  /** Values by place; `body` as it is sent, `json` as a value. An empty input is left out. */
  values() {
    const given = { path: {}, query: {}, header: {} };
    for (const { name, place, value } of this.parameters) {
      const typed = value();
      if (typed !== undefined) given[place][name] = String(typed);
    }
    return { path: given.path, query: given.query, headers: given.header, ...(this.body?.values() ?? {}) };
  }

  /** Opens and marks the fields that a refusal names, until somebody types in them. */
  mark(details) {
    for (const control of this.marked ?? []) control.removeAttribute("aria-invalid");
    const named = details.map(({ field }) => field && this.element.querySelector(`[name="${CSS.escape(field)}"]`));
    this.marked = named.filter(Boolean);
    for (const control of this.marked) {
      unfold(control);
      control.setAttribute("aria-invalid", "true");
      control.addEventListener("input", () => control.removeAttribute("aria-invalid"), { once: true, capture: true });
    }
  }

  /** Marks a body that is no JSON. @returns {boolean} whether there is none of that kind */
  check() {
    return this.body?.check() ?? true;
  }
}

/** The body as a form or as raw JSON; each begins with what the other held. */
class Body {
  constructor({ request, schemas }) {
    this.request = request;
    this.form = members(request.schema, schemas);
    // One of several kinds of objects has no fields of its own: it is typed as JSON.
    this.raw = resolved(request.schema, schemas).properties === undefined;
    this.error = h("p", { class: "play-error", role: "alert" });
    this.editor = new JsonEditor();
    this.editor.element.hidden = !this.raw;
    this.form.element.hidden = this.raw;
    this.toggle = h("button", { type: "button", class: "play-small", "aria-pressed": String(this.raw), hidden: this.raw }, "JSON");
    this.toggle.addEventListener("click", () => this.switch());
    const example = h("button", { type: "button", class: "play-small" }, say("useExample"));
    const clear = h("button", { type: "button", class: "play-small" }, say("clear"));
    example.addEventListener("click", () => this.fill(request.example));
    clear.addEventListener("click", () => this.fill(undefined));
    const tools = h("p", { class: "play-tools" }, this.toggle, example, clear);
    this.element = h("fieldset", {}, h("legend", {}, say("body")), tools, this.form.element, this.editor.element, this.error);
    this.fill(request.required ? request.example : undefined);
  }

  fill(value) {
    this.form.fill(value);
    this.editor.text = value === undefined ? "" : JSON.stringify(value, null, 2);
    this.error.textContent = "";
    this.element.dispatchEvent(new Event("fill", { bubbles: true }));
  }

  switch() {
    if (this.raw) {
      const parsed = parse(this.editor.text);
      if (parsed === undefined || typeof parsed !== "object") {
        this.editor.check();
        this.error.textContent = say("notJson");
        this.editor.area.focus();
        return;
      }
      this.form.fill(parsed ?? undefined);
    } else {
      this.editor.text = JSON.stringify(this.form.value(), null, 2);
    }
    this.raw = !this.raw;
    this.error.textContent = "";
    this.editor.element.hidden = !this.raw;
    this.form.element.hidden = this.raw;
    this.toggle.setAttribute("aria-pressed", String(this.raw));
    this.element.dispatchEvent(new Event("fill", { bubbles: true }));
  }

  /** A form is a text for the samples, too. */
  sent(json) {
    if (this.request.raw !== "form") return { json, body: JSON.stringify(json) };
    const pairs = Object.entries(json).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
    const body = new URLSearchParams(pairs).toString();
    return { json: body, body };
  }

  /** Raw text is sent as it is, broken JSON too; an empty one is no body. */
  values() {
    if (!this.raw) {
      const json = this.form.value();
      const left = !this.request.required && Object.keys(json).length === 0;
      return left ? {} : this.sent(json);
    }
    const { text } = this.editor;
    if (text.trim() === "") return {};
    const json = parse(text) ?? text;
    return this.request.raw === "form" && typeof json === "object" ? this.sent(json) : { json, body: text };
  }

  check() {
    return !this.raw || this.editor.check();
  }

  /** Brings an input of the form into sight and focus. */
  reveal(name) {
    if (this.raw && !this.toggle.hidden) this.switch();
    const control = this.form.element.querySelector(`[name="${CSS.escape(name)}"]`);
    if (control && !this.raw) reveal(control);
    else this.editor.area.focus();
  }
}

/** Bytes, as a text that is sent as it is. */
class Bytes {
  constructor({ request }) {
    this.area = h("textarea", { class: "play-json", rows: "8", spellcheck: "false", dir: "ltr", id: fresh("body"), "aria-label": say("body") });
    this.area.value = request.required ? (request.example ?? "") : "";
    this.element = h("fieldset", {}, h("legend", {}, say("body")), this.area);
  }

  values() {
    return this.area.value === "" ? {} : { json: this.area.value, body: this.area.value };
  }

  check() {
    return true;
  }
}

/** Brings an input into sight and focus. */
export function reveal(control) {
  unfold(control);
  control.focus();
}

function unfold(control) {
  for (let around = control.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
