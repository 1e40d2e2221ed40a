//! The smallest shell around the engine, for the tests of activities and queries.
//!
//! It keeps in memory what a store would and authenticates nobody: a test says who calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use keyward_crypto::{P256PrivateKey, PrivateKey, SecretBytes, SeededRng, sha256};
use serde_json::Value;
use serde_json::value::to_raw_value;
use uuid::Uuid;

use super::model::{ApiKey, CredentialId, ParsedKey, RootQuorum, User, WalletAccount};
use super::{
    ActivityRecord, Caller, Changes, Context, Credential, Decision, Facts, Home, Needs,
    Organization, ServerKeys, Signer, VoteRecord, authorize,
};
use crate::activities::REGISTRY;
use crate::address;
use crate::parameters::{AccountName, SignWith};
use crate::queries::{Entry as QueryEntry, Found, Reads, View};
use crate::stamp::SoftwareAuthenticator;
use crate::wire::enums::{ActivityStatus, ApiKeyCurve, CredentialType, VoteSelection};
use crate::wire::id::{ActivityId, ApiKeyId, OrganizationId, UserId, VoteId};
use crate::wire::{InvalidRequest, Page, RequestError, Timestamp};

/// A parent organization with one root user, and whatever tests add to it.
pub(crate) struct World {
    /// The instant of the next request; move it as needed.
    pub(crate) now: Timestamp,
    /// Where randomness comes from; the same in every run.
    pub(crate) rng: SeededRng,
    /// What was done, oldest first.
    pub(crate) activities: Vec<ActivityRecord>,
    /// Wallet accounts of all organizations, oldest first, each with its key.
    pub(crate) accounts: Vec<(WalletAccount, PrivateKey)>,
    /// Mnemonics and private keys, under the id of their wallet or private key.
    pub(crate) secrets: BTreeMap<(OrganizationId, Uuid), SecretBytes>,
    organizations: BTreeMap<OrganizationId, Arc<Organization>>,
    keys: ServerKeys,
    parent: OrganizationId,
}

impl World {
    /// A parent organization with one root user, who has a P-256 API key that does not expire.
    pub(crate) fn new() -> Self {
        let mut rng = SeededRng::from_seed([42; 32]);
        let now = Timestamp::from_millis(1_767_225_600_000);
        let mut world = Self {
            now,
            activities: Vec::new(),
            accounts: Vec::new(),
            secrets: BTreeMap::new(),
            organizations: BTreeMap::new(),
            keys: ServerKeys { notarizer: P256PrivateKey::generate(&mut rng) },
            parent: OrganizationId::generate(now, &mut rng),
            rng,
        };
        world.insert_organization(world.parent, None);
        world
    }

    /// The root user of the parent organization.
    pub(crate) fn root(&self) -> Caller {
        self.caller(self.parent, self.organization(self.parent).root_quorum.users[0])
    }

    /// The id of the parent organization.
    pub(crate) fn parent(&self) -> OrganizationId {
        self.parent
    }

    /// Adds a sub-organization like [`World::new`]'s parent. Returns its root user too.
    pub(crate) fn sub_organization(&mut self) -> (OrganizationId, Caller) {
        let id = OrganizationId::generate(self.now, &mut self.rng);
        let root = self.insert_organization(id, Some(self.parent));
        (id, self.caller(id, root))
    }

    /// Adds a user that is not in the root quorum and has one API key that does not expire.
    pub(crate) fn user(&mut self, organization: OrganizationId) -> Caller {
        let id = UserId::generate(self.now, &mut self.rng);
        let key = ApiKey {
            id: ApiKeyId::generate(self.now, &mut self.rng),
            name: "key".to_owned(),
            public_key: self.public_key(),
            curve: ApiKeyCurve::P256,
            kind: CredentialType::ApiKeyP256,
            created_at: self.now,
            expiration_seconds: None,
            opened_by: None,
            parsed: ParsedKey::default(),
        };
        let user = User {
            id,
            name: "user".to_owned(),
            email: None,
            phone_number: None,
            tags: Vec::new(),
            api_keys: vec![key],
            authenticators: Vec::new(),
            read_only_sessions: Vec::new(),
            created_at: self.now,
            updated_at: self.now,
        };
        self.edit(organization).users.push(user);
        self.caller(organization, id)
    }

    /// A user as the sender of a request, with its first API key.
    pub(crate) fn caller(&self, organization: OrganizationId, user: UserId) -> Caller {
        let key = &self.organization(organization).user(user).unwrap().api_keys[0];
        Caller {
            user,
            organization,
            home: Home::Own,
            credential: Credential {
                id: CredentialId::ApiKey(key.id),
                public_key: key.public_key.clone(),
                signature: String::new(),
                scheme: "SIGNATURE_SCHEME_TK_API_P256",
            },
        }
    }

    /// The public key of a new P-256 key, as an API key travels.
    pub(crate) fn public_key(&mut self) -> String {
        hex::encode(P256PrivateKey::generate(&mut self.rng).public_key().compressed())
    }

    /// A new passkey, as `AuthenticatorParamsV2` travels.
    pub(crate) fn passkey(&mut self, name: &str) -> Value {
        let origin = "https://app.example.com";
        let passkey = SoftwareAuthenticator::generate(&mut self.rng, "app.example.com", origin);
        let attestation = passkey.register("Y2hhbGxlbmdl");
        serde_json::json!({
            "authenticatorName": name,
            "challenge": "Y2hhbGxlbmdl",
            "attestation": {
                "credentialId": attestation.credential_id,
                "clientDataJson": attestation.client_data_json,
                "attestationObject": attestation.attestation_object,
                "transports": ["AUTHENTICATOR_TRANSPORT_INTERNAL"],
            },
        })
    }

    /// An organization as it stands.
    pub(crate) fn organization(&self, id: OrganizationId) -> &Organization {
        self.find_organization(id).expect("no such organization")
    }

    /// An organization, where there is one.
    pub(crate) fn find_organization(&self, id: OrganizationId) -> Option<&Organization> {
        self.organizations.get(&id).map(|organization| &**organization)
    }

    /// An organization, to arrange what a test starts from.
    pub(crate) fn edit(&mut self, id: OrganizationId) -> &mut Organization {
        Arc::make_mut(self.organizations.get_mut(&id).expect("no such organization"))
    }

    /// Does what a submission of the type `kind` (`ACTIVITY_TYPE_…`) asks and returns the content of
    /// the result, without the member named for the version. What is refused changes nothing.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
    pub(crate) fn submit(
        &mut self,
        caller: &Caller,
        organization: OrganizationId,
        kind: &str,
        parameters: Value,
    ) -> Result<Value, RequestError> {
        let caller = &seen_from(caller, organization);
        let parameters = to_raw_value(&parameters).unwrap();
        let entry = REGISTRY.iter().find(|entry| entry.accepts(kind)).expect("a registered type");
        let request = entry.parse(kind, &parameters)?;
        let mut record = self.record(caller, organization, kind, request.intent());
        let opened = self.organizations[&organization].clone();
        let Decision::Allow(permit) = authorize(&opened, caller, request)? else {
            return Err(RequestError::PermissionDenied);
        };
        let facts = self.facts(organization, permit.request().needs());
        let parent = opened.parent.map(|id| self.organizations[&id].clone());
        let mut context =
            Context::new(opened, parent.as_deref(), self.now, &mut self.rng, &self.keys);
        context.facts = facts;
        let result = permit.execute(caller, &mut context)?;
        let (edited, changes) = context.into_parts();
        self.apply(edited, changes)?;
        let members: BTreeMap<String, Value> = serde_json::from_str(result.get()).unwrap();
        record.result = Some(result);
        self.activities.push(record);
        Ok(members.into_values().next().expect("one member"))
    }

    /// Answers a query. `body` may leave `organizationId` out.
    pub(crate) fn query(
        &self,
        caller: &Caller,
        organization: OrganizationId,
        route: &str,
        mut body: Value,
    ) -> Result<Value, RequestError> {
        let caller = &seen_from(caller, organization);
        body["organizationId"] = organization.to_string().into();
        let request =
            QueryEntry::find(route).expect("a registered route").parse(&body.to_string())?;
        let found = self.read(organization, request.reads());
        let view = View {
            organization: self.organization(organization),
            home: self.organization(caller.organization),
            caller,
            now: self.now,
        };
        let answer = request.answer(&view, found)?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    fn insert_organization(
        &mut self,
        id: OrganizationId,
        parent: Option<OrganizationId>,
    ) -> UserId {
        let organization = Organization {
            id,
            parent,
            name: "organization".to_owned(),
            created_at: self.now,
            users: Vec::new(),
            root_quorum: RootQuorum { threshold: 1, users: Vec::new() },
            features: BTreeMap::new(),
            wallets: Vec::new(),
            private_keys: Vec::new(),
            tags: Vec::new(),
        };
        self.organizations.insert(id, Arc::new(organization));
        let root = self.user(id).user;
        self.edit(id).root_quorum.users.push(root);
        root
    }

    fn record(
        &mut self,
        caller: &Caller,
        organization: OrganizationId,
        kind: &str,
        intent: Box<serde_json::value::RawValue>,
    ) -> ActivityRecord {
        let id = ActivityId::generate(self.now, &mut self.rng);
        let vote = VoteRecord {
            id: VoteId::generate(self.now, &mut self.rng),
            user: caller.user,
            selection: VoteSelection::Approved,
            message: "{}".to_owned(),
            public_key: caller.credential.public_key.clone(),
            signature: caller.credential.signature.clone(),
            scheme: caller.credential.scheme.to_owned(),
            created_at: self.now,
        };
        ActivityRecord {
            id,
            organization,
            kind: kind.to_owned(),
            status: ActivityStatus::Completed,
            intent,
            result: None,
            fingerprint: format!("sha256:{}", hex::encode(sha256(id.0.as_bytes()))),
            votes: vec![vote],
            created_at: self.now,
            updated_at: self.now,
            failure: None,
        }
    }

    fn facts(&self, organization: OrganizationId, needs: Needs) -> Facts {
        match needs {
            Needs::Nothing => Facts::Nothing,
            Needs::Signer(sign_with) => Facts::Signer(self.signer(organization, &sign_with)),
            Needs::Mnemonic(wallet) => Facts::Mnemonic(self.secret(organization, wallet.0)),
            Needs::Accounts(ids) => Facts::Accounts(
                self.accounts_of(organization)
                    .filter(|account| ids.contains(&account.id))
                    .cloned()
                    .collect(),
            ),
        }
    }

    fn signer(&self, organization: OrganizationId, sign_with: &SignWith) -> Option<Signer> {
        if let SignWith::Address(text) = sign_with {
            let wanted = address::lookup_key(text);
            let named = |(account, _): &&(WalletAccount, PrivateKey)| {
                account.organization == organization
                    && address::lookup_key(&account.address) == wanted
            };
            if let Some((account, key)) = self.accounts.iter().find(named) {
                return Some(Signer { key: copy(key), format: Some(account.address_format) });
            }
        }
        let (key, format) = self.organization(organization).private_key_named(sign_with)?;
        let bytes = self.secret(organization, key.id.0)?;
        let bytes = bytes.expose().try_into().unwrap();
        Some(Signer { key: PrivateKey::from_bytes(key.curve.into(), bytes).unwrap(), format })
    }

    fn secret(&self, organization: OrganizationId, id: Uuid) -> Option<SecretBytes> {
        // Copied, since the activity wipes its own.
        self.secrets
            .get(&(organization, id))
            .map(|secret| SecretBytes::new(secret.expose().to_vec()))
    }

    fn accounts_of(&self, organization: OrganizationId) -> impl Iterator<Item = &WalletAccount> {
        self.accounts
            .iter()
            .map(|(account, _)| account)
            .filter(move |account| account.organization == organization)
    }

    /// Writes back what an activity changed; all of it or nothing.
    fn apply(
        &mut self,
        organization: Arc<Organization>,
        changes: Changes,
    ) -> Result<(), RequestError> {
        let Changes {
            created,
            deletes_organization,
            accounts,
            deleted_accounts,
            deleted_wallets,
            secrets,
            deleted_secrets,
        } = changes;
        let id = organization.id;
        let goes = |account: &WalletAccount| {
            account.organization == id
                && (deletes_organization
                    || deleted_accounts.contains(&account.id)
                    || deleted_wallets.contains(&account.wallet)
                    || accounts.iter().any(|(new, _)| new.id == account.id))
        };
        for (new, _) in &accounts {
            let others = || self.accounts_of(new.organization).filter(|other| !goes(other));
            if others().any(|other| other.slot() == new.slot()) {
                let text = format!("path already exists in wallet account {}", new.path);
                return Err(RequestError::AlreadyExists(text));
            }
            if new.name.is_some() && others().any(|other| other.name == new.name) {
                return Err(InvalidRequest::new("wallet account label must be unique").into());
            }
        }
        self.accounts.retain(|(account, _)| !goes(account));
        self.accounts.extend(accounts);
        self.accounts.sort_by_key(|(account, _)| account.id);
        self.secrets.retain(|(owner, secret), _| {
            *owner != id || !(deletes_organization || deleted_secrets.contains(secret))
        });
        self.secrets.extend(secrets.into_iter().map(|(owner, id, secret)| ((owner, id), secret)));
        self.organizations.extend(created.into_iter().map(|new| (new.id, Arc::new(new))));
        if deletes_organization {
            self.organizations.remove(&id);
        } else {
            self.organizations.insert(id, organization);
        }
        Ok(())
    }

    fn read(&self, organization: OrganizationId, reads: &Reads) -> Found {
        let activities = |passes: &dyn Fn(&ActivityRecord) -> bool, page| {
            let mut found: Vec<_> = self
                .activities
                .iter()
                .filter(|record| record.organization == organization && passes(record))
                .cloned()
                .collect();
            found.sort_by_key(|record| std::cmp::Reverse(record.id));
            Found::Activities(on_page(found, page, |record| record.id.0))
        };
        match reads {
            Reads::Nothing => Found::Nothing,
            Reads::Activity(id) => activities(&|record| record.id == *id, Page::ALL),
            Reads::Activities { kinds, statuses, page } => activities(
                &|record| {
                    (kinds.is_empty() || kinds.contains(&record.kind))
                        && (statuses.is_empty() || statuses.contains(&record.status))
                },
                *page,
            ),
            Reads::Account { wallet, by } => {
                let named = |account: &WalletAccount| match by {
                    AccountName::Address(text) => {
                        address::lookup_key(&account.address) == address::lookup_key(text)
                    }
                    AccountName::Path(path) => {
                        keyward_crypto::DerivationPath::parse(&account.path).unwrap() == *path
                    }
                };
                let found = self
                    .accounts_of(organization)
                    .find(|account| account.wallet == *wallet && named(account));
                Found::Accounts(found.into_iter().cloned().collect())
            }
            Reads::Accounts { wallet, page } => {
                let found = self
                    .accounts_of(organization)
                    .filter(|account| wallet.is_none_or(|wallet| account.wallet == wallet))
                    .cloned()
                    .collect();
                Found::Accounts(on_page(found, *page, |account| account.id.0))
            }
            Reads::SubOrganizations { key, page } => {
                let found = self
                    .organizations
                    .values()
                    .filter(|sub| sub.parent == Some(organization))
                    .filter(|sub| key.as_ref().is_none_or(|key| self.index_keys(sub).contains(key)))
                    .map(|sub| sub.id)
                    .collect();
                Found::Organizations(on_page(found, *page, |id| id.0))
            }
        }
    }

    fn index_keys(&self, organization: &Organization) -> Vec<super::model::IndexKey> {
        let mut keys = organization.index_keys();
        keys.extend(self.accounts_of(organization.id).map(|account| {
            super::model::IndexKey::WalletAccountAddress(address::lookup_key(&account.address))
        }));
        keys
    }
}

/// The caller, as seen from the organization a request is for.
fn seen_from(caller: &Caller, organization: OrganizationId) -> Caller {
    let home = if caller.organization == organization { Home::Own } else { Home::Parent };
    Caller { home, ..caller.clone() }
}

fn copy(key: &PrivateKey) -> PrivateKey {
    PrivateKey::from_bytes(key.curve(), key.expose_bytes().expose()).unwrap()
}

fn on_page<T>(rows: Vec<T>, page: Page, id: impl Fn(&T) -> Uuid) -> Vec<T> {
    rows.into_iter()
        .filter(|row| page.after.is_none_or(|after| id(row) > after))
        .filter(|row| page.before.is_none_or(|before| id(row) < before))
        .take(usize::try_from(page.limit).unwrap())
        .collect()
}

mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_what_activities_make_and_finds_it_again() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let account = json!({
            "curve": "CURVE_SECP256K1",
            "pathFormat": "PATH_FORMAT_BIP32",
            "path": "m/44'/60'/0'/0/0",
            "addressFormat": "ADDRESS_FORMAT_ETHEREUM",
        });
        let parameters = json!({
            "subOrganizationName": "made",
            "rootUsers": [{
                "userName": "root",
                "apiKeys": [],
                "authenticators": [world.passkey("phone")],
                "oauthProviders": [],
            }],
            "rootQuorumThreshold": 1,
            "wallet": { "walletName": "first", "accounts": [account] },
        });
        let kind = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION_V8";
        let refusal = world.submit(&root, sub, kind, parameters.clone()).unwrap_err();
        assert!(matches!(refusal, RequestError::InvalidActivityCaller { .. }), "{refusal}");
        let parent = world.root();
        let result = world.submit(&parent, world.parent(), kind, parameters).unwrap();
        let made = result["subOrganizationId"].as_str().unwrap().parse().unwrap();
        assert_eq!(world.secrets.len(), 1);
        let answer = world.query(&parent, made, "list_wallet_accounts", json!({})).unwrap();
        assert_eq!(answer["accounts"][0]["address"], result["wallet"]["addresses"][0]);
    }

    #[test]
    fn refuses_whoever_is_no_root_user() {
        let mut world = World::new();
        let user = world.user(world.parent());
        let kind = "ACTIVITY_TYPE_CREATE_SUB_ORGANIZATION";
        let parameters = json!({ "name": "made", "rootAuthenticator": world.passkey("phone") });
        let refusal = world.submit(&user, world.parent(), kind, parameters).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }
}
