// The sign-up walk through the generated TypeScript types. Argument: API base URL.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const email = "typescript-client@example.com";
const password = "Correct-Horse-7";
const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

function present<T>(value: T | undefined, error: unknown): T {
  if (value === undefined) throw new Error(JSON.stringify(error));
  return value;
}

async function newestToken(): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { data, error } = await client.GET("/dev/mailbox", { params: { query: { to: email } } });
    const match = /token=([0-9a-f-]{36})/.exec(present(data, error).data.messages[0]?.text ?? "");
    if (match?.[1]) return match[1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no mail");
}

const account = { email, password, acceptedTerms: true, acceptedPrivacy: true } as const;
const registered = await client.POST("/auth/register", { body: account });
present(registered.data, registered.error);
const verified = await client.POST("/auth/verify-email", { body: { token: await newestToken() } });
present(verified.data, verified.error);
const login = await client.POST("/auth/login", { body: { email, password } });
const signedIn = present(login.data, login.error).data;
if (!("accessToken" in signedIn)) throw new Error("a second factor was asked for");
const me = await client.GET("/auth/me", { headers: { Authorization: `Bearer ${signedIn.accessToken}` } });
const identity = present(me.data, me.error).data;
if (identity.email !== email) throw new Error(identity.email);
console.log(`typescript: signed in as ${identity.email}`);
