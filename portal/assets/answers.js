import { h } from "./dom.js";

/** The examples of refusals, which stand in the text, can be chosen beside it, too: then code and answer are in view together. */
export function addAnswers() {
  const choice = document.querySelector('[data-choice="answers"]');
  if (!choice) return;
  for (const article of document.querySelectorAll("article.error")) {
    const title = article.querySelector("h3").textContent.trim();
    const example = article.querySelector("pre").cloneNode(true);
    choice.append(h("section", { class: "sample", "data-title": title, "data-group": choice.dataset.errors }, h("h3", {}, title), example));
  }
}
