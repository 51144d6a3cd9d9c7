/**
 * One call of the API and all that can be said of its answer.
 * @typedef {{method: string, url: string, headers: Record<string, string>, body?: string, credentials?: RequestCredentials}} Request
 * @typedef {{status: number, ok: boolean, ms: number, bytes: number, headers: [string, string][], text: string, json: any, type: string}} Answer
 */

/**
 * Rejects with a TypeError when the server cannot be reached.
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
export async function call({ method, url, headers, body, credentials = "include" }) {
  const began = performance.now();
  const answer = await fetch(url, { method, headers, body, credentials, redirect: "manual", cache: "no-store" });
  const content = new Uint8Array(await answer.arrayBuffer());
  const ms = performance.now() - began;
  const text = new TextDecoder().decode(content);
  const type = (answer.headers.get("content-type") ?? "").split(";")[0];
  const { status, ok } = answer;
  return { status, ok, ms, bytes: content.length, headers: [...answer.headers], text, type, json: parsed(type, text) };
}

function parsed(type, text) {
  if (!/[/+]json$/.test(type)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
