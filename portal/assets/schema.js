/**
 * A validator for the part of OpenAPI 3.0 schemas that the contract uses. It tells what the server would tell.
 * @typedef {{field: string, rule: string, limit?: any}} Violation
 * @typedef {Record<string, any>} Schema
 */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-](\d{2}):(\d{2}))$/i;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** Formats that are checked; any other is only told. */
const FORMATS = {
  uuid: (text) => UUID.test(text),
  date: isDate,
  "date-time": isDateTime,
  email: (text) => EMAIL.test(text),
  uri: (text) => /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^\x60]*$/i.test(text),
};

const TYPES = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  array: Array.isArray,
  object: isObject,
};

/** As decimals are written: 0.07 is seven times 0.01, whatever the binary numbers say. */
const isMultiple = (value, limit) => Math.abs(value / limit - Math.round(value / limit)) < 1e-9;

/** Per keyword, whether a value keeps it; each looks only at values that it is about. */
const KEYWORDS = {
  minLength: (value, limit) => typeof value !== "string" || length(value) >= limit,
  maxLength: (value, limit) => typeof value !== "string" || length(value) <= limit,
  pattern: (value, limit, schema) => typeof value !== "string" || new RegExp(schema["x-biore-pattern"] ?? limit, "u").test(value),
  format: (value, limit) => typeof value !== "string" || (FORMATS[limit]?.(value) ?? true),
  minimum: (value, limit, schema) => typeof value !== "number" || (schema.exclusiveMinimum === true ? value > limit : value >= limit),
  maximum: (value, limit, schema) => typeof value !== "number" || (schema.exclusiveMaximum === true ? value < limit : value <= limit),
  multipleOf: (value, limit) => typeof value !== "number" || isMultiple(value, limit),
  minItems: (value, limit) => !Array.isArray(value) || value.length >= limit,
  maxItems: (value, limit) => !Array.isArray(value) || value.length <= limit,
  uniqueItems: (value, limit) => !limit || !Array.isArray(value) || unique(value),
  minProperties: (value, limit) => !isObject(value) || Object.keys(value).length >= limit,
  maxProperties: (value, limit) => !isObject(value) || Object.keys(value).length <= limit,
  enum: (value, limit, schema) => limit.some((item) => equal(item, value)) || (value === null && schema.nullable === true),
  oneOf: (value, limit, _schema, schemas) => limit.filter((part) => accepts(part, value, schemas)).length === 1,
  anyOf: (value, limit, _schema, schemas) => limit.some((part) => accepts(part, value, schemas)),
  not: (value, limit, _schema, schemas) => !accepts(limit, value, schemas),
};

/**
 * Everything that `value` breaks. A value of the wrong type breaks that rule alone, and so does a text that is longer than any
 * may be before it is cleaned.
 * @param {Schema} schema
 * @param {any} value
 * @param {Record<string, Schema>} schemas the components that `schema` refers to
 * @returns {Violation[]}
 */
export function violations(schema, value, schemas = {}) {
  const whole = resolved(schema, schemas);
  const found = [...(whole.discriminator ? ofKind(whole, value, schemas) : walk(whole, value, schemas, ""))];
  const mistyped = new Set(found.filter(({ rule }) => rule === "type").map(({ field }) => field));
  return found.filter(({ field, rule }) => rule === "type" || !mistyped.has(field));
}

/** @returns {boolean} */
export function accepts(schema, value, schemas = {}) {
  return walk(schema, value, schemas, "").next().done === true;
}

/**
 * The schema behind its references.
 * @param {Schema} schema
 * @param {Record<string, Schema>} schemas
 * @returns {Schema}
 */
export function resolved(schema, schemas) {
  let found = schema;
  while (found.$ref) found = schemas[found.$ref.split("/").pop()];
  return found;
}

function* walk(reference, value, schemas, path) {
  const schema = resolved(reference, schemas);
  const told = (rule) => schema["x-biore-rule"] ?? rule;
  if (typeof value === "string" && length(value) > Math.max(64, 4 * schema.maxLength)) {
    yield { field: path, rule: told("maxLength"), limit: schema.maxLength };
    return;
  }
  if (!hasType(schema, value)) yield { field: path, rule: told("type"), limit: schema.type };
  for (const [keyword, keeps] of Object.entries(KEYWORDS)) {
    if (!(keyword in schema) || keeps(value, schema[keyword], schema, schemas)) continue;
    yield { field: path, rule: told(keyword), limit: schema[keyword] };
  }
  for (const part of schema.allOf ?? []) yield* walk(part, value, schemas, path);
  if (isObject(value)) yield* members(schema, value, schemas, path);
  if (Array.isArray(value) && schema.items) {
    for (const [index, item] of value.entries()) yield* walk(schema.items, item, schemas, below(path, index));
  }
}

/** A body of one of several kinds is judged by the one that it says it is of, as the server does (`contract/unions.py`). */
function* ofKind(schema, value, schemas) {
  const { propertyName, mapping } = schema.discriminator;
  if (!isObject(value)) {
    yield { field: "", rule: "type", limit: "object" };
    return;
  }
  const told = Object.hasOwn(value, propertyName) ? value[propertyName] : undefined;
  if (typeof told === "string" && Object.hasOwn(mapping, told)) {
    yield* walk({ $ref: mapping[told] }, value, schemas, "");
    return;
  }
  const rule = told === undefined ? "required" : typeof told === "string" ? "enum" : "type";
  yield { field: propertyName, rule, limit: rule === "type" ? "string" : Object.keys(mapping) };
  const kinds = Object.values(mapping).map(($ref) => resolved({ $ref }, schemas));
  for (const name of Object.keys(value)) {
    if (!kinds.some((kind) => Object.hasOwn(kind.properties, name))) yield { field: name, rule: "unknown" };
  }
}

function* members(schema, value, schemas, path) {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) yield { field: below(path, name), rule: "required" };
  }
  for (const [name, member] of Object.entries(value)) {
    const known = schema.properties && Object.hasOwn(schema.properties, name) && schema.properties[name];
    const other = schema.additionalProperties ?? true;
    if (known) yield* walk(known, member, schemas, below(path, name));
    else if (other === false) yield { field: below(path, name), rule: "unknown" };
    else if (other !== true) yield* walk(other, member, schemas, below(path, name));
  }
}

function hasType(schema, value) {
  if (!schema.type || (value === null && schema.nullable === true)) return true;
  return TYPES[schema.type](value);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** In code points, as JSON Schema counts. */
function length(text) {
  return [...text].length;
}

function below(path, step) {
  return path ? `${path}.${step}` : String(step);
}

function equal(one, other) {
  if (one === other) return true;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, i) => equal(item, other[i]));
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && equal(one[name], other[name]));
}

function unique(items) {
  return items.every((item, position) => !items.slice(0, position).some((earlier) => equal(earlier, item)));
}

function isDate(text) {
  const [, year, month, day] = (DATE.exec(text) ?? []).map(Number);
  if (!(month >= 1 && month <= 12 && day >= 1)) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

/** RFC 3339; a leap second only at the end of a day in UTC. */
function isDateTime(text) {
  const time = TIME.exec(text.slice(11));
  if (!time || !/t/i.test(text[10] ?? "") || !isDate(text.slice(0, 10))) return false;
  const [hour, minute, second, offsetHour, offsetMinute] = [time[1], time[2], time[3], time[6] ?? 0, time[7] ?? 0].map(Number);
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return false;
  const offset = (offsetHour * 60 + offsetMinute) * (time[5]?.startsWith("-") ? -1 : 1);
  const utc = hour * 60 + minute - offset; // the years of UTC are 1 to 9999
  return !text.startsWith("0000") && !text.endsWith("z") && (utc >= 0 || !text.startsWith("0001-01-01")) && (utc < 1440 || !text.startsWith("9999-12-31"));
}
