//! The server in a process of its own, and what the system says of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::routing::post;
use keyward_crypto::{CryptoRng, Secret, os_rng};
use keyward_protocol::engine::Changes;
use keyward_protocol::engine::model::{ApiKey, Organization, ParsedKey, User};
use keyward_protocol::wire::enums::{ApiKeyCurve, CredentialType};
use keyward_protocol::wire::id::{ApiKeyId, OrganizationId, UserId};
use keyward_server::delivery::Sending;
use keyward_server::{App, Beginning, Clock, Config, beginning, http, serve};
use keyward_store::{SealedStore, SqliteStore};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Ticks of `/proc/<pid>/stat` in a second, as Linux reports them to every process.
const TICKS_PER_SECOND: u32 = 100;
/// Sub-organizations that are stored in one commit.
const AT_ONCE: u32 = 5_000;

/// Processor time of the calling thread so far.
pub(crate) fn thread_cpu() -> Duration {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = schedule.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) ready: Ready,
    /// From its start to its first answer.
    pub(crate) started_in: Duration,
}

/// What the server says when it listens.
#[derive(Deserialize, Serialize)]
pub(crate) struct Ready {
    pub(crate) address: String,
    pub(crate) organization: String,
    pub(crate) api_private_key: String,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let began = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--server")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Ready = serde_json::from_str(&line)?;
        std::net::TcpStream::connect(&ready.address)?;
        Ok(Self { child, ready, started_in: began.elapsed() })
    }

    /// Processor time so far, in user and system mode.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit_once(')').ok_or("no such process")?.1;
        let ticks: u32 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u32>().unwrap_or_default())
            .sum();
        Ok(Duration::from_secs(1) * ticks / TICKS_PER_SECOND)
    }

    /// Memory that is its own and resident.
    pub(crate) fn resident_mib(&self) -> Result<f64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .ok_or("no such process")?
            .parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's own process: serves from the folder until its input ends.
#[tokio::main]
pub(crate) async fn serve(folder: &Path) -> Result<(), Failure> {
    let store = open(folder)?;
    let key_file = folder.join("ready.json");
    let (organization, api_private_key) = if key_file.exists() {
        let ready: Ready = serde_json::from_slice(&std::fs::read(&key_file)?)?;
        (ready.organization, ready.api_private_key)
    } else {
        let now = Clock::default().now();
        let root = Beginning::generate("Bench", now, &mut os_rng())?.store(&store).await?;
        (root.organization.to_string(), root.api_private_key())
    };
    let keys = beginning::server_keys(&store).await?;
    let delivery = Arc::new(Sending::new(&Config::default())?);
    let app = App::new(store, keys, &Config::default(), String::new(), delivery);
    let app = Arc::new(app);
    // As long an answer as the query it is compared with gives.
    let constant: &'static str = Box::leak("x".repeat(CONSTANT_BYTES).into_boxed_str());
    let router = http::router(app).route(
        "/constant",
        post(move |_: Bytes| async move { ([("content-type", "application/json")], constant) }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let ready =
        Ready { address: listener.local_addr()?.to_string(), organization, api_private_key };
    let line = serde_json::to_string(&ready)?;
    std::fs::write(&key_file, &line)?;
    println!("{line}");
    serve::serve(listener, router, std::future::pending()).await?;
    Ok(())
}

/// Length of the answer to `whoami`.
pub(crate) const CONSTANT_BYTES: usize = 170;

fn open(folder: &Path) -> Result<SealedStore, Failure> {
    let store = SqliteStore::open(folder.join("keyward.db"))?;
    Ok(SealedStore::new(Arc::new(store), Secret::new([9; 32])))
}

/// Stores so many sub-organizations more, each with a user and an API key.
pub(crate) async fn populate(folder: &Path, count: u32) -> Result<(), Failure> {
    let store = open(folder)?;
    let ready: Ready = serde_json::from_slice(&std::fs::read(folder.join("ready.json"))?)?;
    let parent: OrganizationId = ready.organization.parse()?;
    let now = Clock::default().now();
    let mut rng = os_rng();
    let mut left = count;
    while left > 0 {
        let organizations: Vec<Organization> = (0..left.min(AT_ONCE))
            .map(|number| sub_organization(parent, number, now, &mut rng))
            .collect();
        left -= left.min(AT_ONCE);
        let sealed = store.seal_beginning(&[], &organizations, &Changes::default(), &mut rng)?;
        store.commit(sealed).await?;
    }
    Ok(())
}

fn sub_organization(
    parent: OrganizationId,
    number: u32,
    now: keyward_protocol::wire::Timestamp,
    rng: &mut dyn CryptoRng,
) -> Organization {
    let mut key = [2; 33];
    rng.fill_bytes(&mut key[1..]);
    let user = UserId::generate(now, rng);
    let name = format!("User {number}");
    let mut organization =
        Organization::new(OrganizationId::generate(now, rng), Some(parent), name.clone(), now);
    organization.root_quorum.users.push(user);
    organization.users.push(User {
        email: Some(format!("user{number}@example.com")),
        api_keys: vec![ApiKey {
            id: ApiKeyId::generate(now, rng),
            name: "API key".to_owned(),
            public_key: hex::encode(key),
            curve: ApiKeyCurve::P256,
            kind: CredentialType::ApiKeyP256,
            created_at: now,
            expiration_seconds: None,
            opened_by: None,
            session: None,
            parsed: ParsedKey::default(),
        }],
        ..User::new(user, name, now)
    });
    organization
}
