//! The ports, over objects of JavaScript. What a browser does, and how, is in `packages/client/src`.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use js_sys::{Array, Function, Reflect, Uint8Array};
use keyward_client::ports::{
    Clock, Guard, HttpRequest, HttpResponse, KeyProtection, KeyStore, PasskeyAssertion,
    PasskeyAttestation, PasskeyError, PasskeyRequest, Passkeys, SessionStore, StoreError,
    StoredKey, Transport, TransportError, Wallet, WalletError, WalletKind,
};
use keyward_client::protocol::wire::Timestamp;
use keyward_client::{MemoryKeyStore, MemorySessionStore, Ports};
use keyward_crypto::{EcdsaSignature, P256PrivateKey};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::{passkey_error, store_error, transport_error, wallet_error};
use crate::riskier::RiskierLocalStorageKeyStore;

#[wasm_bindgen]
extern "C" {
    /// What `platform.js` chose.
    pub type Platform;
    #[wasm_bindgen(method, getter)]
    fn protection(this: &Platform) -> String;
    #[wasm_bindgen(method, getter)]
    fn transport(this: &Platform) -> JsTransport;
    #[wasm_bindgen(method, getter)]
    fn keys(this: &Platform) -> JsKeys;
    #[wasm_bindgen(method, getter)]
    fn texts(this: &Platform) -> JsTexts;
    #[wasm_bindgen(method, getter)]
    fn clock(this: &Platform) -> JsClock;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn passkeys(this: &Platform) -> JsPasskeys;

    /// Sends. `headers` are names and values in turn, in both directions.
    pub type JsTransport;
    #[wasm_bindgen(method, catch)]
    async fn send(
        this: &JsTransport,
        method: &str,
        url: &str,
        headers: Array,
        body: &str,
    ) -> Result<JsValue, JsValue>;

    /// Keeps keys of `WebCrypto`.
    pub type JsKeys;
    #[wasm_bindgen(method, catch)]
    async fn generate(this: &JsKeys, now_ms: u64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn import(
        this: &JsKeys,
        public_key: &str,
        x: &str,
        y: &str,
        d: &str,
        now_ms: u64,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn list(this: &JsKeys) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn sign(this: &JsKeys, public_key: &str, message: Uint8Array)
    -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn delete(this: &JsKeys, public_key: &str) -> Result<JsValue, JsValue>;

    /// Keeps texts.
    #[derive(Clone)]
    pub type JsTexts;
    #[wasm_bindgen(method, catch)]
    async fn get(this: &JsTexts, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn set(this: &JsTexts, name: &str, text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn remove(this: &JsTexts, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn names(this: &JsTexts) -> Result<JsValue, JsValue>;
    /// Gives the function that releases it.
    #[wasm_bindgen(method, catch)]
    async fn lock(this: &JsTexts, name: &str) -> Result<JsValue, JsValue>;

    /// Tells the time.
    pub type JsClock;
    #[wasm_bindgen(method)]
    fn now(this: &JsClock) -> u64;
    #[wasm_bindgen(method)]
    async fn sleep(this: &JsClock, ms: u64);

    /// Makes and uses passkeys.
    pub type JsPasskeys;
    #[wasm_bindgen(method, catch)]
    async fn create(
        this: &JsPasskeys,
        challenge: Uint8Array,
        user_id: Uint8Array,
        user_name: &str,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = "get")]
    async fn assert(this: &JsPasskeys, challenge: Uint8Array) -> Result<JsValue, JsValue>;

    /// A wallet of the user's.
    pub type JsWallet;
    #[wasm_bindgen(method, getter)]
    fn kind(this: &JsWallet) -> String;
    #[wasm_bindgen(method, getter, js_name = "publicKey")]
    fn public_key(this: &JsWallet) -> Option<String>;
    #[wasm_bindgen(method, catch, js_name = "signMessage")]
    async fn sign_message(this: &JsWallet, message: &str) -> Result<JsValue, JsValue>;
}

impl Platform {
    /// What the core asks for.
    pub(crate) fn ports(&self) -> Ports {
        let (keys, sessions): (Arc<dyn KeyStore>, Arc<dyn SessionStore>) =
            match self.protection().as_str() {
                "unextractable" => (Arc::new(Keys(self.keys())), Arc::new(Texts(self.texts()))),
                "local_storage" => {
                    let texts = Texts(self.texts());
                    let keys = RiskierLocalStorageKeyStore::new(texts.clone());
                    (Arc::new(keys), Arc::new(texts))
                }
                _ => (Arc::new(MemoryKeyStore::default()), Arc::new(MemorySessionStore::default())),
            };
        let transport = Arc::new(Fetch(self.transport()));
        Ports { transport, keys, sessions, clock: Arc::new(BrowserClock(self.clock())) }
    }
}

/// A text in an object.
fn text(object: &JsValue, member: &str) -> String {
    let value = Reflect::get(object, &member.into()).ok();
    value.and_then(|value| value.as_string()).unwrap_or_default()
}

/// The texts in an array.
fn texts(array: &JsValue) -> Vec<String> {
    Array::from(array).iter().map(|item| item.as_string().unwrap_or_default()).collect()
}

struct Fetch(JsTransport);

#[async_trait(?Send)]
impl Transport for Fetch {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let HttpRequest { method, url, headers, body } = request;
        let sent = Array::new();
        for (name, value) in &headers {
            sent.push(&JsValue::from_str(name));
            sent.push(&JsValue::from_str(value));
        }
        // JSON and forms: texts, byte for byte.
        let body = String::from_utf8(body)
            .map_err(|_| TransportError::Unreachable("the body is no text".to_owned()))?;
        let answer = self.0.send(method, &url, sent, &body).await;
        let answer = answer.map_err(|thrown| transport_error(&thrown))?;
        let status = text(&answer, "status").parse();
        let headers = Reflect::get(&answer, &"headers".into()).map(|headers| texts(&headers));
        let (Ok(status), Ok(headers)) = (status, headers) else {
            return Err(TransportError::Unreachable("no answer".to_owned()));
        };
        let mut headers = headers.into_iter();
        let mut pairs = Vec::new();
        while let (Some(name), Some(value)) = (headers.next(), headers.next()) {
            pairs.push((name, value));
        }
        Ok(HttpResponse { status, headers: pairs, body: text(&answer, "body").into_bytes() })
    }
}

struct Keys(JsKeys);

#[async_trait(?Send)]
impl KeyStore for Keys {
    async fn generate(&self, now: Timestamp) -> Result<StoredKey, StoreError> {
        let made = self.0.generate(now.as_millis()).await;
        let public_key = made.map_err(|thrown| store_error(&thrown))?.as_string();
        let missing = || StoreError::Failed("no public key".to_owned());
        Ok(StoredKey { public_key: public_key.ok_or_else(missing)?, created_at: now })
    }

    async fn import(&self, key: P256PrivateKey, now: Timestamp) -> Result<StoredKey, StoreError> {
        let public = key.public_key();
        let public_key = hex::encode(public.compressed());
        let point = public.uncompressed();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
        // It leaves the wrapper for WebCrypto, which does not give it back.
        let d = URL_SAFE_NO_PAD.encode(key.expose_bytes().expose());
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let kept = self.0.import(&public_key, &x, &y, &d, now.as_millis()).await;
        kept.map_err(|thrown| store_error(&thrown))?;
        Ok(StoredKey { public_key, created_at: now })
    }

    async fn list(&self) -> Result<Vec<StoredKey>, StoreError> {
        let listed = self.0.list().await.map_err(|thrown| store_error(&thrown))?;
        let mut listed = texts(&listed).into_iter();
        let mut keys = Vec::new();
        while let (Some(public_key), Some(created_at_ms)) = (listed.next(), listed.next()) {
            let created_at = Timestamp::from_millis(created_at_ms.parse().unwrap_or(0));
            keys.push(StoredKey { public_key, created_at });
        }
        Ok(keys)
    }

    async fn sign(&self, public_key: &str, message: &[u8]) -> Result<EcdsaSignature, StoreError> {
        let signature = self.0.sign(public_key, Uint8Array::from(message)).await;
        let signature = signature.map_err(|thrown| store_error(&thrown))?;
        if signature.is_undefined() {
            return Err(StoreError::KeyMissing);
        }
        let bytes = Uint8Array::new(&signature).to_vec();
        let bytes: [u8; 64] =
            bytes.try_into().map_err(|_| StoreError::Failed("not a signature".to_owned()))?;
        Ok(EcdsaSignature::from_bytes(&bytes))
    }

    async fn delete(&self, public_key: &str) -> Result<(), StoreError> {
        self.0.delete(public_key).await.map(|_| ()).map_err(|thrown| store_error(&thrown))
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::Unextractable
    }
}

#[derive(Clone)]
pub(crate) struct Texts(JsTexts);

#[async_trait(?Send)]
impl SessionStore for Texts {
    async fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        let found = self.0.get(name).await.map_err(|thrown| store_error(&thrown))?;
        Ok(found.as_string())
    }

    async fn set(&self, name: &str, text: &str) -> Result<(), StoreError> {
        self.0.set(name, text).await.map(|_| ()).map_err(|thrown| store_error(&thrown))
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.0.remove(name).await.map(|_| ()).map_err(|thrown| store_error(&thrown))
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        let names = self.0.names().await.map_err(|thrown| store_error(&thrown))?;
        Ok(texts(&names))
    }

    async fn lock(&self, name: &str) -> Result<Box<dyn Guard>, StoreError> {
        let release = self.0.lock(name).await.map_err(|thrown| store_error(&thrown))?;
        Ok(Box::new(Lock { release: Function::from(release) }))
    }
}

/// Held until it is dropped.
struct Lock {
    release: Function,
}

impl Guard for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        // It does not throw.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

struct BrowserClock(JsClock);

#[async_trait(?Send)]
impl Clock for BrowserClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now())
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.0.sleep(at.as_millis().saturating_sub(self.0.now())).await;
    }
}

pub(crate) struct BrowserPasskeys(pub(crate) JsPasskeys);

#[async_trait(?Send)]
impl Passkeys for BrowserPasskeys {
    async fn create(&self, request: PasskeyRequest) -> Result<PasskeyAttestation, PasskeyError> {
        let challenge = Uint8Array::from(request.challenge.as_slice());
        let user_id = Uint8Array::from(request.user_id.as_slice());
        let made = self.0.create(challenge, user_id, &request.user_name).await;
        let made = made.map_err(|thrown| passkey_error(&thrown))?;
        let transports = Reflect::get(&made, &"transports".into()).unwrap_or_default();
        Ok(PasskeyAttestation {
            credential_id: text(&made, "credentialId"),
            client_data_json: text(&made, "clientDataJson"),
            attestation_object: text(&made, "attestationObject"),
            transports: texts(&transports),
        })
    }

    async fn get(&self, challenge: Vec<u8>) -> Result<PasskeyAssertion, PasskeyError> {
        let signed = self.0.assert(Uint8Array::from(challenge.as_slice())).await;
        let signed = signed.map_err(|thrown| passkey_error(&thrown))?;
        Ok(PasskeyAssertion {
            credential_id: text(&signed, "credentialId"),
            authenticator_data: text(&signed, "authenticatorData"),
            client_data_json: text(&signed, "clientDataJson"),
            signature: text(&signed, "signature"),
        })
    }
}

pub(crate) struct UserWallet(pub(crate) JsWallet);

#[async_trait(?Send)]
impl Wallet for UserWallet {
    fn kind(&self) -> WalletKind {
        match self.0.kind().as_str() {
            "solana" => WalletKind::Solana,
            _ => WalletKind::Ethereum,
        }
    }

    async fn public_key(&self) -> Result<Option<String>, WalletError> {
        Ok(self.0.public_key().map(|key| key.trim_start_matches("0x").to_owned()))
    }

    async fn sign_message(&self, message: &str) -> Result<Vec<u8>, WalletError> {
        let signature = self.0.sign_message(message).await;
        let signature = signature.map_err(|thrown| wallet_error(&thrown))?.as_string();
        let signature = signature.as_deref().map(|text| text.trim_start_matches("0x"));
        signature
            .and_then(|text| hex::decode(text).ok())
            .ok_or_else(|| WalletError::Failed("a signature that is not hex".to_owned()))
    }
}
