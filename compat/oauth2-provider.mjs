// A provider that speaks OAuth 2.0 without identity tokens, on the loopback, under the name of `x`.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REDIRECT_URI = "https://app.example/callback"; // never followed

export async function startProvider() {
  const clientSecret = randomBytes(16).toString("hex");
  /** Who a code, or a token, is for. */
  const codes = new Map();
  const tokens = new Map();

  const answer = (request, body) => {
    if (request.url === "/token") {
      const form = new URLSearchParams(body);
      const basic = `Basic ${Buffer.from(`compat:${clientSecret}`).toString("base64")}`;
      const code = codes.get(form.get("code"));
      codes.delete(form.get("code"));
      const isGranted =
        request.headers.authorization === basic &&
        form.get("redirect_uri") === REDIRECT_URI &&
        form.get("code_verifier") === code?.codeVerifier;
      if (!isGranted) return [400, { error: "invalid_grant" }];
      const token = randomBytes(16).toString("hex");
      tokens.set(token, code.subject);
      return [200, { access_token: token, token_type: "bearer" }];
    }
    const subject = tokens.get(request.headers.authorization?.replace("Bearer ", ""));
    return subject ? [200, { data: { id: subject } }] : [401, {}];
  };
  const listener = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const [status, json] = answer(request, body);
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(json));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const origin = `http://127.0.0.1:${listener.address().port}`;
  const directory = await mkdtemp(join(tmpdir(), "keyward-provider-"));
  const configuration = join(directory, "keyward.toml");
  await writeFile(configuration, describe(origin));

  return {
    clientSecret,
    /** Path of a configuration file for the server. */
    configuration,
    /** What an application has when a user comes back: RFC 6749 §4.1.2, RFC 7636 §4. */
    authorize(subject) {
      const authCode = randomBytes(16).toString("hex");
      const codeVerifier = randomBytes(32).toString("base64url");
      codes.set(authCode, { subject, codeVerifier });
      return { authCode, redirectUri: REDIRECT_URI, codeVerifier };
    },
    async stop() {
      listener.closeAllConnections();
      listener.close();
      await rm(directory, { recursive: true });
    },
  };
}

function describe(origin) {
  return `[oidc]
private_issuers = ["${origin}"]

[oauth2.providers.x]
token_url = "${origin}/token"
user_url = "${origin}/me"
subject_pointer = "/data/id"
auth_style = "basic"
`;
}
