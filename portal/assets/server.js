import { fresh, h } from "./dom.js";
import { chooseServer, serverOf, watchServer } from "./site.js";
import { say } from "./words.js";

const OTHER = "other";

/**
 * Where calls and samples go, for pages that something else than the API serves. The API must know their origin (CORS).
 * @param {import("./site.js").Place} place
 */
export function serverChoice(place) {
  const select = h("select", { id: fresh("server") });
  const typed = h("input", { type: "url", id: fresh("server"), dir: "ltr", placeholder: "https://api.example.com/api/v1", autocomplete: "off" });
  const message = h("p", { class: "play-error", role: "alert" });
  const own = h("form", { class: "play-step", novalidate: true, hidden: true },
    h("div", { class: "play-field" }, h("label", { for: typed.id }, say("serverAddress")), typed),
    h("p", {}, h("button", { type: "submit", class: "play-small" }, say("useServer"))), message);
  const show = () => {
    const known = [...new Set([...place.servers, ...(place.api ? [place.api] : [])])];
    const none = place.standard ? [] : [h("option", { value: "" }, say("noServer"))];
    const options = known.map((server) => h("option", { value: server }, server));
    select.replaceChildren(...none, ...options, h("option", { value: OTHER }, say("otherServer")));
    select.value = place.api ?? "";
    own.hidden = true;
  };
  select.addEventListener("change", () => {
    own.hidden = select.value !== OTHER;
    if (own.hidden) chooseServer(select.value || null);
    else typed.focus();
  });
  own.addEventListener("submit", (event) => {
    event.preventDefault();
    const server = serverOf(typed.value);
    message.textContent = server ? "" : say("noServerAddress");
    if (server) chooseServer(server).then(() => select.focus());
  });
  watchServer(show);
  show();
  return h("div", { class: "play-server" }, h("div", { class: "play-field" }, h("label", { for: select.id }, say("server")), select), own);
}
