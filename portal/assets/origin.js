import { site, watchServer } from "./site.js";

// A build writes one address of the API into samples and texts. Whoever serves the pages may be another, and a reader
// may choose one; then the texts follow, and one build is right on every host.

/** The texts below `root` name the server that calls go to, now and after each choice of another. */
export async function followServer(root) {
  const place = await site();
  let shown = place.built;
  const follow = () => {
    rename(root, shown, place.base);
    shown = place.base;
  };
  follow();
  watchServer(follow);
}

function rename(root, from, to) {
  if (from === to) return;
  const [origin, other] = [from, to].map((base) => new URL(base).origin);
  const written = new RegExp(`(?:${literally(from)}|${literally(origin)})(?![\\w:-]|\\.\\w)`, "g");
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.data.includes(origin)) text.data = text.data.replace(written, (found) => (found === from ? to : other));
  }
}

function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
