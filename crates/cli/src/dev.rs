//! `keyward dev`: a server to develop against, from nothing, in one command.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use keyward_crypto::{Secret, os_rng, sha256};
use keyward_protocol::wire::id::OrganizationId;
use keyward_server::config::DEFAULT_LISTEN;
use keyward_server::dev::{Again, DevServer, Ground};
use keyward_server::{Beginning, Clock, Config, Root, beginning, seed};
use keyward_store::{MemoryStore, SealedStore, Store};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::TempDir;

use crate::data_directory::{DataDirectory, write_private};
use crate::environment::log_filter;
use crate::failure::Failure;
use crate::key::{Curve, KeyPair};
use crate::output;
use crate::running::{Listening, block_on, log};

/// Where developers' servers are kept when nobody says.
pub(crate) const DEFAULT_DATA_DIR: &str = "./keyward-data";
/// What SDKs and `keyward request` need to know, as environment variables.
pub(crate) const ENV_FILE: &str = "dev.env";
/// The root API key of a developer's server; its presence says that it is one.
const ROOT_KEY_FILE: &str = "dev-root-key.json";

/// Name of the root organization where no seed file says it.
const NAME: &str = "Development";

/// Run a server to develop against; makes what is missing
#[derive(Args)]
pub(crate) struct Dev {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Where the database, the keys and dev.env are
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIR)]
    data_dir: PathBuf,
    /// Keep everything in memory, and dev.env in a temporary directory that goes at the end
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// Begin with the organizations, keys and wallets of this file
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Ask this identity provider for its keys although it is on this machine or in a private network,
    /// such as `http://127.0.0.1:4000`; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    private_issuer: Vec<String>,
    /// Configuration file, as for `keyward serve`; what it says of listening and of the data directory is
    /// not heeded
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the banner as one line of JSON
    #[arg(long)]
    json: bool,
}

/// How a developer's server began.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct RootKey {
    organization_id: OrganizationId,
    /// P-256, hex.
    api_private_key: String,
    /// SHA-256 of the seed file it began with, hex.
    seed: Option<String>,
    /// The seed file, to begin again with. Earlier releases did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed_text: Option<String>,
}

/// A store that has begun.
struct Begun {
    store: SealedStore,
    root_key: RootKey,
    ground: Ground,
    env_file: PathBuf,
    _temporary: Option<TempDir>,
}

impl Dev {
    pub(crate) fn run(self) -> Result<(), Failure> {
        log(&log_filter(), false)?;
        block_on(self.serve())
    }

    async fn serve(self) -> Result<(), Failure> {
        let mut config = Config::load(self.config.as_deref(), |_| None)?;
        for origin in &self.private_issuer {
            let origin = origin.clone().try_into().map_err(Failure::PrivateIssuer)?;
            config.oidc.private_issuers.push(origin);
        }
        let listening = Listening::bind(self.listen).await?;
        let seed = self.seed.as_deref().map(SeedFile::read).transpose()?;
        let begun = if self.ephemeral {
            begin_in_memory(seed).await?
        } else {
            begin_in(&DataDirectory::create(self.data_dir)?, seed).await?
        };
        // Held to the end: dropping it removes the directory.
        let Begun { store, root_key, ground, env_file, _temporary } = begun;
        if beginning::enable_log_ins(&store, Clock::default().now()).await? {
            tracing::info!("log-ins and the auth proxy are switched on");
        }
        let keys = beginning::server_keys(&store).await?;
        let key = KeyPair::parse(Curve::P256, &root_key.api_private_key)?;
        let base_url = base_url(listening.address);
        let organization = root_key.organization_id;
        let public_key = key.public_key();
        write_private(
            &env_file,
            &format!(
                "BASE_URL={base_url}\nORGANIZATION_ID={organization}\nAPI_PUBLIC_KEY={public_key}\n\
                 API_PRIVATE_KEY={}\nAUTH_PROXY_URL={base_url}\nAUTH_PROXY_CONFIG_ID={organization}\n",
                root_key.api_private_key
            ),
        )?;
        let again = root_key.again(&store, key, ground).await?;
        let server = DevServer::start(store, keys, again, &config, base_url.clone())?;
        if !listening.address.ip().is_loopback() {
            tracing::warn!(
                "whoever reaches {} can read the inbox, sign in as anybody and have everything forgotten",
                listening.address
            );
        }
        let playground = playground_url(listening.address);
        if self.json {
            output::json(&json!({
                "baseUrl": base_url,
                "organizationId": organization,
                "apiPublicKey": public_key,
                "envFile": env_file,
                "playgroundUrl": playground,
            }))?;
        } else {
            output::text(&banner(&base_url, &playground, organization, &env_file))?;
        }
        listening.serve_dev(server).await
    }
}

fn banner(
    base_url: &str,
    playground: &str,
    organization: OrganizationId,
    env_file: &Path,
) -> String {
    let file = env_file.display();
    let mut text = format!("Keyward listens on {base_url}, for development only\n");
    // Writing to a string can't fail.
    let _ = writeln!(text, "  playground    {playground}");
    let _ = writeln!(text, "  organization  {organization}");
    let _ = writeln!(text, "  API key       {file}");
    let _ = writeln!(text, "  inbox         {base_url}/dev/inbox");
    let _ = writeln!(text, "  OIDC issuer   {base_url}/dev/oidc");
    let _ = writeln!(text, "Try: keyward whoami --env-file {file}");
    text
}

/// The URL that reaches the address from this machine.
fn base_url(address: SocketAddr) -> String {
    let reachable = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(reachable, address.port()))
}

/// The URL of the playground: by name where that leads here, since passkeys belong to a name.
fn playground_url(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip.is_loopback() || ip.is_unspecified() {
        format!("http://localhost:{}/", address.port())
    } else {
        format!("{}/", base_url(address))
    }
}

/// A seed file that was read.
struct SeedFile {
    text: String,
    sha256: String,
    beginning: Beginning,
}

impl SeedFile {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Failure::File { path: path.to_owned(), source })?;
        let sha256 = hex::encode(sha256(text.as_bytes()));
        let beginning = seed::read(&text)?;
        Ok(Self { text, sha256, beginning })
    }
}

async fn begin_in_memory(seed: Option<SeedFile>) -> Result<Begun, Failure> {
    let failed = |source| Failure::File { path: std::env::temp_dir(), source };
    let temporary = tempfile::Builder::new()
        .prefix("keyward-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(failed)?;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let store = SealedStore::new(store, Secret::generate(&mut os_rng()));
    let (beginning, root_key) = begin(seed)?;
    beginning.store(&store).await?;
    Ok(Begun {
        store,
        root_key,
        ground: Ground::Memory,
        env_file: temporary.path().join(ENV_FILE),
        _temporary: Some(temporary),
    })
}

async fn begin_in(directory: &DataDirectory, seed: Option<SeedFile>) -> Result<Begun, Failure> {
    let key_file = directory.file(ROOT_KEY_FILE);
    let store = directory.open_store()?;
    let (store, root_key, master) = if beginning::has_begun(&*store).await? {
        let mut root_key = RootKey::read(directory, &key_file)?;
        if let Some(seed) = seed {
            if root_key.seed.as_ref() != Some(&seed.sha256) {
                return Err(Failure::OtherSeed(directory.path().to_owned()));
            }
            if root_key.seed_text.replace(seed.text).is_none() {
                root_key.write(&key_file)?;
            }
        }
        let store = SealedStore::new(store, directory.master_key()?);
        if beginning::root_organization(&store).await? != root_key.organization_id {
            return Err(Failure::NotForDevelopment(directory.path().to_owned()));
        }
        (store, root_key, directory.master_key()?)
    } else {
        let store = SealedStore::new(store, directory.new_master_key()?);
        let (beginning, root_key) = begin(seed)?;
        // First the key, then what it opens: a server without its key would be lost, and a key without
        // its server is written over.
        root_key.write(&key_file)?;
        beginning.store(&store).await?;
        (store, root_key, directory.master_key()?)
    };
    Ok(Begun {
        store,
        root_key,
        ground: Ground::Database { path: directory.database(), master },
        env_file: directory.file(ENV_FILE),
        _temporary: None,
    })
}

/// The beginning that the seed asks for, or any.
fn begin(seed: Option<SeedFile>) -> Result<(Beginning, RootKey), Failure> {
    let now = Clock::default().now();
    let (beginning, seed, seed_text) = if let Some(SeedFile { text, sha256, beginning }) = seed {
        (beginning, Some(sha256), Some(text))
    } else {
        let beginning = Beginning::generate(NAME, now, &mut os_rng());
        (beginning.map_err(Failure::Root)?, None, None)
    };
    let beginning = beginning.with_log_ins(now, &mut os_rng()).map_err(Failure::Root)?;
    let root_key = RootKey {
        organization_id: beginning.root.organization,
        api_private_key: beginning.root.api_private_key(),
        seed,
        seed_text,
    };
    Ok((beginning, root_key))
}

impl RootKey {
    fn read(directory: &DataDirectory, file: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                Failure::NotForDevelopment(directory.path().to_owned())
            } else {
                Failure::File { path: file.to_owned(), source }
            }
        })?;
        serde_json::from_str(&text)
            .map_err(|source| Failure::Malformed { path: file.to_owned(), source })
    }

    /// How to begin again; `None` when that was with a seed file that is not known.
    async fn again(
        &self,
        store: &SealedStore,
        key: KeyPair,
        ground: Ground,
    ) -> Result<Option<Again>, Failure> {
        if self.seed.is_some() && self.seed_text.is_none() {
            return Ok(None);
        }
        let KeyPair::P256(key) = key else { return Ok(None) };
        let root = Root::find(store, key, Clock::default().now()).await?;
        Ok(Some(Again { root, name: NAME.to_owned(), seed: self.seed_text.clone(), ground }))
    }

    fn write(&self, file: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string(self)
            .map_err(|source| Failure::Malformed { path: file.to_owned(), source })?;
        write_private(file, &text)
    }
}
