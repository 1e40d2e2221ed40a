//! Configuration: a TOML file, then `KEYWARD_*` variables over it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::http::Uri;
use keyward_protocol::wire::id::OrganizationId;
use serde::Deserialize;

use crate::chains::ChainsConfig;
use crate::delivery::TemplateError;
use crate::fetch::Origin;
use crate::limits::LimitsConfig;
use crate::oauth2::Provider;
use crate::oidc::Issuer;

/// Where the server listens when nobody says.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7400);

/// Seconds that sending a message may take: less than a try gets, so that it is known how it ended.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=25;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration file {path} can't be read")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML of the right shape.
    #[error("the configuration file {path} is wrong in line {line}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A variable does not hold what it should.
    #[error("the variable {0} does not hold a valid value")]
    Variable(&'static str),
    /// A member is missing, or does not hold what it should.
    #[error("{0} is missing from the configuration, or not valid")]
    Value(&'static str),
    /// An e-mail template can't be used.
    #[error("the e-mail template {path} can't be used")]
    Template {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<TemplateError>,
    },
    /// The system's certificates can't be read.
    #[error("the system's certificates can't be read")]
    Certificates(#[source] crate::tls::Error),
}

/// What an operator decides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address to listen on. `KEYWARD_LISTEN`.
    pub listen: SocketAddr,
    /// Where the database and the master key's file are. `KEYWARD_DATA_DIR`.
    pub data_dir: PathBuf,
    /// Log as JSON lines. `KEYWARD_LOG_JSON`, `true` or `false`.
    pub log_json: bool,
    /// Where clients reach the server, such as `https://keyward.example.com`: the issuer of its tokens.
    /// The address it listens on when absent. `KEYWARD_PUBLIC_URL`.
    pub public_url: Option<String>,
    /// Whether the sandbox contacts have the code `000000`. Lets anybody in as whoever has them.
    pub sandbox_otp: bool,
    /// Longest life of a read-write session.
    pub longest_session_seconds: Option<u64>,
    /// How many requests are let through.
    pub limits: LimitsConfig,
    /// What is logged: `error`, `warn`, `info`, `debug`, or directives for parts. `KEYWARD_LOG`.
    pub log: String,
    /// Which identity tokens' issuers are asked for their keys.
    pub oidc: OidcConfig,
    /// Which OAuth 2.0 providers there are.
    pub oauth2: Oauth2Config,
    /// Serve a page at `/` to try the server with. `KEYWARD_PLAYGROUND`, `true` or `false`.
    pub playground: bool,
    /// The organization that the page uses; `None` when whoever uses it is to say.
    /// `KEYWARD_PLAYGROUND_ORGANIZATION_ID`.
    pub playground_organization_id: Option<OrganizationId>,
    /// How e-mails are sent; `None` when they are not.
    pub mail: Option<MailConfig>,
    /// How text messages are sent; `None` when they are not.
    pub sms: Option<SmsConfig>,
    /// The chains whose nodes are asked. `KEYWARD_RPC_URLS` goes over their nodes' addresses.
    pub chains: ChainsConfig,
    /// Where webhook endpoints may be.
    pub webhooks: WebhooksConfig,
}

/// Where webhook endpoints may be, beside public addresses over https.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// Send to endpoints wherever they are, in private networks too. Only over https.
    pub allow_private_networks: bool,
    /// Origins that are sent to although they are in a private network, or over http.
    pub private_origins: Vec<Origin>,
}

/// Which issuers of identity tokens are asked for their keys, and where they may be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct OidcConfig {
    /// Ask issuers and providers wherever they are, in private networks too. Only over https.
    pub allow_private_networks: bool,
    /// Issuers and providers that are asked although they are in a private network, or over http.
    pub private_issuers: Vec<Origin>,
    /// The only issuers whose tokens are taken; everybody's when empty.
    pub allowed_issuers: Vec<Issuer>,
}

/// OAuth 2.0 providers that don't issue identity tokens.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Oauth2Config {
    /// By name; one named as a built-in one replaces it.
    pub providers: BTreeMap<String, Provider>,
}

/// How e-mails are sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// The mail server: `smtps://user:password@host`, `smtp://user:password@host?tls=required`, or
    /// `smtp://127.0.0.1:1025`, without encryption, on this machine. `KEYWARD_SMTP_URL`.
    pub smtp_url: Hidden,
    /// Who e-mails come from, `name <address>` or an address alone. `KEYWARD_MAIL_FROM`.
    pub from: String,
    /// Domains that applications may send from.
    pub allowed_sender_domains: Vec<String>,
    /// HTML files by template id.
    pub templates: BTreeMap<String, PathBuf>,
    /// Longest time that sending one e-mail takes.
    pub timeout_seconds: u64,
}

/// How text messages are sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// The shape of requests.
    pub kind: SmsKind,
    /// Where requests go: https, or http on this machine.
    pub url: String,
    /// The number that messages come from, for `twilio`.
    #[serde(default)]
    pub from: String,
    /// The account, for `twilio`.
    #[serde(default)]
    pub username: String,
    /// The account's token for `twilio`, a bearer token or nothing for `generic`. `KEYWARD_SMS_TOKEN`.
    #[serde(default)]
    pub token: Hidden,
    /// Longest time that sending one message takes.
    #[serde(default = "default_timeout_seconds")]
    pub timeout_seconds: u64,
}

/// The shape of the requests that send text messages.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum SmsKind {
    /// A form with `To`, `From` and `Body`, and basic authentication.
    Twilio,
    /// JSON: `to`, `text`, `messageId`, `organizationId`.
    Generic,
}

/// Text that is not shown: it holds a password.
#[derive(Clone, Default, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// The text, for whom it is meant.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "nothing" } else { "hidden" })
    }
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            smtp_url: Hidden::default(),
            from: String::new(),
            allowed_sender_domains: Vec::new(),
            templates: BTreeMap::new(),
            timeout_seconds: default_timeout_seconds(),
        }
    }
}

const fn default_timeout_seconds() -> u64 {
    10
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let Some(host) = url.host() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            data_dir: PathBuf::from("keyward-data"),
            public_url: None,
            sandbox_otp: false,
            longest_session_seconds: None,
            limits: LimitsConfig::default(),
            log_json: true,
            log: "info".to_owned(),
            oidc: OidcConfig::default(),
            oauth2: Oauth2Config::default(),
            playground: false,
            playground_organization_id: None,
            mail: None,
            sms: None,
            webhooks: WebhooksConfig::default(),
            chains: ChainsConfig::default(),
        }
    }
}

impl Config {
    /// Reads the file, where there is one, and the variables.
    pub fn load(
        file: Option<&Path>,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
                toml::from_str(&text).map_err(|source| malformed(path, &text, source))?
            }
        };
        if let Some(text) = variable("KEYWARD_LISTEN") {
            config.listen = text.parse().map_err(|_| ConfigError::Variable("KEYWARD_LISTEN"))?;
        }
        if let Some(text) = variable("KEYWARD_DATA_DIR") {
            config.data_dir = PathBuf::from(text);
        }
        if let Some(text) = variable("KEYWARD_PUBLIC_URL") {
            config.public_url = Some(text);
        }
        if let Some(text) = variable("KEYWARD_LOG_JSON") {
            config.log_json =
                text.parse().map_err(|_| ConfigError::Variable("KEYWARD_LOG_JSON"))?;
        }
        if let Some(text) = variable("KEYWARD_LOG") {
            config.log = text;
        }
        if let Some(text) = variable("KEYWARD_PLAYGROUND") {
            let refusal = ConfigError::Variable("KEYWARD_PLAYGROUND");
            config.playground = text.parse().map_err(|_| refusal)?;
        }
        if let Some(text) = variable("KEYWARD_PLAYGROUND_ORGANIZATION_ID") {
            let refusal = ConfigError::Variable("KEYWARD_PLAYGROUND_ORGANIZATION_ID");
            config.playground_organization_id = Some(text.parse().map_err(|_| refusal)?);
        }
        if let Some(text) = variable("KEYWARD_SMTP_URL") {
            config.mail.get_or_insert_default().smtp_url = Hidden(text);
        }
        if let Some(text) = variable("KEYWARD_MAIL_FROM") {
            config.mail.get_or_insert_default().from = text;
        }
        if let (Some(text), Some(sms)) = (variable("KEYWARD_SMS_TOKEN"), &mut config.sms) {
            sms.token = Hidden(text);
        }
        if let Some(text) = variable("KEYWARD_RPC_URLS") {
            let refusal = |_| ConfigError::Variable("KEYWARD_RPC_URLS");
            config.chains.read_urls(&text).map_err(refusal)?;
        }
        config.check()?;
        Ok(config)
    }

    /// What is wrong with it as a whole.
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(mail) = &self.mail {
            if mail.smtp_url.expose().is_empty() {
                return Err(ConfigError::Value("mail.smtp_url"));
            }
            if mail.from.is_empty() {
                return Err(ConfigError::Value("mail.from"));
            }
            if !TIMEOUT_SECONDS.contains(&mail.timeout_seconds) {
                return Err(ConfigError::Value("mail.timeout_seconds"));
            }
        }
        if self.sms.as_ref().is_some_and(|sms| !TIMEOUT_SECONDS.contains(&sms.timeout_seconds)) {
            return Err(ConfigError::Value("sms.timeout_seconds"));
        }
        Ok(())
    }
}

/// The error without the text of the line, which may hold a password.
fn malformed(path: &Path, text: &str, mut source: toml::de::Error) -> ConfigError {
    let before = source.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    source.set_input(None);
    ConfigError::Malformed { path: path.to_owned(), line, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_go_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.toml");
        std::fs::write(&path, "listen = \"0.0.0.0:80\"\nlog = \"debug\"\n").unwrap();
        let variable = |name| (name == "KEYWARD_LISTEN").then(|| "127.0.0.1:1".to_owned());
        let config = Config::load(Some(&path), variable).unwrap();
        assert_eq!(config.listen, "127.0.0.1:1".parse().unwrap());
        assert_eq!(config.log, "debug");
        assert_eq!(config.data_dir, PathBuf::from("keyward-data"));
    }

    #[test]
    fn refuses_members_it_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.toml");
        std::fs::write(&path, "lisen = \"0.0.0.0:80\"\n").unwrap();
        assert!(matches!(Config::load(Some(&path), |_| None), Err(ConfigError::Malformed { .. })));
    }

    #[test]
    fn reads_issuers_and_providers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.toml");
        // The example of docs/configuration.md.
        let documentation = include_str!("../../../docs/configuration.md");
        let example = documentation.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        std::fs::write(&path, example).unwrap();
        let config = Config::load(Some(&path), |_| None).unwrap();
        assert_eq!(config.oidc.private_issuers.len(), 1);
        assert_eq!(config.oidc.allowed_issuers.len(), 2);
        assert!(config.oauth2.providers.contains_key("example"));
        for wrong in [
            "[oidc]\nallow_private = true",
            "[oidc]\nprivate_issuers = [\"127.0.0.1:4000\"]",
            "[oidc]\nallowed_issuers = [\"https://a.example/?b\"]",
            "[oauth2]\nprovider = {}",
            "[oauth2.providers.x]\ntoken_url = \"https://a.example\"",
        ] {
            std::fs::write(&path, wrong).unwrap();
            let outcome = Config::load(Some(&path), |_| None);
            assert!(matches!(outcome, Err(ConfigError::Malformed { .. })), "{wrong}");
        }
    }

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path), |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const DELIVERY: &str = r#"
        [mail]
        smtp_url = "smtps://user:passw0rd@mail.example.com"
        from = "Example <login@example.com>"
        allowed_sender_domains = ["example.com"]
        [mail.templates]
        welcome = "templates/welcome.html"
        [sms]
        kind = "twilio"
        url = "https://sms.example.com/"
        from = "+15550000000"
        username = "AC1"
        token = "t0ken"
    "#;

    #[test]
    fn reads_how_messages_are_sent() {
        let config = load(DELIVERY, &[]).unwrap();
        let (mail, sms) = (config.mail.unwrap(), config.sms.unwrap());
        assert_eq!(mail.smtp_url.expose(), "smtps://user:passw0rd@mail.example.com");
        assert_eq!(mail.templates["welcome"], PathBuf::from("templates/welcome.html"));
        assert_eq!((sms.kind, sms.timeout_seconds), (SmsKind::Twilio, 10));
        let variables = [("KEYWARD_SMTP_URL", "smtp://[::1]"), ("KEYWARD_SMS_TOKEN", "other")];
        let config = load(DELIVERY, &variables).unwrap();
        assert_eq!(config.mail.unwrap().smtp_url.expose(), "smtp://[::1]");
        assert_eq!(config.sms.unwrap().token.expose(), "other");
        let variables =
            [("KEYWARD_SMTP_URL", "smtp://[::1]"), ("KEYWARD_MAIL_FROM", "a@b.example")];
        assert_eq!(load("", &variables).unwrap().mail.unwrap().from, "a@b.example");
    }

    #[test]
    fn reads_whether_there_is_a_playground() {
        let id = "01994c6e-0000-7000-8000-000000000000";
        assert!(!load("", &[]).unwrap().playground);
        let text = format!("playground = true\nplayground_organization_id = \"{id}\"\n");
        let config = load(&text, &[]).unwrap();
        assert!(config.playground);
        assert_eq!(config.playground_organization_id, Some(id.parse().unwrap()));
        let variables =
            [("KEYWARD_PLAYGROUND", "true"), ("KEYWARD_PLAYGROUND_ORGANIZATION_ID", id)];
        assert_eq!(load("", &variables).unwrap(), config);
        for name in ["KEYWARD_PLAYGROUND", "KEYWARD_PLAYGROUND_ORGANIZATION_ID"] {
            let refusal = load("", &[(name, "yes")]).unwrap_err();
            assert!(matches!(refusal, ConfigError::Variable(known) if known == name));
        }
    }

    #[test]
    fn refuses_half_a_way_to_send() {
        for (text, expected) in [
            ("[mail]\nfrom = 'a@b.example'\n", "mail.smtp_url"),
            ("[mail]\nsmtp_url = 'smtp://[::1]'\n", "mail.from"),
            ("[mail]\nsmtp_url = 'x'\nfrom = 'x'\ntimeout_seconds = 0\n", "mail.timeout_seconds"),
            ("[sms]\nkind = 'generic'\nurl = 'x'\ntimeout_seconds = 26\n", "sms.timeout_seconds"),
        ] {
            let refused = load(text, &[]);
            assert!(
                matches!(refused, Err(ConfigError::Value(name)) if name == expected),
                "{refused:?}"
            );
        }
        assert!(load("[mail]\nsmtp = 'x'\n", &[]).is_err());
        assert!(load("[sms]\nkind = 'pigeon'\nurl = 'x'\n", &[]).is_err());
    }

    #[test]
    fn shows_no_passwords() {
        let shown = format!("{:?}", load(DELIVERY, &[]).unwrap());
        assert!(!shown.contains("passw0rd") && !shown.contains("t0ken"), "{shown}");
        let error = load(&DELIVERY.replace("smtp_url", "smpt_url"), &[]).unwrap_err();
        let ConfigError::Malformed { line: 3, source, .. } = error else { panic!("{error}") };
        assert!(source.to_string().contains("smpt_url"), "{source}");
        assert!(!format!("{source} {source:?}").contains("passw0rd"), "{source:?}");
    }
}
