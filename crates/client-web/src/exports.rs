//! What `packages/client/src/index.js` calls.

use std::pin::Pin;
use std::sync::Arc;

use js_sys::{Function, Promise};
use keyward_client::ports::{Passkeys, Wallet};
use keyward_client::{
    ApiKeyStamper, Client, ClientError, Event, OauthProvider, PasskeyStamper, Session,
    SessionClaims, SignUp, Stamper, WalletStamper,
};
use keyward_crypto::P256PublicKey;
use serde_json::json;
use tokio::sync::Notify;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crate::convert::{
    AccountOptions, ContactOptions, Options, SignUpOptions, from_js, log_in, to_js,
};
use crate::error::thrown;
use crate::platform::{BrowserPasskeys, JsWallet, Platform, UserWallet};

#[wasm_bindgen]
extern "C" {
    /// Who vouches for a request: one of these, and a session when none of the others.
    pub type Vouching;
    #[wasm_bindgen(method, getter)]
    fn passkey(this: &Vouching) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = "apiKey")]
    fn api_key(this: &Vouching) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn wallet(this: &Vouching) -> Option<JsWallet>;
    #[wasm_bindgen(method, getter)]
    fn session(this: &Vouching) -> Option<String>;
}

/// The client.
#[derive(Clone)]
#[wasm_bindgen]
pub struct Core {
    client: Client,
    passkeys: Arc<dyn Passkeys>,
    closed: Arc<Notify>,
}

type Outcome = Result<JsValue, ClientError>;

/// The one way in which futures become promises: each other one would be downloaded too.
fn promise(future: Pin<Box<dyn Future<Output = Outcome>>>) -> Promise {
    future_to_promise(async move { future.await.map_err(thrown) })
}

fn shown(session: Result<Session, ClientError>) -> Outcome {
    session.map(|session| to_js(&session))
}

fn sign_up(value: &JsValue) -> Result<SignUp, ClientError> {
    Ok(from_js::<Option<SignUpOptions>>(value)?.unwrap_or_default().into())
}

#[wasm_bindgen]
impl Core {
    /// Over what `platform.js` chose.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, platform: &Platform) -> Result<Core, JsValue> {
        let config = from_js::<Options>(options).map_err(thrown)?.into();
        let passkeys = Arc::new(BrowserPasskeys(platform.passkeys()));
        let client = Client::new(config, platform.ports());
        Ok(Self { client, passkeys, closed: Arc::default() })
    }

    /// How well keys are guarded.
    #[wasm_bindgen(getter, js_name = "keyProtection")]
    pub fn key_protection(&self) -> String {
        self.client.key_protection().as_str().to_owned()
    }

    /// The server's time, in milliseconds.
    pub fn now(&self) -> u64 {
        self.client.now().as_millis()
    }

    /// Asks for the server's time, in milliseconds.
    #[wasm_bindgen(js_name = "syncTime")]
    pub fn sync_time(&self) -> Promise {
        let core = self.clone();
        promise(Box::pin(
            async move { core.client.sync_time().await.map(|now| now.as_millis().into()) },
        ))
    }

    /// Tells a function of every event: the event, and whether it is from elsewhere.
    pub fn listen(&self, listener: Function) {
        self.client.listen(Box::new(move |event: &Event| {
            // It does not throw.
            let _ = listener.call2(
                &JsValue::UNDEFINED,
                &to_js(event),
                &JsValue::from_bool(event.from_elsewhere),
            );
        }));
    }

    /// Another tab had an event. What is none is not heard.
    pub fn heard(&self, event: &JsValue) {
        if let Ok(event) = from_js::<Event>(event) {
            self.client.heard(&event);
        }
    }

    /// Looks after sessions until it is closed.
    pub fn run(&self) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            tokio::select! {
                () = core.client.run() => {}
                () = core.closed.notified() => {}
            }
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Looks after sessions no more.
    pub fn close(&self) {
        self.closed.notify_one();
    }

    /// Looks after sessions at once.
    pub fn wake(&self) {
        self.client.wake();
    }

    /// Every session.
    pub fn sessions(&self) -> Promise {
        let core = self.clone();
        promise(Box::pin(
            async move { core.client.sessions().await.map(|sessions| to_js(&sessions)) },
        ))
    }

    /// One session, the active one when there is no name.
    pub fn session(&self, name: Option<String>) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move { shown(core.client.session(name.as_deref()).await) }))
    }

    /// The active session's name.
    pub fn active(&self) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move { core.client.active().await.map(JsValue::from) }))
    }

    /// Makes a session the active one.
    #[wasm_bindgen(js_name = "setActive")]
    pub fn set_active(&self, name: String) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            core.client.set_active(&name).await.map(|()| JsValue::UNDEFINED)
        }))
    }

    /// Refreshes a session.
    pub fn refresh(&self, name: Option<String>) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move { shown(core.client.refresh(name.as_deref()).await) }))
    }

    /// Ends a session; whether on the server too.
    #[wasm_bindgen(js_name = "logOut")]
    pub fn log_out(&self, name: Option<String>) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let ended = core.client.log_out(name.as_deref()).await;
            ended.map(|ended| ended.ended_on_server.into())
        }))
    }

    /// Ends all sessions of the user.
    #[wasm_bindgen(js_name = "logOutEverywhere")]
    pub fn log_out_everywhere(&self, name: Option<String>) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            core.client.log_out_everywhere(name.as_deref()).await.map(|()| JsValue::UNDEFINED)
        }))
    }

    /// Deletes what no session needs.
    #[wasm_bindgen(js_name = "cleanUp")]
    pub fn clean_up(&self) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move { core.client.clean_up().await.map(|()| JsValue::UNDEFINED) }))
    }

    /// Makes a passkey and an account for it.
    #[wasm_bindgen(js_name = "signUpWithPasskey")]
    pub fn sign_up_with_passkey(&self, new: JsValue, options: JsValue) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let (new, options) = (sign_up(&new)?, log_in(&options)?);
            shown(core.client.sign_up_with_passkey(core.passkeys.clone(), &new, &options).await)
        }))
    }

    /// Logs in with a passkey.
    #[wasm_bindgen(js_name = "logInWithPasskey")]
    pub fn log_in_with_passkey(&self, options: JsValue) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let options = log_in(&options)?;
            shown(core.client.log_in_with_passkey(core.passkeys.clone(), &options).await)
        }))
    }

    /// Sends a code; its id.
    #[wasm_bindgen(js_name = "beginOtp")]
    pub fn begin_otp(&self, contact: JsValue, is_plain: bool) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let contact = from_js::<ContactOptions>(&contact)?.into();
            let begun = core.client.begin_otp(&contact, is_plain).await;
            begun.map(|begun| begun.otp_id.into())
        }))
    }

    /// Logs in with a code.
    #[wasm_bindgen(js_name = "completeOtp")]
    pub fn complete_otp(
        &self,
        otp_id: String,
        code: String,
        account: JsValue,
        options: JsValue,
    ) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let account = from_js::<AccountOptions>(&account)?.into();
            let options = log_in(&options)?;
            shown(core.client.complete_otp(&otp_id, &code, &account, &options).await)
        }))
    }

    /// Begins at an identity provider: `{ url, state }`.
    #[wasm_bindgen(js_name = "beginOauth")]
    pub fn begin_oauth(&self, provider: JsValue, options: JsValue) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let provider: OauthProvider = from_js(&provider)?;
            let options = log_in(&options)?;
            let begun = core.client.begin_oauth(&provider, &options).await?;
            Ok(to_js(&json!({ "url": begun.url, "state": begun.state })))
        }))
    }

    /// Logs in with what the provider sent back.
    #[wasm_bindgen(js_name = "completeOauth")]
    pub fn complete_oauth(&self, returned_url: String, account: JsValue) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let account = from_js::<AccountOptions>(&account)?.into();
            shown(core.client.complete_oauth(&returned_url, &account).await)
        }))
    }

    /// Logs in with a wallet.
    #[wasm_bindgen(js_name = "logInWithWallet")]
    pub fn log_in_with_wallet(
        &self,
        wallet: JsWallet,
        account: JsValue,
        options: JsValue,
    ) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let account = from_js::<AccountOptions>(&account)?.into();
            let options = log_in(&options)?;
            let wallet = Arc::new(UserWallet(wallet));
            shown(core.client.log_in_with_wallet(wallet, &account, &options).await)
        }))
    }

    /// Logs in with an API key: P-256, hex.
    #[wasm_bindgen(js_name = "logInWithApiKey")]
    pub fn log_in_with_api_key(&self, private_key: String, options: JsValue) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let options = log_in(&options)?;
            let stamper = Arc::new(ApiKeyStamper::from_hex(&private_key)?);
            shown(core.client.log_in(stamper, "api_key", &options).await)
        }))
    }

    /// Opens a read-only session.
    #[wasm_bindgen(js_name = "logInReadOnly")]
    pub fn log_in_read_only(&self, by: Vouching, options: JsValue) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let options = log_in(&options)?;
            let (stamper, method) = core.stamper(&by).await?;
            shown(core.client.log_in_read_only(stamper, &method, &options).await)
        }))
    }

    /// What a bundle is to be sealed to.
    #[wasm_bindgen(js_name = "beginBundle")]
    pub fn begin_bundle(&self) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            core.client.begin_bundle().await.map(|target| target.public_key.into())
        }))
    }

    /// Logs in with a bundle.
    #[wasm_bindgen(js_name = "completeBundle")]
    pub fn complete_bundle(
        &self,
        target_public_key: String,
        bundle: String,
        options: JsValue,
    ) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let options = log_in(&options)?;
            shown(core.client.complete_bundle(&target_public_key, &bundle, &options).await)
        }))
    }

    /// Asks, as a session unless somebody else vouches.
    pub fn call(
        &self,
        route: String,
        parameters: JsValue,
        session: Option<String>,
        organization_id: Option<String>,
        by: Option<Vouching>,
    ) -> Promise {
        let core = self.clone();
        promise(Box::pin(async move {
            let parameters = from_js(&parameters)?;
            let caller = match (by, session) {
                (Some(by), _) => core.client.stamped_by(core.stamper(&by).await?.0),
                (None, Some(name)) => core.client.named(&name),
                (None, None) => core.client.as_active(),
            };
            let caller = match organization_id {
                Some(id) => caller.in_organization(&id),
                None => caller,
            };
            caller.call(&route, parameters).await.map(|answer| to_js(&answer))
        }))
    }
}

impl Core {
    /// Who vouches, and by which method.
    async fn stamper(&self, by: &Vouching) -> Result<(Arc<dyn Stamper>, String), ClientError> {
        if by.passkey() == Some(true) {
            let stamper = PasskeyStamper::new(self.passkeys.clone());
            return Ok((Arc::new(stamper), "passkey".to_owned()));
        }
        if let Some(key) = by.api_key() {
            return Ok((Arc::new(ApiKeyStamper::from_hex(&key)?), "api_key".to_owned()));
        }
        if let Some(wallet) = by.wallet() {
            let wallet: Arc<dyn Wallet> = Arc::new(UserWallet(wallet));
            return Ok((Arc::new(WalletStamper::new(wallet)), "wallet".to_owned()));
        }
        let name = by.session();
        let session = self.client.session(name.as_deref()).await?;
        let stamper = self.client.stamper_of(Some(&session.name)).await?;
        Ok((stamper, session.method))
    }
}

/// Reads a session token that the notarizer signed; `null` when it is none.
#[wasm_bindgen(js_name = "verifySessionToken")]
pub fn verify_session_token(token: &str, notarizer: &str) -> Result<JsValue, JsValue> {
    let invalid = || {
        let reason = "not a P-256 public key in hex".to_owned();
        thrown(ClientError::InvalidInput(reason))
    };
    let point = hex::decode(notarizer).map_err(|_| invalid())?;
    let notarizer = P256PublicKey::from_sec1(&point).map_err(|_| invalid())?;
    let Some(claims) = SessionClaims::verify(token, &notarizer) else { return Ok(JsValue::NULL) };
    Ok(to_js(&json!({
        "exp": claims.exp,
        "publicKey": claims.public_key,
        "sessionType": claims.session_type,
        "userId": claims.user_id,
        "organizationId": claims.organization_id,
        "sessionProfileId": claims.session_profile_id,
    })))
}
