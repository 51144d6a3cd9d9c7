import { call } from "./call.js";
import { h } from "./dom.js";
import { site } from "./site.js";
import { locale, say } from "./words.js";

// The page that a mailed link leads to. Nothing is called before its reader presses the button: programs that scan mails
// open links, and some run scripts.

const form = document.querySelector("form[data-path]");
const outcome = document.getElementById("outcome");
const token = new URLSearchParams(location.search).get("token");

// The token shall not stay in the history, nor be copied with the address.
history.replaceState(null, "", location.pathname);

if (token) form.hidden = false;
else outcome.append(h("p", { class: "note" }, say("unknownToken")));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector('button[type="submit"]');
  button.disabled = true;
  try {
    tell(await send());
  } catch {
    show("play-bad", say("networkError"));
  } finally {
    button.disabled = false;
  }
});

async function send() {
  const { api } = await site();
  if (!api) throw new Error("there is no API here");
  const { method, path } = form.dataset;
  const told = { "Accept-Language": locale };
  if (method === "GET") return call({ method, url: `${api}${path}?${new URLSearchParams({ token })}`, headers: told });
  const headers = { "Content-Type": "application/json", ...told };
  const body = JSON.stringify({ token, ...Object.fromEntries([...new FormData(form)].filter(([, value]) => value)) });
  return call({ method, url: api + path, headers, body });
}

function tell({ ok, status, json }) {
  form.hidden = ok;
  if (ok) show("play-good", say(form.dataset.done));
  else show("play-bad", json?.error?.message ?? String(status), (json?.error?.details ?? []).map(({ message }) => message));
}

function show(kind, text, details = []) {
  const list = details.length ? h("ul", {}, ...details.map((detail) => h("li", {}, detail))) : null;
  outcome.replaceChildren(h("div", { class: `play-verdict ${kind}` }, text, list));
}
