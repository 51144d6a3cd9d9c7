import { fresh, h } from "./dom.js";
import { resolved, violations } from "./schema.js";
import { say } from "./words.js";

/**
 * A form for a value of a schema. It hints at rules and never keeps anybody from breaking them.
 * An input gives `undefined` while it is left empty; then the member is left out.
 * @typedef {import("./schema.js").Schema} Schema
 * @typedef {{element: HTMLElement, value: () => any, fill: (value: any) => void}} Input
 */

/** Keywords that are told beside a field. */
const TOLD = ["format", "minLength", "maxLength", "pattern", "minimum", "maximum", "multipleOf", "minItems", "maxItems"];
const LONG = 300;
const KINDS = { password: "password", email: "email" };

/**
 * @param {Schema} reference
 * @param {Record<string, Schema>} schemas
 * @param {{name: string, label?: string, required?: boolean, description?: string, example?: any}} field
 * @returns {Input}
 */
export function input(reference, schemas, field) {
  const schema = resolved(reference, schemas);
  if (schema.properties) return fieldset(schema, schemas, field);
  if (schema.type === "array" && schema.items) return list(schema, schemas, field);
  if (schema.enum?.length === 1 && schema.type === "boolean") return checkbox(schema, schemas, field);
  if (schema.enum) return choice(schema, schemas, field, schema.enum);
  if (schema.type === "boolean") return field.required ? checkbox(schema, schemas, field) : choice(schema, schemas, field, [true, false]);
  if (["string", "integer", "number"].includes(schema.type)) return text(schema, schemas, field);
  return anything(schema, schemas, field);
}

/**
 * The members of an object: what is required in sight, the rest folded. Where nothing is required, what is optional is in sight.
 * Their order in a value is that of the contract.
 */
export function members(reference, schemas) {
  const schema = resolved(reference, schemas);
  const made = Object.entries(schema.properties ?? {}).map(([name, part]) => {
    const required = schema.required?.includes(name) ?? false;
    return { name, required, deprecated: resolved(part, schemas).deprecated === true, ...input(part, schemas, { name, required }) };
  });
  const required = made.filter((member) => member.required);
  const optional = made.filter((member) => !member.required && !member.deprecated);
  const deprecated = made.filter((member) => !member.required && member.deprecated);
  const folds = [fold("optionalFields", optional, required.length === 0), fold("deprecatedFields", deprecated, false)].filter(Boolean);
  return {
    element: h("div", { class: "play-fields" }, ...required.map(({ element }) => element), ...folds.map(({ element }) => element)),
    value: () => object(made.map(({ name, value }) => [name, value()])),
    fill: (value) => {
      for (const member of made) member.fill(value?.[member.name]);
      for (const { count } of folds) count();
    },
  };
}

/**
 * Inputs behind a line that says how many there are, and how many of them are filled in.
 * @param {string} key of a word that takes `count`
 * @param {Input[]} folded
 * @param {boolean} open
 */
export function fold(key, folded, open) {
  if (folded.length === 0) return null;
  const filled = h("span", { class: "play-count" });
  const summary = h("summary", {}, say(key, { count: folded.length }), " ", filled);
  const element = h("details", { class: "play-fold", open }, summary, ...folded.map((member) => member.element));
  const count = () => {
    const given = folded.filter(({ value }) => value() !== undefined).length;
    filled.textContent = given ? say("filledIn", { count: given }) : "";
  };
  for (const event of ["input", "change"]) element.addEventListener(event, count);
  return { element, count };
}

function object(entries) {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** What stands together below one name; it can be folded, and what need not be given begins so. */
function group(field, ...children) {
  return h("details", { class: "play-group", open: field.required }, h("summary", {}, caption(field)), ...children);
}

function fieldset(schema, schemas, field) {
  const inner = members(schema, schemas);
  const value = () => {
    const given = inner.value();
    return Object.keys(given).length || field.required ? given : undefined;
  };
  return { element: group(field, inner.element), value, fill: inner.fill };
}

function list(schema, schemas, field) {
  let items = [];
  const rows = h("div", { class: "play-items" });
  const add = (value) => {
    const item = input(schema.items, schemas, { name: `${field.name}[${items.length}]`, required: true });
    const remove = h("button", { type: "button", class: "play-small" }, say("remove"));
    const row = h("div", { class: "play-item" }, item.element, remove);
    remove.addEventListener("click", () => {
      items = items.filter((other) => other !== item);
      row.remove();
      changed(rows);
    });
    items.push(item);
    rows.append(row);
    if (value !== undefined) item.fill(value);
  };
  const more = h("button", { type: "button", class: "play-small", onclick: () => (add(), changed(rows)) }, say("addItem"));
  const fill = (value) => {
    items = [];
    rows.replaceChildren();
    if (Array.isArray(value)) value.forEach(add);
  };
  const value = () => (items.length || field.required ? items.map((item) => item.value() ?? null) : undefined);
  return { element: group(field, rows, more), value, fill };
}

function checkbox(schema, schemas, field) {
  const box = h("input", { type: "checkbox", id: fresh("field"), name: field.name });
  return {
    element: row(schema, field, box),
    value: () => (box.checked || field.required ? box.checked : undefined),
    fill: (value) => (box.checked = value === true),
  };
}

function choice(schema, schemas, field, values) {
  const none = h("option", { value: "" }, "—");
  const select = h("select", { id: fresh("field"), name: field.name }, none);
  select.append(...values.map((value) => h("option", { value: JSON.stringify(value) }, String(value))));
  return {
    element: row(schema, field, select),
    value: () => (select.value ? JSON.parse(select.value) : undefined),
    fill: (value) => (select.value = value === undefined ? "" : JSON.stringify(value)),
  };
}

function text(schema, schemas, field) {
  const numeric = schema.type !== "string";
  const kind = KINDS[schema.format] ?? "text";
  const long = kind === "text" && schema.maxLength > LONG;
  const shared = {
    id: fresh("field"), name: field.name, required: field.required, placeholder: field.example ?? schema.example ?? null,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  };
  const own = long ? { rows: "1" } : { type: kind, inputmode: numeric ? "decimal" : null };
  const control = h(long ? "textarea" : "input", { ...shared, ...own });
  const value = () => (control.value === "" ? undefined : numeric ? number(control.value) : control.value);
  const fill = (given) => {
    control.value = given === undefined || given === null ? "" : String(given);
    control.dispatchEvent(new Event("input"));
  };
  return { element: checked(schema, schemas, field, control, value), value, fill };
}

/** What is no number is sent as it was typed: the server shall say so. */
function number(typed) {
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(typed) ? Number(typed) : typed;
}

/** A value whose shape is open, or one of several: as JSON. */
function anything(schema, schemas, field) {
  const area = h("textarea", { id: fresh("field"), name: field.name, rows: "3", spellcheck: "false", class: "play-json" });
  const value = () => {
    try {
      return area.value.trim() === "" ? undefined : JSON.parse(area.value);
    } catch {
      return area.value;
    }
  };
  const fill = (given) => (area.value = given === undefined ? "" : JSON.stringify(given, null, 2));
  return { element: checked(schema, schemas, field, area, value), value, fill };
}

/** A row whose hint names the rules that the typed value breaks. */
function checked(schema, schemas, field, control, value) {
  const element = row(schema, field, control);
  const hint = element.querySelector(".play-hint");
  const told = hint.textContent;
  control.addEventListener("input", () => {
    const typed = value();
    const broken = typed === undefined ? [] : violations(schema, typed, schemas).map(({ rule }) => rule);
    control.toggleAttribute("aria-invalid", broken.length > 0);
    if (broken.length) control.setAttribute("aria-invalid", "true");
    hint.textContent = broken.length ? `✗ ${[...new Set(broken)].join(", ")}` : told;
    hint.classList.toggle("play-broken", broken.length > 0);
  });
  return element;
}

function row(schema, field, control) {
  const hint = h("small", { class: "play-hint", id: `${control.id}-hint`, dir: "ltr" }, rules(schema));
  control.setAttribute("aria-describedby", hint.id);
  return h("div", { class: `play-field play-${control.type}` }, h("label", { for: control.id }, caption(field)), control, hint);
}

function caption({ name, label, required }) {
  const mark = required ? h("span", { class: "play-required" }, ` ${say("required")}`) : null;
  return h("span", {}, h("code", { translate: "no" }, label ?? name), mark);
}

function rules(schema) {
  const kind = schema.type ?? "json";
  const own = TOLD.filter((key) => key in schema && String(schema[key]).length < 60).map((key) => `${key} ${schema[key]}`);
  const named = (schema.allOf ?? []).map((part) => part["x-biore-rule"]).filter(Boolean);
  if (schema["x-biore-check"]) named.push(schema["x-biore-check"]);
  return [schema.nullable ? `${kind} | null` : kind, ...own, ...named].join(" · ");
}

function changed(element) {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}
