//! The client as other languages see it: the flows of the core, with types converted on the way.

use std::sync::{Arc, Mutex, PoisonError};

use keyward_client as core;
use keyward_client::native::HttpTransport;
use keyward_client::{ApiKeyStamper, ClientError, PasskeyStamper, Ports, WalletStamper};
use keyward_crypto::{EcdsaSignature, P256PublicKey};
use keyward_protocol::stamp::{Scheme, make};
use tokio::task::AbortHandle;

use crate::error::KeywardError;
use crate::ports::{
    self, Clock, EventListener, ForeignPasskeys, ForeignStamper, ForeignTransport, ForeignWallet,
    Passkeys, SecureStorage, Stamp, Stamper, Transport, Wallet,
};
use crate::storage::StorageStore;
use crate::types::{
    Account, BundleTarget, Caller, Config, Contact, Event, LogIn, LoggedOut, OauthProvider,
    OauthRequest, OtpRequest, Route, Session, SessionClaims, SignUp, Vouching,
};

/// A client of one application.
#[derive(uniffi::Object)]
pub struct KeywardClient {
    client: core::Client,
    passkeys: Option<Arc<dyn core::ports::Passkeys>>,
    running: Mutex<Option<AbortHandle>>,
}

impl KeywardClient {
    fn passkeys(&self) -> Result<Arc<dyn core::ports::Passkeys>, ClientError> {
        self.passkeys.clone().ok_or(ClientError::NotConfigured("passkeys"))
    }

    /// A stamper, and what a session that it opens says of it.
    async fn stamper(
        &self,
        by: Vouching,
    ) -> Result<(Arc<dyn core::Stamper>, String), KeywardError> {
        let (stamper, method): (Arc<dyn core::Stamper>, &str) = match by {
            Vouching::Passkey => (Arc::new(PasskeyStamper::new(self.passkeys()?)), "passkey"),
            Vouching::ApiKey { private_key } => {
                (Arc::new(ApiKeyStamper::from_hex(&private_key)?), "api_key")
            }
            Vouching::Wallet { wallet } => {
                let wallet = Arc::new(ForeignWallet::ask(wallet).await?);
                (Arc::new(WalletStamper::new(wallet)), "wallet")
            }
            Vouching::Session { name } => {
                let stamper = self.client.stamper_of(name.as_deref()).await?;
                let method = self.client.session(name.as_deref()).await?.method;
                return Ok((stamper, method));
            }
            Vouching::Stamper { stamper } => (Arc::new(ForeignStamper(stamper)), "stamper"),
        };
        Ok((stamper, method.to_owned()))
    }
}

fn log_in(asked: Option<LogIn>) -> core::LogIn {
    asked.map_or_else(core::LogIn::default, core::LogIn::from)
}

#[uniffi::export(async_runtime = "tokio")]
impl KeywardClient {
    /// A client over this storage. Does nothing yet: sessions of an earlier run are found when asked for.
    ///
    /// Without a transport it sends by itself, over TLS with the certificates it finds where Linux, macOS
    /// and Windows keep them; on iOS and Android lend one. A clock is for tests.
    #[uniffi::constructor(default(passkeys = None, listener = None, transport = None, clock = None))]
    pub fn new(
        config: Config,
        storage: Arc<dyn SecureStorage>,
        passkeys: Option<Arc<dyn Passkeys>>,
        listener: Option<Arc<dyn EventListener>>,
        transport: Option<Arc<dyn Transport>>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Self {
        let config = core::Config::from(config);
        let store = Arc::new(StorageStore::of_namespace(storage, &config.namespace));
        let ports = Ports {
            transport: match transport {
                Some(transport) => Arc::new(ForeignTransport(transport)),
                None => Arc::new(HttpTransport::new()),
            },
            keys: store.clone(),
            sessions: store,
            clock: ports::clock(clock),
        };
        let client = core::Client::new(config, ports);
        if let Some(listener) = listener {
            client.listen(Box::new(move |event| {
                if let Some(event) = Event::read(event) {
                    // What it throws is its own business.
                    let _ = listener.on_event(event);
                }
            }));
        }
        let passkeys = passkeys.map(|passkeys| {
            let passkeys: Arc<dyn core::ports::Passkeys> = Arc::new(ForeignPasskeys(passkeys));
            passkeys
        });
        Self { client, passkeys, running: Mutex::default() }
    }

    /// The server's time in milliseconds since the Unix epoch, as far as it is known: the device's until
    /// the server has answered.
    pub fn now_ms(&self) -> u64 {
        self.client.now().as_millis()
    }

    /// How well keys are guarded: `secure_storage`.
    pub fn key_protection(&self) -> String {
        self.client.key_protection().as_str().to_owned()
    }

    /// Asks the server for the time, in milliseconds since the Unix epoch.
    pub async fn sync_time(&self) -> Result<u64, KeywardError> {
        Ok(self.client.sync_time().await?.as_millis())
    }

    /// Begins to look after the sessions: refreshes them ahead of their end, says when they are about to
    /// expire and when they have. Until `stop`, or until the client is gone.
    pub async fn start(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            let client = self.client.clone();
            *running = Some(tokio::spawn(async move { client.run().await }).abort_handle());
        }
    }

    /// Looks after the sessions no more.
    pub fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            running.abort();
        }
    }

    /// Looks after the sessions at once: the application is in the foreground again. Needs `start`.
    pub fn wake(&self) {
        self.client.wake();
    }

    /// Every session there is, by name. Those that cannot be read are left out.
    pub async fn sessions(&self) -> Result<Vec<Session>, KeywardError> {
        Ok(self.client.sessions().await?.into_iter().map(Session::from).collect())
    }

    /// One session, the active one without a name; nothing when there is none. Nothing is asked of the
    /// server.
    #[uniffi::method(default(name = None))]
    pub async fn session(&self, name: Option<String>) -> Result<Option<Session>, KeywardError> {
        match self.client.session(name.as_deref()).await {
            Ok(session) => Ok(Some(session.into())),
            Err(ClientError::NotLoggedIn) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The name of the active session.
    pub async fn active(&self) -> Result<Option<String>, KeywardError> {
        Ok(self.client.active().await?)
    }

    /// Makes another session the active one.
    pub async fn set_active(&self, name: String) -> Result<(), KeywardError> {
        Ok(self.client.set_active(&name).await?)
    }

    /// Goes on with another key before the session ends, for as long as it was opened for. Of several calls
    /// at once one asks the server and all get its session.
    #[uniffi::method(default(name = None))]
    pub async fn refresh(&self, name: Option<String>) -> Result<Session, KeywardError> {
        Ok(self.client.refresh(name.as_deref()).await?.into())
    }

    /// Ends a session on the server, as far as that can be done, and forgets it here in any case.
    #[uniffi::method(default(name = None))]
    pub async fn log_out(&self, name: Option<String>) -> Result<LoggedOut, KeywardError> {
        let core::LoggedOut { ended_on_server } = self.client.log_out(name.as_deref()).await?;
        Ok(LoggedOut { ended_on_server })
    }

    /// Ends all sessions of the user on the server, whichever device they are on, and those of the same
    /// user here.
    #[uniffi::method(default(name = None))]
    pub async fn log_out_everywhere(&self, name: Option<String>) -> Result<(), KeywardError> {
        Ok(self.client.log_out_everywhere(name.as_deref()).await?)
    }

    /// Makes a passkey and an account for it, and logs in; the user is asked once. Needs the auth proxy.
    #[uniffi::method(default(log_in = None))]
    pub async fn sign_up_with_passkey(
        &self,
        sign_up: SignUp,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let (sign_up, log_in) = (sign_up.try_into()?, self::log_in(log_in));
        let passkeys = self.passkeys()?;
        Ok(self.client.sign_up_with_passkey(passkeys, &sign_up, &log_in).await?.into())
    }

    /// Logs in with a passkey.
    #[uniffi::method(default(log_in = None))]
    pub async fn log_in_with_passkey(
        &self,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let passkeys = self.passkeys()?;
        Ok(self.client.log_in_with_passkey(passkeys, &self::log_in(log_in)).await?.into())
    }

    /// Sends a one-time code to the user. The attempt survives a restart of the program. Needs the auth
    /// proxy.
    ///
    /// The code will be encrypted to a key of the server's; a plain one is sent as it is, the older way, for
    /// servers that know no other.
    #[uniffi::method(default(plain = false))]
    pub async fn begin_otp(
        &self,
        contact: Contact,
        plain: bool,
    ) -> Result<OtpRequest, KeywardError> {
        let core::OtpRequest { otp_id } = self.client.begin_otp(&contact.into(), plain).await?;
        Ok(OtpRequest { otp_id })
    }

    /// Logs in with the code that the user has received. After anything but a wrong code and an unknown
    /// attempt the same call can be made again, although the code is spent.
    #[uniffi::method(default(log_in = None))]
    pub async fn complete_otp(
        &self,
        otp_id: String,
        code: String,
        account: Account,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let (account, log_in) = (account.try_into()?, self::log_in(log_in));
        Ok(self.client.complete_otp(&otp_id, &code, &account, &log_in).await?.into())
    }

    /// Begins a log-in at an identity provider: makes the session's key and binds the log-in to it. Key and
    /// attempt survive a restart of the program.
    #[uniffi::method(default(log_in = None))]
    pub async fn begin_oauth(
        &self,
        provider: OauthProvider,
        log_in: Option<LogIn>,
    ) -> Result<OauthRequest, KeywardError> {
        let begun = self.client.begin_oauth(&provider.into(), &self::log_in(log_in)).await?;
        let core::OauthRequest { url, state } = begun;
        Ok(OauthRequest { url, state })
    }

    /// Logs in with the address that the provider has sent the user back to.
    pub async fn complete_oauth(
        &self,
        returned_url: String,
        account: Account,
    ) -> Result<Session, KeywardError> {
        Ok(self.client.complete_oauth(&returned_url, &account.try_into()?).await?.into())
    }

    /// Logs in with a wallet. An account is made when nobody has the wallet and that is asked for, which
    /// needs the auth proxy; the user is asked to sign once in either case.
    #[uniffi::method(default(log_in = None))]
    pub async fn log_in_with_wallet(
        &self,
        wallet: Arc<dyn Wallet>,
        account: Account,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let (account, log_in) = (account.try_into()?, self::log_in(log_in));
        let wallet = Arc::new(ForeignWallet::ask(wallet).await?);
        Ok(self.client.log_in_with_wallet(wallet, &account, &log_in).await?.into())
    }

    /// Logs in with an API key: P-256, 32 bytes in hex.
    #[uniffi::method(default(log_in = None))]
    pub async fn log_in_with_api_key(
        &self,
        private_key: String,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let (stamper, method) = self.stamper(Vouching::ApiKey { private_key }).await?;
        Ok(self.client.log_in(stamper, &method, &self::log_in(log_in)).await?.into())
    }

    /// Logs in with a stamper of the application's own. `method` is what the session will say of it.
    #[uniffi::method(default(method = "stamper", log_in = None))]
    pub async fn log_in(
        &self,
        stamper: Arc<dyn Stamper>,
        method: String,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let stamper = Arc::new(ForeignStamper(stamper));
        Ok(self.client.log_in(stamper, &method, &self::log_in(log_in)).await?.into())
    }

    /// Opens a read-only session, vouched for once. It lasts an hour.
    #[uniffi::method(default(log_in = None))]
    pub async fn log_in_read_only(
        &self,
        by: Vouching,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let (stamper, method) = self.stamper(by).await?;
        Ok(self.client.log_in_read_only(stamper, &method, &self::log_in(log_in)).await?.into())
    }

    /// Makes a key for a credential bundle to be sealed to. It survives a restart of the program.
    pub async fn begin_bundle(&self) -> Result<BundleTarget, KeywardError> {
        let core::BundleTarget { public_key } = self.client.begin_bundle().await?;
        Ok(BundleTarget { public_key })
    }

    /// Opens a credential bundle and keeps its key as a session. `log_in` names it, and says for how long
    /// the bundle was asked for: what a bundle holds does not say.
    #[uniffi::method(default(log_in = None))]
    pub async fn complete_bundle(
        &self,
        target_public_key: String,
        bundle: String,
        log_in: Option<LogIn>,
    ) -> Result<Session, KeywardError> {
        let log_in = self::log_in(log_in);
        Ok(self.client.complete_bundle(&target_public_key, &bundle, &log_in).await?.into())
    }

    /// Asks what a route of `routes` names. Parameters and answer are JSON: the parameters of an activity and
    /// its result, or a query and its answer. An `organizationId` that is left out is the caller's.
    #[uniffi::method(default(caller = None))]
    pub async fn call(
        &self,
        route: String,
        parameters_json: String,
        caller: Option<Caller>,
    ) -> Result<String, KeywardError> {
        let invalid = |source: serde_json::Error| ClientError::InvalidInput(source.to_string());
        let parameters = serde_json::from_str(&parameters_json).map_err(invalid)?;
        let Caller { session, organization_id, by } =
            caller.unwrap_or(Caller { session: None, organization_id: None, by: None });
        let asking = match (by, session) {
            (None, None) | (Some(Vouching::Session { name: None }), _) => self.client.as_active(),
            (None, Some(name)) | (Some(Vouching::Session { name: Some(name) }), _) => {
                self.client.named(&name)
            }
            (Some(by), _) => self.client.stamped_by(self.stamper(by).await?.0),
        };
        let asking = match organization_id {
            Some(organization_id) => asking.in_organization(&organization_id),
            None => asking,
        };
        Ok(asking.call(&route, parameters).await?.to_string())
    }

    /// Deletes keys that belong to no session and no log-in under way, and log-ins that were given up.
    pub async fn clean_up(&self) -> Result<(), KeywardError> {
        Ok(self.client.clean_up().await?)
    }
}

impl Drop for KeywardClient {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Everything that can be asked with `call`.
#[uniffi::export]
pub fn routes() -> Vec<Route> {
    let all = core::routes();
    all.map(|known| Route { route: known.route.to_owned(), submission: known.kind.is_some() })
        .collect()
}

/// Reads a session token that the notarizer signed, whose key is P-256, SEC1, hex; nothing when it is none
/// or the signature is not right. Whether it has expired is not looked at.
#[uniffi::export]
pub fn verify_session_token(
    token: &str,
    notarizer_public_key: &str,
) -> Result<Option<SessionClaims>, KeywardError> {
    let notarizer = point(notarizer_public_key)?;
    Ok(core::SessionClaims::verify(token, &notarizer).map(SessionClaims::from))
}

/// Makes a stamp of a body's ECDSA signature by a P-256 key (SHA-256, DER), as key management services and
/// secure enclaves give them. The public key is SEC1, hex.
#[uniffi::export]
pub fn make_api_key_stamp(public_key: &str, signature: &[u8]) -> Result<Stamp, KeywardError> {
    let not_der = |_| KeywardError::InvalidInput { reason: "not a DER signature".to_owned() };
    let signature = EcdsaSignature::from_der_lenient(signature).map_err(not_der)?;
    let public_key = point(public_key)?.compressed();
    let value = make::api_key_header(&public_key, Scheme::P256, &signature.to_der());
    Ok(Stamp { header: "X-Stamp".to_owned(), value })
}

fn point(public_key: &str) -> Result<P256PublicKey, KeywardError> {
    P256PublicKey::from_sec1(&hex::decode(public_key).unwrap_or_default()).map_err(|_| {
        KeywardError::InvalidInput { reason: "not a P-256 public key in hex".to_owned() }
    })
}
