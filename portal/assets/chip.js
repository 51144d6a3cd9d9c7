import { fresh, h } from "./dom.js";
import { identify, signOut } from "./identity.js";
import { WANTED, account, expired, nameOf, watch } from "./session.js";
import { site } from "./site.js";
import { locale, say } from "./words.js";

/** In the head of every page: who calls are made as, and whether that has expired. Where there is a panel, it leads to it. */
export async function addAccountChip() {
  const tools = document.getElementById("tools");
  if (!tools) return;
  const place = await site();
  const menu = h("div", { class: "chip-menu", id: fresh("chip"), hidden: true });
  const name = h("span", {});
  const button = h("button", { type: "button", class: "chip", "aria-expanded": "false", "aria-controls": menu.id }, name);
  const chip = h("div", { class: "chip-frame", hidden: true }, button, menu);
  const close = () => {
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
  };
  const leave = h("button", { type: "button" }, say("signOut"));
  const about = h("p", {});
  menu.append(about, leave);

  const show = () => {
    const current = account(place.api);
    chip.hidden = current === null;
    if (!current) return;
    const over = expired(current);
    chip.dataset.expired = String(over);
    const text = say(over ? "sessionExpired" : "signedInAs", { who: nameOf(current) });
    name.textContent = text;
    button.title = text;
    about.textContent = over ? text : `${text} · ${say("until", { time: time(current.expiresAt) })}`;
  };
  button.addEventListener("click", () => {
    const asked = new Event(WANTED, { cancelable: true });
    if (!document.dispatchEvent(asked)) return close();
    menu.hidden = !menu.hidden;
    return button.setAttribute("aria-expanded", String(!menu.hidden));
  });
  chip.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || menu.hidden) return;
    close();
    button.focus();
  });
  document.addEventListener("click", ({ target }) => chip.contains(target) || close());
  leave.addEventListener("click", () => {
    const current = account(place.api);
    close();
    if (current) signOut(place, current);
  });
  tools.prepend(chip);
  watch(show);
  show();
  identify(place).catch(() => {});
}

function time(at) {
  return new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}
