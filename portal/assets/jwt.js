/**
 * What a JSON Web Token says of itself. Nobody checks its signature here: that is the server's part.
 * @param {string} token
 * @returns {Record<string, any>|null} null for what is no such token
 */
export function claims(token) {
  const parts = token.split(".");
  if (parts.length !== 3 || parts.some((part) => !/^[\w-]+$/.test(part))) return null;
  const [head, said] = parts.slice(0, 2).map(decoded);
  return isObject(head) && isObject(said) ? said : null;
}

function decoded(part) {
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
