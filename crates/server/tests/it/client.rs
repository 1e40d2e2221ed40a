//! Somebody who sends requests.

use std::sync::Arc;

use keyward_crypto::{Ed25519PrivateKey, P256PrivateKey, Secp256k1PrivateKey, os_rng};
use keyward_protocol::stamp::{AttestedScheme, SoftwareAuthenticator, make};
use keyward_protocol::{activities, queries};
use serde_json::{Value, json};

use crate::server::{Answer, Header, Server, header};

/// What a client proves itself with.
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// `X-Stamp`.
    ApiKey(P256PrivateKey),
    /// `X-Stamp-Webauthn`.
    Passkey(SoftwareAuthenticator),
    /// `X-Session`.
    Session(String),
    /// `X-Stamp-Attested`: a key, and the token that vouches for it.
    Attested(P256PrivateKey, AttestedScheme, String),
    /// `X-Stamp` by a secp256k1 key that is no wallet's.
    Secp256k1(Secp256k1PrivateKey),
    /// `X-Stamp` by an Ethereum wallet.
    Ethereum(Secp256k1PrivateKey),
    /// `X-Stamp` by a Solana wallet.
    Solana(Ed25519PrivateKey),
}

impl Credential {
    /// A new P-256 key.
    pub(crate) fn api_key() -> Self {
        Self::ApiKey(P256PrivateKey::generate(&mut os_rng()))
    }

    /// A new passkey.
    pub(crate) fn passkey() -> Self {
        let origin = "https://app.example.com";
        Self::Passkey(SoftwareAuthenticator::generate(&mut os_rng(), "app.example.com", origin))
    }

    /// The headers that go with a body.
    pub(crate) fn headers(&self, body: &[u8]) -> Vec<Header> {
        match self {
            Self::None => Vec::new(),
            Self::ApiKey(key) => vec![header("x-stamp", make::p256(key, body))],
            Self::Passkey(passkey) => vec![header("x-stamp-webauthn", passkey.stamp(body))],
            Self::Session(token) => vec![header("x-session", token.as_str())],
            Self::Attested(key, scheme, token) => {
                vec![header("x-stamp-attested", make::attested(key, *scheme, token, body))]
            }
            Self::Secp256k1(key) => vec![header("x-stamp", make::secp256k1(key, body))],
            Self::Ethereum(key) => vec![header("x-stamp", make::eip191(key, body))],
            Self::Solana(key) => vec![header("x-stamp", make::ed25519(key, body))],
        }
    }

    /// The public key of an API key, hex; compressed where its curve has points to compress.
    pub(crate) fn public_key(&self) -> String {
        match self {
            Self::ApiKey(key) | Self::Attested(key, ..) => {
                hex::encode(key.public_key().compressed())
            }
            Self::Secp256k1(key) | Self::Ethereum(key) => {
                hex::encode(key.public_key().compressed())
            }
            Self::Solana(key) => hex::encode(key.public_key().to_bytes()),
            Self::None | Self::Passkey(_) | Self::Session(_) => panic!("not an API key"),
        }
    }

    /// An API key as it is registered.
    pub(crate) fn as_api_key(&self, name: &str) -> Value {
        let curve = match self {
            Self::Secp256k1(_) | Self::Ethereum(_) => "API_KEY_CURVE_SECP256K1",
            Self::Solana(_) => "API_KEY_CURVE_ED25519",
            _ => "API_KEY_CURVE_P256",
        };
        json!({ "apiKeyName": name, "publicKey": self.public_key(), "curveType": curve })
    }

    /// A passkey as it is registered.
    pub(crate) fn as_authenticator(&self, name: &str) -> Value {
        let Self::Passkey(passkey) = self else { panic!("not a passkey") };
        let challenge = "Y2hhbGxlbmdl";
        let attestation = passkey.register(challenge);
        json!({
            "authenticatorName": name,
            "challenge": challenge,
            "attestation": {
                "credentialId": attestation.credential_id,
                "clientDataJson": attestation.client_data_json,
                "attestationObject": attestation.attestation_object,
                "transports": ["AUTHENTICATOR_TRANSPORT_INTERNAL"],
            },
        })
    }
}

/// A credential used for requests about one organization.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) server: Arc<Server>,
    pub(crate) organization: String,
    pub(crate) credential: Arc<Credential>,
}

impl Client {
    pub(crate) fn new(server: &Arc<Server>, organization: &str, credential: Credential) -> Self {
        let (server, organization) = (server.clone(), organization.to_owned());
        Self { server, organization, credential: Arc::new(credential) }
    }

    /// The same credential, for requests about another organization.
    pub(crate) fn about(&self, organization: &str) -> Self {
        Self { organization: organization.to_owned(), ..self.clone() }
    }

    /// Another credential, for requests about the same organization.
    pub(crate) fn with(&self, credential: Credential) -> Self {
        Self { credential: Arc::new(credential), ..self.clone() }
    }

    /// The public key of its API key: compressed, hex.
    pub(crate) fn public_key(&self) -> String {
        self.credential.public_key()
    }

    /// The body of a submission of the current type of a route.
    pub(crate) fn submission(&self, route: &str, parameters: &Value) -> Vec<u8> {
        self.submission_of(current_type(route), parameters)
    }

    /// The body of a submission of this type.
    pub(crate) fn submission_of(&self, kind: &str, parameters: &Value) -> Vec<u8> {
        let body = json!({
            "type": kind,
            "timestampMs": self.server.timestamp(),
            "organizationId": self.organization,
            "parameters": parameters,
        });
        body.to_string().into_bytes()
    }

    /// Posts a body to a submission's path, stamped.
    pub(crate) async fn post_submission(&self, route: &str, body: &[u8]) -> Answer {
        let path = submission_path(route);
        self.server.post(&path, &self.credential.headers(body), body).await
    }

    /// Posts a body to a query's path, stamped.
    pub(crate) async fn post_query(&self, route: &str, body: &[u8]) -> Answer {
        let path = query_path(route);
        self.server.post(&path, &self.credential.headers(body), body).await
    }

    /// Submits an activity.
    pub(crate) async fn submit(&self, route: &str, parameters: Value) -> Answer {
        self.post_submission(route, &self.submission(route, &parameters)).await
    }

    /// Submits an activity that must succeed, and returns the content of its result.
    pub(crate) async fn done(&self, route: &str, parameters: Value) -> Value {
        let activity = self.submit(route, parameters).await.activity();
        assert_eq!(activity["status"], "ACTIVITY_STATUS_COMPLETED", "{activity}");
        content(&activity["result"])
    }

    /// Submits an activity of this type that must succeed, and returns the content of its result.
    pub(crate) async fn done_as(&self, kind: &str, route: &str, parameters: Value) -> Value {
        let body = self.submission_of(kind, &parameters);
        let activity = self.post_submission(route, &body).await.activity();
        assert_eq!(activity["status"], "ACTIVITY_STATUS_COMPLETED", "{activity}");
        content(&activity["result"])
    }

    /// Asks a query; `organizationId` is added.
    pub(crate) async fn query(&self, route: &str, mut body: Value) -> Answer {
        body["organizationId"] = json!(self.organization);
        self.post_query(route, body.to_string().as_bytes()).await
    }

    /// Asks a query that must succeed.
    pub(crate) async fn read(&self, route: &str, body: Value) -> Value {
        self.query(route, body).await.ok()
    }

    /// Opens a read-write session with this credential: a client with the session's key.
    pub(crate) async fn log_in(&self, seconds: u64) -> Self {
        let key = Credential::api_key();
        let parameters =
            json!({ "publicKey": key.public_key(), "expirationSeconds": seconds.to_string() });
        let activity = self.submit("stamp_login", parameters).await.activity();
        let organization = activity["organizationId"].as_str().unwrap();
        self.with(key).about(organization)
    }

    /// Opens a read-only session with this credential: a client with the session's token.
    pub(crate) async fn read_only(&self) -> Self {
        let result = self.done("create_read_only_session", json!({})).await;
        let organization = result["organizationId"].as_str().unwrap();
        self.with(Credential::Session(text(&result["session"]))).about(organization)
    }

    /// Everything that the organization shows of itself, to see whether it has changed.
    pub(crate) async fn sight(&self) -> Vec<Value> {
        let hundred = json!({ "paginationOptions": { "limit": "100" } });
        let mut sight = vec![self.read("list_activities", hundred).await];
        for route in ["get_organization", "list_users", "list_wallets", "list_wallet_accounts"] {
            sight.push(self.read(route, json!({})).await);
        }
        sight
    }
}

/// Where activities of a route are submitted.
pub(crate) fn submission_path(route: &str) -> String {
    let entry = activities::REGISTRY.iter().find(|entry| entry.route == route);
    let namespace = entry.map(|entry| entry.namespace).unwrap_or_default();
    format!("/{}/submit/{route}", namespace.as_str())
}

/// Where queries of a route are asked.
pub(crate) fn query_path(route: &str) -> String {
    let entry = queries::REGISTRY.iter().find(|entry| entry.route == route);
    let namespace = entry.map(|entry| entry.namespace).unwrap_or_default();
    format!("/{}/query/{route}", namespace.as_str())
}

/// The newest type that a route takes.
pub(crate) fn current_type(route: &str) -> &'static str {
    let entry = activities::REGISTRY.iter().find(|entry| entry.route == route);
    let entry = entry.unwrap_or_else(|| panic!("{route} is no activity"));
    entry.versions().first().unwrap().kind
}

/// The value of the one member of an intent or result.
pub(crate) fn content(wrapped: &Value) -> Value {
    let members = wrapped.as_object().unwrap_or_else(|| panic!("not an object: {wrapped}"));
    assert_eq!(members.len(), 1, "{wrapped}");
    members.values().next().unwrap().clone()
}

/// A string out of JSON.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}
