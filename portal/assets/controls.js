import { h } from "./dom.js";
import { write } from "./storage.js";
import { say } from "./words.js";

const KEY = "biore.theme";

/** What only scripts can do, in the head of the page: for now the button that changes the colours. */
export function addControls() {
  document.getElementById("tools")?.append(themeButton());
}

function themeButton() {
  const icon = h("span", { class: "icon" });
  const button = h("button", { type: "button", class: "theme" }, icon);
  const tell = () => {
    icon.className = `icon icon-${theme() === "dark" ? "sun" : "moon"}`;
    const next = say(theme() === "dark" ? "light" : "dark");
    button.setAttribute("aria-label", `${say("theme")}: ${next}`);
    button.title = next;
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = theme() === "dark" ? "light" : "dark";
    write("localStorage", KEY, theme());
    tell();
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== KEY || !newValue) return;
    document.documentElement.dataset.theme = newValue;
    tell();
  });
  tell();
  return button;
}

function theme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return document.documentElement.dataset.theme ?? system;
}
