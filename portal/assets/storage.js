// A browser may forbid storage; then a choice lives as long as the page.

/** @param {"localStorage"|"sessionStorage"} kind */
export function read(kind, key) {
  try {
    return globalThis[kind].getItem(key);
  } catch {
    return null;
  }
}

/** `null` removes the key. */
export function write(kind, key, value) {
  try {
    if (value === null) globalThis[kind].removeItem(key);
    else globalThis[kind].setItem(key, value);
  } catch {
    // Nothing to do: see above.
  }
}
