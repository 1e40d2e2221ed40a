//! A server, and a client of it in memory.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_client::native::{HttpTransport, SystemClock};
use keyward_client::ports::{
    HttpRequest, PasskeyAssertion, PasskeyAttestation, PasskeyError, PasskeyRequest, Passkeys,
    Transport,
};
use keyward_client::protocol::stamp::SoftwareAuthenticator;
use keyward_client::{Client, Config, MemoryKeyStore, MemorySessionStore, Ports};
use keyward_crypto::os_rng;
use keyward_server::TestServer;
use serde_json::Value;

pub(crate) struct World {
    pub(crate) server: TestServer,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = TestServer::start().await;
        let organization = server.root.organization.to_string();
        let config = Config::new(&server.base_url, &organization).with_auth_proxy(&organization);
        let ports = Ports {
            transport: Arc::new(HttpTransport::new()),
            keys: Arc::new(MemoryKeyStore::default()),
            sessions: Arc::new(MemorySessionStore::default()),
            clock: Arc::new(SystemClock),
        };
        Self { server, client: Client::new(config, ports) }
    }

    /// Where a page of the server sends the browser.
    pub(crate) async fn redirect(&self, url: &str) -> String {
        let request = HttpRequest {
            method: "GET",
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let answer = HttpTransport::new().send(request).await.unwrap();
        answer.header("location").unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }
}

/// A passkey without hardware that can be told not to be used.
pub(crate) struct Authenticator {
    authenticator: SoftwareAuthenticator,
    is_cancelled: bool,
}

impl Authenticator {
    pub(crate) fn new() -> Self {
        let authenticator =
            SoftwareAuthenticator::generate(&mut os_rng(), "localhost", "http://localhost");
        Self { authenticator, is_cancelled: false }
    }

    /// One that the user says no to.
    pub(crate) fn cancelled() -> Self {
        Self { is_cancelled: true, ..Self::new() }
    }
}

#[async_trait]
impl Passkeys for Authenticator {
    async fn create(&self, request: PasskeyRequest) -> Result<PasskeyAttestation, PasskeyError> {
        if self.is_cancelled {
            return Err(PasskeyError::Cancelled);
        }
        assert!(request.challenge.len() == 32 && request.user_id.len() <= 64, "{request:?}");
        let made = self.authenticator.register(&URL_SAFE_NO_PAD.encode(request.challenge));
        let transports = made.transports.iter().map(|transport| {
            let Value::String(name) = serde_json::to_value(transport).unwrap() else { panic!() };
            name
        });
        Ok(PasskeyAttestation {
            credential_id: made.credential_id,
            client_data_json: made.client_data_json,
            attestation_object: made.attestation_object,
            transports: transports.collect(),
        })
    }

    async fn get(&self, challenge: Vec<u8>) -> Result<PasskeyAssertion, PasskeyError> {
        if self.is_cancelled {
            return Err(PasskeyError::Cancelled);
        }
        let stamp = self.authenticator.assert(&URL_SAFE_NO_PAD.encode(challenge));
        let stamp: Value = serde_json::from_str(&stamp).unwrap();
        let member = |name: &str| stamp[name].as_str().unwrap().to_owned();
        Ok(PasskeyAssertion {
            credential_id: member("credentialId"),
            authenticator_data: member("authenticatorData"),
            client_data_json: member("clientDataJson"),
            signature: member("signature"),
        })
    }
}
