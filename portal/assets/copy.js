import { h, visibleText } from "./dom.js";
import { say } from "./words.js";

const SHOWN_MS = 2000;

/** A button on every `<pre data-copy>` below `root` that copies what is visible of it. */
export function addCopyButtons(root) {
  for (const block of root.querySelectorAll("pre[data-copy]")) {
    if (block.closest(".copyable")) continue;
    const frame = h("div", { class: "copyable" });
    block.replaceWith(frame);
    frame.append(block, copyButton(() => visibleText(block).trimEnd()));
  }
}

/** A button that copies the page as Markdown, where there is such a page: what people hand to a language model. */
export function addPageCopy() {
  const page = document.querySelector('link[rel="alternate"][type="text/markdown"]');
  const text = async () => {
    const answer = await fetch(page.href);
    if (!answer.ok) throw new Error(`${page.href}: ${answer.status}`);
    return answer.text();
  };
  if (page) document.querySelector(".page-tools")?.prepend(copyButton(text, "copyPage"));
}

/**
 * Shows an icon; `name` is what it says to those who do not see it.
 * @param {() => string|Promise<string>} text
 */
export function copyButton(text, name = "copy") {
  const icon = h("span", { class: "icon icon-copy" });
  const told = h("span", { class: "copy-name", role: "status" }, say(name));
  const button = h("button", { type: "button", class: "copy", title: say(name) }, icon, told);
  button.addEventListener("click", async () => {
    const done = await copy(text());
    told.textContent = say(done ? "copied" : "copyFailed");
    icon.className = `icon icon-${done ? "check" : "triangle-alert"}`;
    button.dataset.copied = String(done);
    setTimeout(() => {
      told.textContent = say(name);
      icon.className = "icon icon-copy";
      delete button.dataset.copied;
    }, SHOWN_MS);
  });
  return button;
}

async function copy(given) {
  try {
    const text = await given;
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text);
    }
  } catch {
    return false; // the text itself was not to be had
  }
}

/** The clipboard's interface exists only in secure contexts; plain http in a local network is none. */
function copyBySelection(text) {
  const area = h("textarea", { class: "hidden", readonly: true, "aria-hidden": "true" });
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}
