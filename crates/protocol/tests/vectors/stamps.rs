//! `stamps*.json`: every stamp is judged as a server would that knows the keys of its family.

use keyward_protocol::stamp::{self, Headers, Presented, StampError, WebAuthnKey};
use keyward_protocol::wire::TurnkeyErrorCode;
use keyward_protocol::wire::enums::ApiKeyCurve;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::folder;

#[derive(Deserialize)]
struct File {
    families: Map<String, Value>,
    fingerprints: Option<Fingerprints>,
}

#[derive(Deserialize)]
struct Family {
    #[serde(default)]
    registered: Vec<ApiKey>,
    #[serde(default)]
    valid: Vec<Case>,
    #[serde(default)]
    invalid: Vec<Case>,
    #[serde(default)]
    tolerated: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    public_key: String,
    curve_type: ApiKeyCurve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    id: String,
    body: String,
    body_sha256: String,
    header_name: String,
    header_value: String,
    expected: String,
    expected_error: Option<Value>,
    challenge: Option<String>,
    context: Option<Passkey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Passkey {
    credential_id: String,
    credential_public_key: String,
    rp_id_hash: Option<String>,
    allowed_origins: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Fingerprints {
    cases: Vec<Fingerprinted>,
}

#[derive(Deserialize)]
struct Fingerprinted {
    name: String,
    body: String,
    fingerprint: String,
}

/// All refusals that stamps can meet travel as HTTP 401, gRPC code 16.
type Verdict = Result<(), TurnkeyErrorCode>;

#[test]
fn every_stamp_has_its_verdict() {
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (name, file) in folder::read("stamps") {
        let file: File =
            serde_json::from_value(file).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (family_name, family) in file.families {
            let family: Family = serde_json::from_value(family)
                .unwrap_or_else(|error| panic!("{name}, {family_name}: {error}"));
            for case in family.valid.iter().chain(&family.invalid).chain(&family.tolerated) {
                let found = written(judge(case, &family.registered));
                let expected = (case.expected.clone(), case.expected_error.clone());
                if found != expected {
                    wrong.push(format!("{name}, {}: {found:?} and not {expected:?}", case.id));
                }
                judged += 1;
            }
        }
    }
    assert!(judged > 0, "no case");
    assert!(wrong.is_empty(), "{} of {judged}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{judged} stamps judged");
}

#[test]
fn every_body_has_its_digest_and_challenge() {
    let mut compared = 0;
    for (name, file) in folder::read("stamps") {
        let file: File = serde_json::from_value(file).unwrap();
        for (_, family) in file.families {
            let family: Family = serde_json::from_value(family).unwrap();
            for case in family.valid.iter().chain(&family.invalid).chain(&family.tolerated) {
                let body = case.body.as_bytes();
                let digest = format!("sha256:{}", case.body_sha256);
                assert_eq!(stamp::fingerprint(body), digest, "{name}, {}", case.id);
                if let Some(challenge) = &case.challenge {
                    let derived = stamp::webauthn_challenge(body);
                    assert_eq!(derived, *challenge, "{name}, {}", case.id);
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no case");
}

#[test]
fn every_fingerprint_is_the_published_one() {
    let mut compared = 0;
    for (name, file) in folder::read("stamps") {
        let file: File = serde_json::from_value(file).unwrap();
        for case in file.fingerprints.map(|found| found.cases).unwrap_or_default() {
            let found = stamp::fingerprint(case.body.as_bytes());
            assert_eq!(found, case.fingerprint, "{name}, {}", case.name);
            compared += 1;
        }
    }
    assert!(compared > 0, "no case");
}

fn written(verdict: Verdict) -> (String, Option<Value>) {
    match verdict {
        Ok(()) => ("accept".to_owned(), None),
        Err(name) => {
            let (grpc, http) = keyward_protocol::wire::Code::Unauthenticated.numbers();
            let error = json!({"http": http, "grpcCode": grpc, "turnkeyErrorCode": name});
            ("reject".to_owned(), Some(error))
        }
    }
}

/// What a server does between the socket and the rules: read, look up, verify.
fn judge(case: &Case, registered: &[ApiKey]) -> Verdict {
    let name = |error: StampError| error.name();
    let body = case.body.as_bytes();
    match Presented::parse(&headers(case)).map_err(name)? {
        Presented::ApiKey(stamp) => {
            let key = registered
                .iter()
                .find(|key| key.public_key.to_lowercase() == stamp.public_key)
                .ok_or(TurnkeyErrorCode::PublicKeyNotFound)?;
            if !stamp.scheme.fits(key.curve_type) {
                return Err(StampError::SchemeMismatch.name());
            }
            stamp.verify(body).map_err(name)
        }
        Presented::WebAuthn(stamp) => {
            let passkey = case.context.as_ref().ok_or(TurnkeyErrorCode::CredentialNotFound)?;
            if passkey.credential_id != stamp.credential_id {
                return Err(TurnkeyErrorCode::CredentialNotFound);
            }
            let key = passkey.key().ok_or(TurnkeyErrorCode::CredentialNotFound)?;
            stamp.verify(body, &key, passkey.allowed_origins.as_deref()).map_err(name)
        }
        Presented::Attested(stamp) => stamp.verify(body).map_err(name),
        Presented::Session(_) => Err(TurnkeyErrorCode::Unauthenticated),
        Presented::Nothing => Err(TurnkeyErrorCode::SignatureMissing),
    }
}

fn headers(case: &Case) -> Headers<'_> {
    let value = Some(case.header_value.as_bytes());
    match case.header_name.to_lowercase().as_str() {
        "x-stamp" => Headers { stamp: value, ..Headers::default() },
        "x-stamp-webauthn" => Headers { webauthn: value, ..Headers::default() },
        "x-stamp-attested" => Headers { attested: value, ..Headers::default() },
        "x-session" => Headers { session: value, ..Headers::default() },
        other => panic!("{}: unknown header {other}", case.id),
    }
}

impl Passkey {
    /// `None` when it could not have been registered.
    fn key(&self) -> Option<WebAuthnKey> {
        use base64::Engine;
        let cose = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(&self.credential_public_key)
            .unwrap();
        let rp_id_hash = self.rp_id_hash.as_ref().map(|hash| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(hash, &mut bytes).unwrap();
            bytes
        });
        WebAuthnKey::from_cose(&cose, rp_id_hash).ok()
    }
}
