//! What the story needs besides the SDK: the server it is told against, and eyes of its own for
//! signatures.
//!
//! The server is described by the environment: `BASE_URL`, `ORGANIZATION_ID`, `API_PUBLIC_KEY` and
//! `API_PRIVATE_KEY`, the lines of `dev.env`.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;
use turnkey_api_key_stamper::{Stamp, StampHeader, StamperError, TurnkeyP256ApiKey};
use turnkey_client::TurnkeyClient;

/// A running `keyward dev`.
pub struct Server {
    base_url: String,
    /// The parent organization.
    pub organization_id: String,
    api_public_key: String,
    api_private_key: String,
}

impl Server {
    /// The server that the environment describes.
    pub fn from_environment() -> Self {
        let variable = |name: &str| {
            std::env::var(name)
                .unwrap_or_else(|_| panic!("{name} is not set: see compat/README.md"))
        };
        Self {
            base_url: variable("BASE_URL"),
            organization_id: variable("ORGANIZATION_ID"),
            api_public_key: variable("API_PUBLIC_KEY"),
            api_private_key: variable("API_PRIVATE_KEY"),
        }
    }

    /// The SDK's client, for any credential.
    pub fn client<S: Stamp>(&self, credential: S) -> TurnkeyClient<S> {
        TurnkeyClient::builder().api_key(credential).base_url(&self.base_url).build().unwrap()
    }

    /// The SDK's client for the parent's API key.
    pub fn parent(&self) -> TurnkeyClient<TurnkeyP256ApiKey> {
        let public_key = Some(self.api_public_key.as_str());
        self.client(
            TurnkeyP256ApiKey::from_strings(self.api_private_key.as_str(), public_key).unwrap(),
        )
    }

    /// Moves the server's time, for the rest of its life.
    pub async fn advance_clock(&self, seconds: u32) {
        let request = reqwest::Client::new().post(format!("{}/dev/clock", self.base_url));
        let body = json!({ "advanceSeconds": seconds });
        request.json(&body).send().await.unwrap().error_for_status().unwrap();
    }

    /// The key that signs bundles, in the form that the SDK takes: 130 bytes, hex.
    pub async fn signer_quorum_public_key(&self) -> String {
        let url = format!("{}/.well-known/keyward.json", self.base_url);
        let published: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        published["signerQuorumPublicKey"].as_str().unwrap().to_owned()
    }

    /// The claims of a session JWT, once its signature is right.
    pub async fn read_session_jwt(&self, jwt: &str) -> Value {
        let url = format!("{}/.well-known/keyward.json", self.base_url);
        let published: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let notarizer = hex::decode(published["notarizerPublicKey"].as_str().unwrap()).unwrap();

        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        p256::ecdsa::VerifyingKey::from_sec1_bytes(&notarizer)
            .unwrap()
            .verify_prehash(
                &Sha256::digest(Sha256::digest(signed)),
                &p256::ecdsa::Signature::from_slice(&signature).unwrap(),
            )
            .expect("the session is signed with the published key, over a double hash");
        let (_, payload) = signed.split_once('.').unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }
}

/// Shows a read-only session where other credentials stamp.
pub struct ReadOnlySession(pub String);

impl Stamp for ReadOnlySession {
    fn stamp(&self, _body: &[u8]) -> Result<StampHeader, StamperError> {
        Ok(StampHeader { name: "X-Session".to_owned(), value: self.0.clone() })
    }
}

/// Keccak-256.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// Digest of a personal message. Source: EIP-191, version 0x45.
pub fn eip191_digest(message: &str) -> [u8; 32] {
    keccak256(format!("\x19Ethereum Signed Message:\n{}{message}", message.len()).as_bytes())
}

/// The address, in lower case, that signed a prehash; `r` and `s` in hex, `v` 0 or 1 in hex.
pub fn recover(prehash: &[u8; 32], r: &str, s: &str, v: &str) -> String {
    let signature = Signature::from_slice(&hex::decode(format!("{r}{s}")).unwrap()).unwrap();
    assert!(signature.normalize_s().is_none(), "s is the low one");
    let recovery_id = RecoveryId::from_byte(u8::from_str_radix(v, 16).unwrap()).unwrap();
    let key = VerifyingKey::recover_from_prehash(prehash, &signature, recovery_id).unwrap();
    let point = key.to_encoded_point(false);
    format!("0x{}", hex::encode(&keccak256(&point.as_bytes()[1..])[12..]))
}

/// The address, in lower case, that signed an EIP-1559 transaction, once the transaction signed is
/// the one given. Both in hex. Source: EIP-1559, EIP-2718.
pub fn recover_transaction(unsigned: &str, signed: &str) -> String {
    let (unsigned, signed) = (hex::decode(unsigned).unwrap(), hex::decode(signed).unwrap());
    let fields = rlp_list(unsigned.strip_prefix(&[2]).unwrap());
    let signature = rlp_list(signed.strip_prefix(&[2]).unwrap())
        .strip_prefix(fields)
        .expect("the fields are signed as they were given");
    let (v, rest) = rlp_scalar(signature);
    let (r, rest) = rlp_scalar(rest);
    let (s, rest) = rlp_scalar(rest);
    assert!(rest.is_empty());
    let word = |bytes: &[u8]| format!("{:0>64}", hex::encode(bytes));
    recover(&keccak256(&unsigned), &word(r), &word(s), &format!("{:0>2}", hex::encode(v)))
}

/// The content of the one RLP list that `bytes` is.
fn rlp_list(bytes: &[u8]) -> &[u8] {
    let header = match bytes[0] {
        0xc0..=0xf7 => 1,
        long => 1 + usize::from(long - 0xf7),
    };
    &bytes[header..]
}

/// The first item of an RLP list's content, a string of at most 55 bytes, and what follows it.
fn rlp_scalar(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes[0] {
        0..0x80 => bytes.split_at(1),
        head => bytes[1..].split_at(usize::from(head - 0x80)),
    }
}
