import { activity, curlTemplate } from "../model/curl.js";

const organization = (session) => session?.organizationId ?? "<organization>";

export const session = ({ session }) => ({
  ts: `
const session = await client.session(); // the active one
if (session === null) throw new Error("nobody is logged in");
console.log(session.kind, session.publicKey);

// What guards the key: "unextractable", unless the browser can't.
console.log(client.keyProtection);

const leftMs = session.expiresAtSeconds * 1000 - client.now();

const { username } = await client.api.whoami({});

// By hand; the client does it by itself a minute before the end.
await client.refresh();`,
  rust: `
use keyward_client::protocol::queries::whoami::Whoami;

let session = client.session(None).await?; // the active one
println!("{:?} {:?}", session.kind, session.public_key);
println!("{}", client.key_protection());

let query = Whoami { organization_id: String::new() };
let me = client.as_active().whoami(&query).await?;
println!("{}", me.username);

// By hand; or run this beside everything else, once:
client.refresh(None).await?;
tokio::spawn({
    let client = client.clone();
    async move { client.run().await }
});`,
  curl: {
    paths: ["/query/whoami", "/submit/stamp_login"],
    text: curlTemplate("/public/v1/query/whoami", { organizationId: organization(session) }),
  },
});

export const readOnly = ({ session }) => ({
  ts: `
import { KeywardError } from "@keyward/client";

// The active session vouches for it, once.
await client.logInReadOnly(
  { session: null },
  { session: "read-only", becomesActive: false },
);

try {
  await client.call("create_wallet", parameters, {
    session: "read-only",
  });
} catch (error) {
  // READ_ONLY, and nothing was sent.
  if (error instanceof KeywardError) console.log(error.code);
}

const { wallets } = await client.call("list_wallets", {}, {
  session: "read-only",
});`,
  rust: `
use keyward_client::protocol::queries::list_wallets::ListWallets;

// The active session vouches for it, once.
let by = client.stamper_of(None).await?;
let log_in = LogIn {
    becomes_active: false,
    ..LogIn::named("read-only")
};
client.log_in_read_only(by, "session", &log_in).await?;

let reader = client.named("read-only");
match reader.create_wallet(&intent).await {
    Err(ClientError::ReadOnly) => println!("nothing was sent"),
    other => drop(other?),
}
let query = ListWallets { organization_id: String::new() };
let wallets = reader.list_wallets(&query).await?.wallets;`,
  curl: {
    paths: ["/query/list_wallets"],
    text: curlTemplate(
      "/public/v1/query/list_wallets",
      { organizationId: organization(session) },
      "X-Session: <token of the read-only session>",
    ),
  },
});

export const tabs = ({ session }) => ({
  ts: `
const stop = client.on(({ kind, session, fromElsewhere }) => {
  // created, refreshed, about_to_expire, expired,
  // revoked, key_lost, logged_out, active_changed
  console.log(kind, session, fromElsewhere);
});`,
  rust: `
let id = client.listen(Box::new(|event: &Event| match event.kind {
    EventKind::Expired | EventKind::Revoked => ask_to_log_in(),
    kind => println!("{kind:?} {}", event.session),
}));
// client.forget_listener(id);`,
  curl: {
    paths: ["/submit/stamp_login"],
    text: `# Events are told inside the client; no request asks for them.
# Refreshing is a log-in, stamped by the session's former key:
${curlTemplate(
  "/public/v1/submit/stamp_login",
  activity("STAMP_LOGIN", { publicKey: "<the next key>", expirationSeconds: "900" }, organization(session)),
)}`,
  },
});

export const sessions = ({ session }) => ({
  ts: `
const { sessions } = await client.api.listSessions({});

const [one] = sessions;
await client.api.updateSession({
  sessionId: one.sessionId,
  label: "work laptop",
});
await client.api.revokeSession({ sessionId: one.sessionId });
await client.api.revokeSessions({ exceptCurrent: true });

await client.logOut();
await client.logOutEverywhere();`,
  rust: `
use keyward_client::protocol::activities::{
    revoke_session::*, revoke_sessions::*, update_session::*,
};
use keyward_client::protocol::queries::list_sessions::ListSessions;

let me = client.as_active();
let query = ListSessions {
    organization_id: String::new(),
    user_id: None,
    include_expired: None,
};
for session in me.list_sessions(&query).await?.sessions {
    println!("{} {:?}", session.session_id, session.label);
}

let label = "work laptop".to_owned();
me.update_session(&UpdateSessionIntent {
    session_id: session_id.clone(),
    label,
}).await?;
me.revoke_session(&RevokeSessionIntent { session_id }).await?;
me.revoke_sessions(&RevokeSessionsIntent {
    user_id: None,
    all_users: None,
    except_current: Some(true),
}).await?;

client.log_out(None).await?;
client.log_out_everywhere(None).await?;`,
  curl: {
    paths: ["/query/list_sessions"],
    text: curlTemplate("/keyward/v1/query/list_sessions", { organizationId: organization(session) }),
  },
});

export const clock = () => ({
  ts: `
import type { KeywardError } from "@keyward/client";

// A test moves the clock of \`keyward dev\`.
await fetch("${location.origin}/dev/clock", {
  method: "POST",
  body: JSON.stringify({ advanceSeconds: 870 }),
});
await client.syncTime(); // as every answer does

try {
  // Refreshes the session first, if that is due.
  await client.api.whoami({});
} catch (error) {
  const { code } = error as KeywardError;
  if (code === "SESSION_EXPIRED") askToLogIn();
}`,
  rust: `
// In a test: keyward_server::TestServer has \`advance\`, too.
server.advance(870);
client.sync_time().await?;

let query = Whoami { organization_id: String::new() };
match client.as_active().whoami(&query).await {
    Err(ClientError::SessionExpired) => ask_to_log_in(),
    // It was refreshed first, if that was due.
    other => println!("{}", other?.username),
}`,
  curl: {
    paths: ["/dev/clock", "/dev/reset"],
    text: `${curlTemplate("/dev/clock", { advanceSeconds: 870 }, null)}

# What time it is there:
curl '${location.origin}/dev/clock'

# Back to the beginning:
curl -X POST '${location.origin}/dev/reset'`,
  },
});
