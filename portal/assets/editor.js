import { fresh, h } from "./dom.js";
import { fault } from "./json.js";
import { say } from "./words.js";

const PAUSE_MS = 400;

/** A text field for JSON that marks the line where its text stops being JSON. Nobody is kept from sending it. */
export class JsonEditor {
  constructor() {
    const id = fresh("body");
    this.area = h("textarea", {
      class: "play-json", rows: "12", wrap: "off", spellcheck: "false", autocapitalize: "off", dir: "ltr", id, "aria-label": "JSON",
      "aria-describedby": `${id}-fault`,
    });
    this.lines = h("div", { class: "play-lines", "aria-hidden": "true", dir: "ltr" });
    this.message = h("div", { class: "play-fault", id: `${id}-fault` });
    this.element = h("div", {}, h("div", { class: "play-editor" }, this.lines, this.area), this.message);
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("scroll", () => (this.lines.scrollTop = this.area.scrollTop));
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.check();
  }

  /** Who is in the middle of a word is not told that it is none; what is right again is said at once. */
  typed() {
    clearTimeout(this.timer);
    this.number();
    if (this.area.hasAttribute("aria-invalid") || this.fault() === null) this.check();
    else this.timer = setTimeout(() => this.check(), PAUSE_MS);
  }

  fault() {
    return this.text.trim() === "" ? null : fault(this.text);
  }

  /** Marks the fault, if there is one. @returns {boolean} whether the text is JSON, or empty */
  check() {
    clearTimeout(this.timer);
    const found = this.fault();
    if (found) this.area.setAttribute("aria-invalid", "true");
    else this.area.removeAttribute("aria-invalid");
    this.message.replaceChildren(...(found ? told(found) : []));
    this.number(found?.line);
    return found === null;
  }

  number(marked) {
    const lines = this.text.split("\n").map((_, index) => h("span", { class: index + 1 === marked ? "play-marked" : null }, String(index + 1)));
    this.lines.replaceChildren(...lines);
    this.lines.scrollTop = this.area.scrollTop;
  }
}

const SHOWN = 60;

/** The line with a mark below the place; of a long line what is around it. */
function told({ line, column, quoted }) {
  const start = Math.max(0, column - SHOWN / 2);
  const around = quoted.slice(start, start + SHOWN);
  const quote = h("code", {}, around, "\n", h("span", { class: "play-caret" }, `${" ".repeat(column - 1 - start)}^`));
  return [h("p", {}, say("notJsonAt", { line, column })), h("pre", { translate: "no", dir: "ltr", "aria-hidden": "true" }, quote)];
}
