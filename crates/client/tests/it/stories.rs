//! The behaviour suite on this platform: over files, in memory, and with keys in a keyring.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keyward_client::keyring::KeyringKeyStore;
use keyward_client::keyring::keyring_core::mock;
use keyward_client::native::{FileStore, HttpTransport, SystemClock};
use keyward_client::stories::{self, Server, Stage};
use keyward_client::{MemoryKeyStore, MemorySessionStore, Ports};
use keyward_server::TestServer;

/// Each ground is a directory.
struct Files(PathBuf);

#[async_trait]
impl Stage for Files {
    async fn open(&self, ground: &str) -> Result<Ports, String> {
        let store = FileStore::open(self.0.join(ground)).map_err(|error| error.to_string())?;
        Ok(Ports {
            transport: Arc::new(HttpTransport::new()),
            keys: Arc::new(store.clone()),
            sessions: Arc::new(store),
            clock: Arc::new(SystemClock),
        })
    }
}

type Stores = (Arc<MemoryKeyStore>, Arc<MemorySessionStore>);

/// Grounds last as long as the program.
#[derive(Default)]
struct Memory(Mutex<HashMap<String, Stores>>);

#[async_trait]
impl Stage for Memory {
    async fn open(&self, ground: &str) -> Result<Ports, String> {
        let (keys, sessions) = self.0.lock().unwrap().entry(ground.to_owned()).or_default().clone();
        let transport = Arc::new(HttpTransport::new());
        Ok(Ports { transport, keys, sessions, clock: Arc::new(SystemClock) })
    }
}

/// Keys in a keyring, and sessions in a directory for each ground. The keyring lasts as long as the program.
struct Keyring {
    directory: PathBuf,
    store: Arc<mock::Store>,
}

#[async_trait]
impl Stage for Keyring {
    async fn open(&self, ground: &str) -> Result<Ports, String> {
        let sessions = FileStore::open(self.directory.join(ground)).map_err(|e| e.to_string())?;
        let sessions = Arc::new(sessions);
        Ok(Ports {
            transport: Arc::new(HttpTransport::new()),
            keys: Arc::new(KeyringKeyStore::with_store(
                ground,
                self.store.clone(),
                sessions.clone(),
            )),
            sessions,
            clock: Arc::new(SystemClock),
        })
    }
}

fn play(name: &str, stage: Arc<dyn Stage>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let server = TestServer::start().await;
        let known = Server {
            base_url: server.base_url.clone(),
            organization_id: server.root.organization.to_string(),
            api_private_key: hex::encode(server.root.api_key.expose_bytes().expose()),
            auth_proxy_config_id: server.root.organization.to_string(),
        };
        if let Err(broken) = stories::play(name, &known, stage).await {
            panic!("{broken}");
        }
    });
}

mod in_files {
    fn play(name: &str) {
        let directory = tempfile::tempdir().unwrap();
        super::play(name, std::sync::Arc::new(super::Files(directory.path().to_owned())));
    }

    keyward_client::every_story!(play);
}

mod in_memory {
    fn play(name: &str) {
        super::play(name, std::sync::Arc::new(super::Memory::default()));
    }

    keyward_client::every_story!(play);
}

mod in_a_keyring {
    fn play(name: &str) {
        let directory = tempfile::tempdir().unwrap();
        let store = super::mock::Store::new().unwrap();
        let stage = super::Keyring { directory: directory.path().to_owned(), store };
        super::play(name, std::sync::Arc::new(stage));
    }

    keyward_client::every_story!(play);
}
