//! Proofs of a contact: one-time codes out of the inbox, and what is made of them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{P256PrivateKey, P256PublicKey, os_rng, seal_message, sha256};
use keyward_protocol::bundle::{ClientMessage, read_otp_target};
use keyward_protocol::stamp::AttestedScheme;
use serde_json::{Value, json};

use crate::client::{Client, Credential, text};
use crate::server::Server;

/// Longest time until a message that was committed is in the inbox: much more than it ever takes.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A new P-256 key.
pub(crate) fn new_key() -> P256PrivateKey {
    P256PrivateKey::generate(&mut os_rng())
}

/// The same key once more.
pub(crate) fn again(key: &P256PrivateKey) -> P256PrivateKey {
    P256PrivateKey::from_bytes(key.expose_bytes().expose()).unwrap()
}

/// Compressed, hex.
pub(crate) fn public(key: &P256PrivateKey) -> String {
    hex::encode(key.public_key().compressed())
}

/// What the inbox holds for somebody, newest first.
pub(crate) async fn messages(server: &Server, to: &str) -> Vec<Value> {
    let shown = server.get(&format!("/dev/inbox?format=json&to={to}")).await.ok();
    shown["messages"].as_array().unwrap().clone()
}

/// The newest message for somebody, once there are `count`. The sender is told of what was committed; this
/// lets it run.
pub(crate) async fn message(server: &Server, to: &str, count: usize) -> Value {
    let arrived = async {
        loop {
            let messages = messages(server, to).await;
            if messages.len() >= count {
                return messages[0].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONGEST_WAIT, arrived).await.expect("the message does not arrive")
}

/// `OTP_TYPE_…` of a contact.
pub(crate) fn otp_type(contact: &str) -> &'static str {
    if contact.contains('@') { "OTP_TYPE_EMAIL" } else { "OTP_TYPE_SMS" }
}

/// A code that was sent.
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) code: String,
    /// Of the version that has the code encrypted.
    pub(crate) target: Option<String>,
}

/// Has a code sent with a version of `INIT_OTP`, and reads it out of the inbox.
pub(crate) async fn send_code(asker: &Client, kind: &str, contact: &str) -> Sent {
    let before = messages(&asker.server, contact).await.len();
    let mut parameters = json!({ "otpType": otp_type(contact), "contact": contact });
    if kind != "ACTIVITY_TYPE_INIT_OTP" {
        parameters["appName"] = json!("Wonderland");
    }
    let sent = asker.done_as(kind, "init_otp", parameters).await;
    read_code(&asker.server, contact, before, &sent).await
}

/// The code that came with the answer to a request for one.
pub(crate) async fn read_code(
    server: &Server,
    contact: &str,
    before: usize,
    answer: &Value,
) -> Sent {
    let received = message(server, contact, before + 1).await;
    let code = text(&received["code"]);
    assert!(received["text"].as_str().unwrap().contains(&code), "{received}");
    assert!(!answer.to_string().contains(&code), "{answer}");
    Sent {
        id: text(&answer["otpId"]),
        code,
        target: answer.get("otpEncryptionTargetBundle").map(text),
    }
}

/// A code and a key, sealed as clients do it.
pub(crate) async fn seal_code(server: &Server, sent: &Sent, code: &str, key: &str) -> String {
    let known = server.get("/.well-known/keyward.json").await.ok();
    let signer = hex::decode(text(&known["otpSignerPublicKey"])).unwrap();
    let signer = P256PublicKey::from_sec1(&signer).unwrap();
    let target = read_otp_target(sent.target.as_ref().unwrap(), &signer).unwrap();
    let plaintext = json!({ "otp_code": code, "public_key": key }).to_string();
    let sealed = seal_message(&target, plaintext.as_bytes(), &mut os_rng()).unwrap();
    ClientMessage(sealed).to_string()
}

/// A verification token of the current form, bound to a key.
pub(crate) async fn current_token(asker: &Client, contact: &str, key: &P256PrivateKey) -> String {
    let sent = send_code(asker, "ACTIVITY_TYPE_INIT_OTP_V3", contact).await;
    let bundle = seal_code(&asker.server, &sent, &sent.code, &public(key)).await;
    let parameters = json!({ "otpId": sent.id, "encryptedOtpBundle": bundle });
    text(&asker.done("verify_otp", parameters).await["verificationToken"])
}

/// A verification token of the older form, bound to a key where there is one.
pub(crate) async fn legacy_token(
    asker: &Client,
    contact: &str,
    key: Option<&P256PrivateKey>,
) -> String {
    let sent = send_code(asker, "ACTIVITY_TYPE_INIT_OTP_V2", contact).await;
    let parameters =
        json!({ "otpId": sent.id, "otpCode": sent.code, "publicKey": key.map(public) });
    let verified = asker.done_as("ACTIVITY_TYPE_VERIFY_OTP", "verify_otp", parameters).await;
    text(&verified["verificationToken"])
}

/// What a token says.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A client signature over a message.
fn client_signature(key: &P256PrivateKey, message: &Value) -> Value {
    let message = message.to_string();
    json!({
        "publicKey": public(key),
        "scheme": "CLIENT_SIGNATURE_SCHEME_API_P256",
        "message": message,
        "signature": hex::encode(key.sign(message.as_bytes()).to_bytes()),
    })
}

/// The signature that asks for a session of `session_key`.
pub(crate) fn sign_login(key: &P256PrivateKey, token: &str, session_key: &str) -> Value {
    let message = json!({
        "login": { "publicKey": session_key },
        "tokenId": claims(token)["id"],
        "type": "USAGE_TYPE_LOGIN",
    });
    client_signature(key, &message)
}

/// The signature that asks for a sign-up; `usage` is `signup` or `signupV2`.
pub(crate) fn sign_sign_up(
    key: &P256PrivateKey,
    token: &str,
    usage: &str,
    content: &Value,
) -> Value {
    let mut message = json!({ "tokenId": claims(token)["id"], "type": "USAGE_TYPE_SIGNUP" });
    message[usage] = content.clone();
    client_signature(key, &message)
}

/// A key that a verification token vouches for.
pub(crate) fn attested(key: &P256PrivateKey, token: &str) -> Credential {
    Credential::Attested(again(key), AttestedScheme::VerificationToken, token.to_owned())
}

/// The nonce that binds an ID token to a key.
pub(crate) fn nonce(public_key: &str) -> String {
    hex::encode(sha256(public_key.as_bytes()))
}
