import { h, visibleText } from "./dom.js";
import { say } from "./words.js";

const SHOWN_MS = 2000;

/** A button on every `<pre data-copy>` below `root` that copies what is visible of it. */
export function addCopyButtons(root) {
  for (const block of root.querySelectorAll("pre[data-copy]")) {
    if (block.parentElement.classList.contains("copyable")) continue;
    const frame = h("div", { class: "copyable" });
    block.replaceWith(frame);
    frame.append(block, copyButton(() => visibleText(block).trimEnd()));
  }
}

/** @param {() => string} text */
export function copyButton(text) {
  const button = h("button", { type: "button", class: "copy", "aria-live": "polite" }, say("copy"));
  button.addEventListener("click", async () => {
    const done = await copy(text());
    button.textContent = say(done ? "copied" : "copyFailed");
    button.dataset.copied = String(done);
    setTimeout(() => {
      button.textContent = say("copy");
      delete button.dataset.copied;
    }, SHOWN_MS);
  });
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
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
