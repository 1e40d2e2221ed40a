//! The command as a child process, and requests to it over real sockets.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyward_crypto::P256PrivateKey;
use keyward_protocol::stamp::make;
use serde_json::{Value, json};
use ureq::Agent;

/// `keyward dev` on a free port; killed when dropped.
pub(crate) struct Server {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    pub(crate) base_url: String,
    pub(crate) organization: String,
    env_file: String,
}

impl Server {
    /// Starts it on `data` in the folder, and waits until it listens.
    pub(crate) fn start(folder: &Path) -> Self {
        let log = folder.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_keyward"))
            .args(["dev", "--listen", "127.0.0.1:0", "--data-dir", "data", "--json"])
            .current_dir(folder)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        stdout.read_line(&mut banner).unwrap();
        let banner: Value = serde_json::from_str(&banner).unwrap_or_else(|_| {
            panic!("does not start: {banner}{}", fs::read_to_string(&log).unwrap())
        });
        let text = |name: &str| banner[name].as_str().unwrap().to_owned();
        Self {
            child,
            _stdout: stdout,
            base_url: text("baseUrl"),
            organization: text("organizationId"),
            env_file: folder.join(text("envFile")).to_str().unwrap().to_owned(),
        }
    }

    /// `kill -9`, and gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The root user's API key: hex.
    pub(crate) fn root_key(&self) -> String {
        let variables = fs::read_to_string(&self.env_file).unwrap();
        let key = variables.lines().find_map(|line| line.strip_prefix("API_PRIVATE_KEY="));
        key.unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key, and the organization it is used in.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) organization: String,
    /// P-256, hex.
    pub(crate) private_key: String,
}

impl User {
    fn key(&self) -> P256PrivateKey {
        let bytes: [u8; 32] = hex::decode(&self.private_key).unwrap().try_into().unwrap();
        P256PrivateKey::from_bytes(&bytes).unwrap()
    }

    /// The public half: compressed, hex.
    pub(crate) fn public_key(&self) -> String {
        hex::encode(self.key().public_key().compressed())
    }
}

/// One connection after the other to a server.
pub(crate) struct Connection {
    agent: Agent,
    base_url: String,
}

impl Connection {
    pub(crate) fn to(server: &Server) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self { agent: config.into(), base_url: server.base_url.clone() }
    }

    /// Posts a body: status and answer, or `None` when no whole answer came.
    pub(crate) fn post(&self, user: &User, path: &str, body: &[u8]) -> Option<(u16, Value)> {
        self.post_to(user, &format!("public/v1/{path}"), body)
    }

    fn post_to(&self, user: &User, path: &str, body: &[u8]) -> Option<(u16, Value)> {
        let request = self.agent.post(format!("{}/{path}", self.base_url));
        let answer = request.header("x-stamp", make::p256(&user.key(), body)).send(body).ok()?;
        let status = answer.status().as_u16();
        let text = answer.into_body().read_to_vec().ok()?;
        Some((status, serde_json::from_slice(&text).ok()?))
    }

    /// Asks a query that must succeed; `organizationId` is added.
    pub(crate) fn read(&self, user: &User, route: &str, body: Value) -> Value {
        self.read_from(user, "public/v1/query", route, body)
    }

    /// The same of a query beyond the protocol.
    pub(crate) fn read_own(&self, user: &User, route: &str, body: Value) -> Value {
        self.read_from(user, "keyward/v1/query", route, body)
    }

    fn read_from(&self, user: &User, folder: &str, route: &str, mut body: Value) -> Value {
        body["organizationId"] = json!(user.organization);
        let path = format!("{folder}/{route}");
        let (status, answer) = self.post_to(user, &path, body.to_string().as_bytes()).unwrap();
        assert_eq!(status, 200, "{route}: {answer}");
        answer
    }
}

/// Milliseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "the client has a clock of its own")]
pub(crate) fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}
