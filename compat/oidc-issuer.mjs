// An OpenID Connect issuer on the loopback: `oidc-provider`, which lets everybody in who names an account.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import Provider from "oidc-provider";

const REDIRECT_URI = "https://app.example/callback"; // never followed
export const CLIENT_ID = "compat";

/** The nonce that binds an ID token to a session key: the digest of the key's text, not of its bytes. */
export function nonceFor(publicKeyHex) {
  return createHash("sha256").update(publicKeyHex).digest("hex");
}

export async function startIssuer() {
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const issuer = `http://127.0.0.1:${listener.address().port}`;
  const provider = newProvider(issuer);
  const callback = provider.callback();
  listener.on("request", (request, response) => {
    if (request.url.startsWith("/interaction/")) logIn(provider, request, response);
    else callback(request, response);
  });

  return {
    issuer,
    /** An ID token for an account, by the authorization code flow with PKCE. */
    idToken: ({ subject, nonce }) => authorize(issuer, subject, nonce),
    stop() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

function newProvider(issuer) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: "none",
        redirect_uris: [REDIRECT_URI],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "first", alg: "RS256", use: "sig" }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // Nobody is asked for consent.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid");
      await grant.save();
      return grant;
    },
  });
}

/** The account is who the request's `login_hint` says. */
async function logIn(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  await provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
}

/** What a browser and an application do between them: RFC 6749 §4.1, RFC 7636 §4. */
async function authorize(issuer, subject, nonce) {
  const verifier = randomBytes(32).toString("base64url");
  let url = `${issuer}/auth?${new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: "code",
    scope: "openid",
    redirect_uri: REDIRECT_URI,
    nonce,
    login_hint: subject,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  })}`;
  const cookies = new Map();
  for (let step = 0; !url.startsWith(REDIRECT_URI); step += 1) {
    if (step === 10) throw new Error(`no end to the redirects: ${url}`);
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [name, value] = set.split(";", 1)[0].split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    url = new URL(location, url).href;
  }
  const code = new URL(url).searchParams.get("code");
  if (code === null) throw new Error(`no code: ${url}`);

  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: CLIENT_ID,
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: verifier,
    }),
  });
  const answer = await response.json();
  if (answer.id_token === undefined) throw new Error(JSON.stringify(answer));
  return answer.id_token;
}
