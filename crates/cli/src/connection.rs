//! A server to ask: where it is, what to stamp with, and one request after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use keyward_server::tls;
use serde::Deserialize;
use ureq::Agent;

use crate::dev::{DEFAULT_DATA_DIR, ENV_FILE};
use crate::failure::Failure;
use crate::key::{Curve, KeyPair};

/// Longest time to wait for an answer; the server takes at most 30 seconds.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Largest answer that is read.
const ANSWER_LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// The options of every command that asks a server. An option goes over its variable, and both over the
/// env file.
#[derive(Args)]
pub(crate) struct ConnectionOptions {
    /// Where the server is, such as `http://127.0.0.1:7400`
    #[arg(long, env = "KEYWARD_BASE_URL", value_name = "URL")]
    base_url: Option<String>,
    /// The organization to ask about
    #[arg(long, env = "KEYWARD_ORGANIZATION_ID", value_name = "ID")]
    organization_id: Option<String>,
    /// The API key to stamp with, hex; better not given here, where others may see it
    #[arg(long, env = "KEYWARD_API_PRIVATE_KEY", hide_env_values = true, value_name = "HEX")]
    api_private_key: Option<String>,
    /// The API key's curve
    #[arg(long, env = "KEYWARD_CURVE", value_enum, default_value_t)]
    curve: Curve,
    /// A session token to present instead of a stamp, even if there is an API key
    #[arg(long, env = "KEYWARD_SESSION", hide_env_values = true, value_name = "TOKEN")]
    session: Option<String>,
    /// File with `BASE_URL`, `ORGANIZATION_ID` and `API_PRIVATE_KEY`
    /// [default: ./keyward-data/dev.env when it is there]
    #[arg(long, env = "KEYWARD_ENV_FILE", value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Print JSON on one line, errors too
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a request is vouched for with.
enum Credential {
    Key(KeyPair),
    Session(String),
}

/// A server, and who speaks to it.
pub(crate) struct Connection {
    agent: Agent,
    base_url: String,
    credential: Credential,
    organization_id: Option<String>,
    is_for_machines: bool,
}

/// What is read of a refusal.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Refusal {
    message: String,
    turnkey_error_code: String,
}

impl ConnectionOptions {
    /// Everything that is needed, from wherever it is given.
    pub(crate) fn connect(self) -> Result<Connection, Failure> {
        let default = Path::new(DEFAULT_DATA_DIR).join(ENV_FILE);
        let path = self.env_file.or_else(|| default.exists().then_some(default));
        let mut file = path.as_deref().map(EnvFile::read).transpose()?.unwrap_or_default();
        let base_url =
            self.base_url.or_else(|| file.remove("BASE_URL")).ok_or(Failure::Missing {
                option: "--base-url",
                variable: "KEYWARD_BASE_URL",
                line: "BASE_URL",
            })?;
        let credential = if let Some(session) = self.session {
            Credential::Session(session)
        } else {
            let key = self.api_private_key.or_else(|| file.remove("API_PRIVATE_KEY"));
            let key = key.ok_or(Failure::Missing {
                option: "--api-private-key",
                variable: "KEYWARD_API_PRIVATE_KEY",
                line: "API_PRIVATE_KEY",
            })?;
            Credential::Key(KeyPair::parse(self.curve, key.trim())?)
        };
        Ok(Connection {
            agent: agent(&base_url)?,
            base_url: base_url.trim_end_matches('/').to_owned(),
            credential,
            organization_id: self.organization_id.or_else(|| file.remove("ORGANIZATION_ID")),
            is_for_machines: self.json,
        })
    }
}

impl Connection {
    /// The organization to ask about.
    pub(crate) fn organization_id(&self) -> Result<&str, Failure> {
        self.organization_id.as_deref().ok_or(Failure::Missing {
            option: "--organization-id",
            variable: "KEYWARD_ORGANIZATION_ID",
            line: "ORGANIZATION_ID",
        })
    }

    /// Where the server is, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends a body and returns the answer's.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] for every status but 200.
    pub(crate) fn post(&self, path: &str, body: &str) -> Result<String, Failure> {
        let (name, value) = match &self.credential {
            Credential::Key(key) => ("X-Stamp", key.stamp(body.as_bytes())),
            Credential::Session(token) => ("X-Session", token.clone()),
        };
        let failed = |source| Failure::Unreachable {
            base_url: self.base_url.clone(),
            source: Box::new(source),
        };
        let mut answer = self
            .agent
            .post(format!("{}{path}", self.base_url))
            .header("Content-Type", "application/json")
            .header(name, value)
            .send(body)
            .map_err(failed)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_LIMIT_BYTES).read_to_string();
        let body = body.map_err(failed)?;
        if status == 200 { Ok(body) } else { Err(self.refusal(status, body)) }
    }

    fn refusal(&self, status: u16, body: String) -> Failure {
        // Something between us and the server may have answered, and not with JSON.
        let refusal: Refusal = serde_json::from_str(&body).unwrap_or_default();
        let code = match refusal.turnkey_error_code.as_str() {
            "" | "UNSPECIFIED" => format!("HTTP {status}"),
            code => format!("HTTP {status}, {code}"),
        };
        let message = if refusal.message.is_empty() {
            "the server refused".to_owned()
        } else {
            refusal.message
        };
        Failure::Refused { code, message, body, is_for_machines: self.is_for_machines }
    }
}

/// A client that follows no redirects: a stamp is meant for one server.
fn agent(base_url: &str) -> Result<Agent, Failure> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")));
    let is_tls = base_url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    let config = if is_tls {
        config.tls_config(tls::client().map_err(Failure::Certificates)?)
    } else {
        config
    };
    Ok(Agent::new_with_config(config.build()))
}

/// Files of `NAME=value` lines; `export` before it, quotes around the value and `#` lines are accepted.
pub(crate) struct EnvFile;

impl EnvFile {
    fn read(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Failure::File { path: path.to_owned(), source })?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> BTreeMap<String, String> {
        text.lines()
            .filter_map(|line| {
                let (name, value) = Self::split(line)?;
                let value = ['"', '\'']
                    .into_iter()
                    .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
                    .unwrap_or(value);
                (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    /// The text of a file with these lines at its end, and without others of the same names.
    pub(crate) fn with(text: &str, lines: &[(&str, &str)]) -> String {
        let is_new = |line: &&str| {
            let name = Self::split(line).map(|(name, _)| name);
            lines.iter().any(|(new, _)| Some(*new) == name)
        };
        let kept = text.lines().filter(|line| !is_new(line)).map(|line| format!("{line}\n"));
        kept.chain(lines.iter().map(|(name, value)| format!("{name}={value}\n"))).collect()
    }

    /// The name and the rest of a line.
    fn split(line: &str) -> Option<(&str, &str)> {
        let line = line.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        Some((name.trim(), value.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files_may_be_written_by_hand() {
        let file = EnvFile::parse("# ours\n A=1\nexport B=\"two = 2\"\nC='3'\nD=\n\nnothing\n");
        let expected = [("A", "1"), ("B", "two = 2"), ("C", "3")];
        assert_eq!(file, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn new_lines_take_the_place_of_old_ones() {
        let text = "# ours\nexport A = 1\nAB=2\n";
        let expected = "# ours\nAB=2\nA=3\nC=4\n";
        assert_eq!(EnvFile::with(text, &[("A", "3"), ("C", "4")]), expected);
        assert_eq!(EnvFile::with("", &[("A", "3")]), "A=3\n");
    }
}
