//! What a client is told.

/// What a client is told. [`Config::new`] has the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server is, such as `https://keys.example.com`.
    pub base_url: String,
    /// The application's organization, the parent of its users' sub-organizations.
    pub organization_id: String,
    /// The auth proxy, for log-ins and sign-ups without a backend.
    pub auth_proxy: Option<AuthProxy>,
    /// The key that signs what one-time codes are encrypted to: P-256, SEC1, hex. Asked of the server at
    /// `/.well-known/keyward.json` when absent, which trusts the connection.
    pub otp_signer_public_key: Option<String>,
    /// What the names of everything that is stored begin with. Clients that should not see each other's
    /// sessions differ here.
    pub namespace: String,
    /// Whether read-write sessions are refreshed by themselves.
    pub refreshes: bool,
    /// How long before its end a session is refreshed, or [`AboutToExpire`] told, in seconds; never more
    /// than a third of its lifetime.
    ///
    /// [`AboutToExpire`]: crate::EventKind::AboutToExpire
    pub ahead_seconds: u64,
}

/// Where the auth proxy is.
#[derive(Clone, Debug)]
pub struct AuthProxy {
    /// Its base URL; the server's own when absent.
    pub url: Option<String>,
    /// `X-Auth-Proxy-Config-ID`.
    pub config_id: String,
}

impl Config {
    /// A client of the application `organization_id` at `base_url`, without auth proxy.
    pub fn new(base_url: impl Into<String>, organization_id: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into().trim_end_matches('/').to_owned(),
            organization_id: organization_id.into(),
            auth_proxy: None,
            otp_signer_public_key: None,
            namespace: "keyward".to_owned(),
            refreshes: true,
            ahead_seconds: 60,
        }
    }

    /// The same, with the server's auth proxy.
    #[must_use]
    pub fn with_auth_proxy(mut self, config_id: impl Into<String>) -> Self {
        self.auth_proxy = Some(AuthProxy { url: None, config_id: config_id.into() });
        self
    }
}
