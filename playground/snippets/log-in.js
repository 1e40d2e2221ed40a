import { activity, curlTemplate } from "../model/curl.js";

export function logIn(app) {
  return WAYS[app.picked.way](app);
}

const WAYS = {
  passkey: ({ config }) => ({
    ts: `
${openTs(config)}

// Makes a passkey and an account. The user is asked once.
const session = await client.signUpWithPasskey({
  userName: "Alice",
});

// Next time:
// const session = await client.logInWithPasskey();

console.log(session.userId, session.expiresAtSeconds);`,
    rust: `
${openRust(config)}

// \`passkeys\`: your platform's, Arc<dyn ports::Passkeys>.
let sign_up = SignUp {
    user_name: Some("Alice".to_owned()),
    ..SignUp::default()
};
let session = client
    .sign_up_with_passkey(passkeys, &sign_up, &LogIn::default())
    .await?;

// Next time:
// client.log_in_with_passkey(passkeys, &LogIn::default())`,
    curl: {
      paths: ["/submit/stamp_login"],
      text: curlTemplate(
        "/public/v1/submit/stamp_login",
        activity("STAMP_LOGIN", { publicKey: "<the session's key: P-256, compressed, hex>" }, config.organizationId),
        "X-Stamp-WebAuthn: <the passkey's assertion, over the SHA-256 of the body>",
      ),
    },
  }),
  email: ({ config }) => ({
    ts: `
${openTs(config)}

const { otpId } = await client.beginOtp({
  email: "alice@example.com",
});

// The user types the code; the client seals it.
const session = await client.completeOtp(otpId, code, {
  orNew: { userName: "Alice" }, // if there is no account yet
});`,
    rust: `
${openRust(config)}

let contact = Contact::Email("alice@example.com".to_owned());
let begun = client.begin_otp(&contact, false).await?;

// The user types the code; the client seals it.
let account = Account::OrNew(SignUp::default());
let session = client
    .complete_otp(&begun.otp_id, code, &account, &LogIn::default())
    .await?;`,
    curl: {
      paths: ["/v1/otp_login_v2", "/v1/otp_init_v2"],
      text: curlTemplate(
        "/v1/otp_init_v2",
        { otpType: "OTP_TYPE_EMAIL", contact: "alice@example.com" },
        `X-Auth-Proxy-Config-ID: ${config.authProxyConfigId}`,
      ),
    },
  }),
  provider: ({ config }) => ({
    ts: `
${openTs(config)}

const provider = {
  name: "dev",
  authorizationEndpoint: "${location.origin}/dev/oidc/authorize",
  clientId: "playground",
  redirectUri: "${location.origin}/oauth.html",
  scope: "openid email",
  flow: {
    code: { tokenEndpoint: "${location.origin}/dev/oidc/token" },
  },
};

// In a popup; the page at redirectUri calls postOauthResult().
const session = await client.logInWithOauthPopup(provider, {
  orNew: { userName: "Alice" },
});

// Or with a redirect:
// const { url } = await client.beginOauth(provider);
// location.assign(url);
// … and back on your page:
// await client.completeOauth(location.href, { orNew: {} });`,
    rust: `
${openRust(config)}

let provider = OauthProvider {
    name: "dev".to_owned(),
    authorization_endpoint:
        "${location.origin}/dev/oidc/authorize".to_owned(),
    client_id: "app".to_owned(),
    redirect_uri: "myapp://logged-in".to_owned(),
    scope: "openid email".to_owned(),
    flow: OauthFlow::Code {
        token_endpoint: "${location.origin}/dev/oidc/token".to_owned(),
    },
};
let begun = client.begin_oauth(&provider, &LogIn::default()).await?;

// Open \`begun.url\`. With the address that the user comes back to:
let account = Account::OrNew(SignUp::default());
let session = client
    .complete_oauth(returned_url, &account)
    .await?;`,
    curl: {
      paths: ["/v1/oauth_login"],
      text: curlTemplate(
        "/v1/oauth_login",
        { oidcToken: "<ID token>", publicKey: "<the session's key>", organizationId: "<the user's organization>" },
        `X-Auth-Proxy-Config-ID: ${config.authProxyConfigId}`,
      ),
    },
  }),
};

function openTs({ organizationId, authProxyConfigId }) {
  return `import { createClient } from "@keyward/client";

const client = await createClient({
  baseUrl: "${location.origin}",
  organizationId: "${organizationId}",
  authProxy: { configId: "${authProxyConfigId}" },
});`;
}

function openRust({ organizationId, authProxyConfigId }) {
  return `use std::sync::Arc;
use keyward_client::*;
use keyward_client::native::{FileStore, HttpTransport, SystemClock};

let store = Arc::new(FileStore::open("sessions")?);
let client = Client::new(
    Config::new("${location.origin}", "${organizationId}")
        .with_auth_proxy("${authProxyConfigId}"),
    Ports {
        transport: Arc::new(HttpTransport::new()),
        keys: store.clone(),
        sessions: store,
        clock: Arc::new(SystemClock),
    },
);`;
}
