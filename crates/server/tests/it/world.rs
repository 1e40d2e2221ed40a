//! A parent organization with two sub-organizations, and somebody in every place.

use std::path::Path;
use std::sync::Arc;

use keyward_crypto::{P256PrivateKey, os_rng};
use keyward_protocol::engine::credentials;
use keyward_protocol::parameters::{NewApiKey, NewUser};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::enums::ApiKeyCurve;
use keyward_server::{Beginning, Config, seed};
use serde_json::{Value, json};

use crate::client::{Client, Credential};
use crate::gate::Gate;
use crate::node::{Node, config};
use crate::server::Server;

/// The mnemonic of Alice's wallet.
pub(crate) const MNEMONIC: &str =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";
/// Alice's e-mail address.
pub(crate) const EMAIL: &str = "alice.liddell@wonderland.example";
/// Paths of the accounts of Alice's wallet.
pub(crate) const ETHEREUM_PATH: &str = "m/44'/60'/0'/0/0";
pub(crate) const SOLANA_PATH: &str = "m/44'/501'/0'/0'";

pub(crate) struct World {
    pub(crate) server: Arc<Server>,
    /// The root user of the parent organization.
    pub(crate) parent: Client,
    /// A root user of a sub-organization with a wallet.
    pub(crate) alice: Client,
    /// The other root user of Alice's organization; one of them is enough.
    pub(crate) dinah: Client,
    /// A user of Alice's organization who is in no root quorum.
    pub(crate) carol: Client,
    /// The root user of the other sub-organization.
    pub(crate) bob: Client,
    /// What must not be found outside the sealed rows: hex of private keys.
    pub(crate) private_keys: Vec<String>,
}

impl World {
    /// Kept in memory, with a node for its chains.
    pub(crate) async fn new() -> Self {
        let node = Node::start().await;
        Self::with(&config(&[&node])).await
    }

    /// Kept in memory, by a server with this configuration.
    pub(crate) async fn with(config: &Config) -> Self {
        Self::changed(config, |_| {}).await
    }

    /// Kept in memory, by a server with this configuration, and changed before it begins. The first
    /// organization is the parent, then come Alice's and Bob's.
    pub(crate) async fn changed(config: &Config, change: impl FnOnce(&mut Beginning)) -> Self {
        let people = People::generate();
        let mut beginning = people.beginning();
        change(&mut beginning);
        let server = Server::in_memory(beginning, config).await;
        people.around(server)
    }

    /// Kept in memory, behind a gate.
    pub(crate) async fn gated() -> (Self, Arc<Gate>) {
        Self::gated_with(&Config::default()).await
    }

    /// Kept in memory, behind a gate, by a server with this configuration.
    pub(crate) async fn gated_with(config: &Config) -> (Self, Arc<Gate>) {
        let people = People::generate();
        let gate = Arc::new(Gate::default());
        let server = Server::in_store(gate.clone(), people.beginning(), config).await;
        (people.around(server), gate)
    }

    /// Kept in a database file that does not exist yet.
    pub(crate) async fn on_disk(file: &Path) -> Self {
        Self::on_disk_with(file, &Config::default()).await
    }

    /// The same, by a server with this configuration.
    pub(crate) async fn on_disk_with(file: &Path, config: &Config) -> Self {
        let people = People::generate();
        let server = Server::on_disk(file, people.beginning(), config).await;
        people.around(server)
    }

    /// Stops the server. Its file is closed when this returns.
    pub(crate) fn closed(self) -> Closed {
        let people = [self.parent, self.alice, self.dinah, self.carol, self.bob];
        let people = people.map(|person| (person.organization, person.credential));
        assert_eq!(Arc::strong_count(&self.server), 1, "somebody still holds the server");
        Closed { people }
    }
}

/// A world whose server has stopped.
pub(crate) struct Closed {
    people: [(String, Arc<Credential>); 5],
}

impl Closed {
    /// Alice's.
    pub(crate) fn organization(&self) -> String {
        self.people[1].0.clone()
    }

    /// Bob's.
    pub(crate) fn bobs_organization(&self) -> String {
        self.people[4].0.clone()
    }

    /// The same people, with the server on this file: theirs, or a copy of it.
    pub(crate) async fn reopened(&self, file: &Path) -> World {
        self.reopened_with(file, &Config::default()).await
    }

    /// The same, with this configuration.
    pub(crate) async fn reopened_with(&self, file: &Path, config: &Config) -> World {
        let server = Server::reopened_with(file, config).await.unwrap();
        let [parent, alice, dinah, carol, bob] =
            self.people.clone().map(|(organization, credential)| {
                let server = server.clone();
                Client { server, organization, credential }
            });
        World { server, parent, alice, dinah, carol, bob, private_keys: Vec::new() }
    }
}

struct People {
    keys: [P256PrivateKey; 5],
    notarizer: P256PrivateKey,
    organizations: [String; 3],
}

impl People {
    fn generate() -> Self {
        let rng = &mut os_rng();
        let keys = std::array::from_fn(|_| P256PrivateKey::generate(rng));
        let notarizer = P256PrivateKey::generate(rng);
        let now = Timestamp::from_millis(1_767_225_600_000);
        let organizations = std::array::from_fn(|_| {
            keyward_protocol::wire::id::OrganizationId::generate(now, rng).to_string()
        });
        Self { keys, notarizer, organizations }
    }

    fn beginning(&self) -> Beginning {
        let [parent, alice, dinah, carol, bob] = &self.keys;
        let [parent_id, alice_id, bob_id] = &self.organizations;
        let seed = json!({
            "notarizerPrivateKey": private(&self.notarizer),
            "organization": {
                "organizationId": parent_id,
                "organizationName": "Parent",
                "rootUsers": [{ "userName": "Parent", "apiPrivateKey": private(parent) }],
            },
            "subOrganizations": [
                {
                    "organizationId": alice_id,
                    "organizationName": "Alice's",
                    "rootUsers": [
                        {
                            "userName": "Alice",
                            "userEmail": EMAIL,
                            "apiPrivateKey": private(alice),
                        },
                        { "userName": "Dinah", "apiPrivateKey": private(dinah) },
                    ],
                    "wallets": [{
                        "walletName": "Main",
                        "mnemonic": MNEMONIC,
                        "accounts": [ethereum(ETHEREUM_PATH), solana(SOLANA_PATH)],
                    }],
                },
                {
                    "organizationId": bob_id,
                    "organizationName": "Bob's",
                    "rootUsers": [{ "userName": "Bob", "apiPrivateKey": private(bob) }],
                },
            ],
        });
        let mut beginning = seed::read(&seed.to_string()).unwrap();
        let carol = NewUser {
            name: "Carol".to_owned(),
            email: None,
            phone_number: None,
            tags: Vec::new(),
            api_keys: vec![NewApiKey {
                name: "Carol's".to_owned(),
                public_key: hex::encode(carol.public_key().compressed()),
                curve: ApiKeyCurve::P256,
                expiration_seconds: None,
            }],
            authenticators: Vec::new(),
            oauth_providers: Vec::new(),
        };
        let now = Timestamp::from_millis(1_767_225_600_000);
        let organization = &mut beginning.organizations[1];
        let identities = &mut credentials::Identities::default();
        credentials::add_user(organization, None, carol, identities, now, &mut os_rng()).unwrap();
        beginning.with_log_ins(now, &mut os_rng()).unwrap()
    }

    fn around(self, server: Arc<Server>) -> World {
        let private_keys =
            self.keys.iter().chain(std::iter::once(&self.notarizer)).map(private).collect();
        let [parent_id, alice_id, bob_id] = self.organizations;
        let client =
            |key, organization: &str| Client::new(&server, organization, Credential::ApiKey(key));
        let [parent, alice, dinah, carol, bob] = self.keys;
        World {
            parent: client(parent, &parent_id),
            alice: client(alice, &alice_id),
            dinah: client(dinah, &alice_id),
            carol: client(carol, &alice_id),
            bob: client(bob, &bob_id),
            server,
            private_keys,
        }
    }
}

fn private(key: &P256PrivateKey) -> String {
    hex::encode(key.expose_bytes().expose())
}

/// An account as it is asked for.
pub(crate) fn ethereum(path: &str) -> Value {
    json!({
        "curve": "CURVE_SECP256K1",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": path,
        "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
    })
}

/// An account as it is asked for.
pub(crate) fn solana(path: &str) -> Value {
    json!({
        "curve": "CURVE_ED25519",
        "pathFormat": "PATH_FORMAT_BIP32",
        "path": path,
        "addressFormat": "ADDRESS_FORMAT_SOLANA",
    })
}
