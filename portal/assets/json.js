const SPACE = /[ \t\n\r]*/y;
const BEGUN = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ENDS = { "{": "}", "[": "]" };

/**
 * Where a text stops being JSON (RFC 8259). Browsers tell that in different words, and some not at all.
 * @param {string} text
 * @returns {{line: number, column: number, quoted: string}|null} counted from 1, with the whole line; null for JSON
 */
export function fault(text) {
  const at = new Scanner(text).end();
  if (at === null) return null;
  const before = text.slice(0, at).split("\n");
  const column = before.at(-1).length + 1;
  return { line: before.length, column, quoted: text.split("\n")[before.length - 1] };
}

/** Goes through a text once. `open` holds the brackets around the place; a state is what may come there. */
class Scanner {
  constructor(text) {
    Object.assign(this, { text, at: 0, open: [], state: "value" });
  }

  /** The offset of the fault, or null. */
  end() {
    for (;;) {
      this.takes(SPACE);
      if (this.state === "after" && this.open.length === 0) return this.at === this.text.length ? null : this.at;
      if (!this.step()) return this.at;
    }
  }

  step() {
    const sign = this.text[this.at];
    const around = this.open.at(-1);
    if ((this.state === "after" || this.state === "first") && sign !== undefined && sign === ENDS[around]) return this.leave();
    if (this.state === "after") return sign === "," && this.go(1, around === "{" ? "key" : "value");
    if (around === "{" && (this.state === "first" || this.state === "key")) return this.key();
    return this.value(sign);
  }

  key() {
    if (!this.string()) return false;
    this.takes(SPACE);
    return this.text[this.at] === ":" && this.go(1, "value");
  }

  value(sign) {
    if (sign in ENDS) {
      this.open.push(sign);
      return this.go(1, "first");
    }
    return (sign === '"' ? this.string() : this.takes(SCALAR)) && this.go(0, "after");
  }

  /** A fault in a string is where it stops being one, not where it begins. */
  string() {
    return this.takes(BEGUN) && this.text[this.at] === '"' && this.go(1, this.state);
  }

  leave() {
    this.open.pop();
    return this.go(1, "after");
  }

  go(length, state) {
    this.at += length;
    this.state = state;
    return true;
  }

  takes(pattern) {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
