//! The smallest shell around the engine, for the tests of activities and queries.
//!
//! It keeps in memory what a store would and authenticates nobody: a test says who calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::U256;
use keyward_crypto::{
    P256PrivateKey, PrivateKey, SecretBytes, SeededRng, open_credential_bundle, seal_message,
    sha256,
};
use keyward_policy::Ledger;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::to_raw_value;
use uuid::Uuid;

use super::budgets::{self, Account, Opening};
use super::chains::{Asset, AssetLabel};
use super::context::Exchanged;
use super::imports::{ImportFacts, SecretTarget, Targets};
use super::items::{Concerns, Subjects};
use super::jwt;
use super::message::{Content, EmailPurpose, Message};
use super::model::{
    ApiKey, AuthProxy, AuthProxyConfig, CredentialId, OauthProvider, ParsedKey, Session, User,
    WalletAccount,
};
use super::oidc::{self, KeySet};
use super::one_time::{Contact, Otp, OtpFacts, TokenUse};
use super::proofs::{IssuerRefused, ProofFacts};
use super::record::{Record, RecordChange, RecordKey};
use super::replay::Recorded;
use super::sending::{Draft, EthereumTerms, Nonces, Submission, spell};
use super::sessions;
use super::verification_token::peek_id;
use super::{
    ActivityRecord, Caller, Changes, Client, Context, Credential, Decision, Facts, Hearing, Home,
    Needs, Organization, ServerKeys, Settings, Signer, VoteRecord, authorize,
};
use crate::activities::{REGISTRY, Request};
use crate::address;
use crate::bundle::{ClientMessage, read_otp_target};
use crate::parameters::{AccountName, SignWith};
use crate::queries::{Found, REGISTRY as QUERIES, Reads, Stream, View};
use crate::stamp::SoftwareAuthenticator;
use crate::wire::enums::{
    ActivityStatus, ApiKeyCurve, AuthenticationType, CredentialType, FeatureName, OtpType,
    VoteSelection,
};
use crate::wire::id::{ActivityId, ApiKeyId, OauthProviderId, OrganizationId, UserId};
use crate::wire::{ChainId, InvalidRequest, Page, RequestError, Timestamp};

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
    /// Records, each with its revision.
    pub(crate) records: BTreeMap<(OrganizationId, Uuid), (u64, Value)>,
    /// What was sent, oldest first.
    pub(crate) messages: Vec<Message>,
    /// The keys of identity providers, by issuer.
    pub(crate) issuers: BTreeMap<String, Arc<KeySet>>,
    /// Who OAuth 2.0 providers say the user is, by authorization code.
    pub(crate) exchanged: BTreeMap<String, String>,
    /// When sessions were last used, as the process remembers.
    pub(crate) last_uses: BTreeMap<Uuid, Timestamp>,
    /// What the operator decided.
    pub(crate) settings: Settings,
    /// Where requests come from.
    pub(crate) client: Client,
    organizations: BTreeMap<OrganizationId, Arc<Organization>>,
    pub(crate) keys: ServerKeys,
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
            records: BTreeMap::new(),
            messages: Vec::new(),
            issuers: BTreeMap::new(),
            exchanged: BTreeMap::new(),
            last_uses: BTreeMap::new(),
            settings: Settings::default(),
            client: Client::default(),
            keys: ServerKeys::generate(&mut rng),
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
            session: None,
            parsed: ParsedKey::default(),
        };
        let user = User { api_keys: vec![key], ..User::new(id, "user".to_owned(), self.now) };
        self.edit(organization).users.push(user);
        self.caller(organization, id)
    }

    /// Logs a user in with a new key. Returns the user as the sender of requests with that session.
    pub(crate) fn log_in(&mut self, caller: &Caller, seconds: u64) -> Caller {
        let public_key = self.public_key();
        let intent = serde_json::json!({
            "publicKey": public_key,
            "expirationSeconds": seconds.to_string(),
        });
        let home = caller.organization;
        self.submit(caller, home, "ACTIVITY_TYPE_STAMP_LOGIN", intent).unwrap();
        let user = self.organization(home).user(caller.user).unwrap();
        let key = user.api_keys.iter().find(|key| key.public_key == public_key).unwrap();
        let credential = Credential {
            id: CredentialId::ApiKey(key.id),
            public_key,
            kind: Some(key.kind),
            session_profile: key.session.as_ref().map(Session::profile_or_nil),
            ..caller.credential.clone()
        };
        Caller { credential, ..caller.clone() }
    }

    /// Opens a read-only session. Returns the user as the sender of queries with it.
    pub(crate) fn read_only(&mut self, caller: &Caller) -> Caller {
        let home = caller.organization;
        let kind = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";
        self.submit(caller, home, kind, serde_json::json!({})).unwrap();
        let user = self.organization(home).user(caller.user).unwrap();
        let id = user.read_only_sessions.last().unwrap().id;
        let credential = Credential {
            id: CredentialId::ReadOnlySession(id),
            public_key: String::new(),
            scheme: "",
            method: AuthenticationType::Session,
            kind: None,
            ..caller.credential.clone()
        };
        Caller { credential, ..caller.clone() }
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
                method: AuthenticationType::ApiKey,
                kind: Some(key.kind),
                session_profile: key.session.as_ref().map(Session::profile_or_nil),
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

    /// Gives a user an e-mail address.
    pub(crate) fn set_email(&mut self, of: &Caller, email: &str) {
        let user = self.edit(of.organization).user_mut(of.user).unwrap();
        user.email = Some(email.to_owned());
    }

    /// Switches a feature on in every organization.
    pub(crate) fn switch_on(&mut self, feature: FeatureName) {
        for organization in self.organizations.values_mut() {
            Arc::make_mut(organization).features.insert(feature, None);
        }
    }

    /// Switches a feature off in one organization.
    pub(crate) fn switch_off(&mut self, organization: OrganizationId, feature: FeatureName) {
        self.edit(organization).features.remove(&feature);
    }

    /// A new user of the parent that is its auth proxy, which is on.
    pub(crate) fn auth_proxy(&mut self) -> Caller {
        let caller = self.user(self.parent);
        let parent = self.edit(self.parent);
        let config = AuthProxyConfig::default();
        parent.auth_proxy = Some(AuthProxy { user: caller.user, config });
        parent.features.insert(FeatureName::AuthProxy, None);
        caller
    }

    /// The keys of this kind that a user has, oldest first.
    pub(crate) fn keys_of(&self, of: &Caller, kind: CredentialType) -> Vec<&ApiKey> {
        let user = self.organization(of.organization).user(of.user).unwrap();
        user.api_keys.iter().filter(|key| key.kind == kind).collect()
    }

    /// A user as the sender of a request, with its newest key of this kind.
    pub(crate) fn caller_with(&self, of: &Caller, kind: CredentialType) -> Caller {
        let key = self.keys_of(of, kind).pop().expect("no such key");
        let credential = Credential {
            id: CredentialId::ApiKey(key.id),
            public_key: key.public_key.clone(),
            kind: Some(kind),
            session_profile: key.session.as_ref().map(Session::profile_or_nil),
            ..of.credential.clone()
        };
        Caller { credential, ..of.clone() }
    }

    /// As [`World::submit`], of what must be refused and leave nothing at all.
    pub(crate) fn refusal(
        &mut self,
        caller: &Caller,
        organization: OrganizationId,
        kind: &str,
        parameters: Value,
    ) -> RequestError {
        let before = (self.organizations.clone(), self.records.clone(), self.messages.clone());
        let text = parameters.to_string();
        let Err(refusal) = self.submit(caller, organization, kind, parameters) else {
            panic!("{kind} was not refused: {text}");
        };
        let after = (self.organizations.clone(), self.records.clone(), self.messages.clone());
        assert!(before == after, "{kind} left something: {text}");
        refusal
    }

    /// Checks that an activity for users of the sub-organization may be asked for by its root user, by
    /// the parent's and by the auth proxy, and by nobody else.
    pub(crate) fn check_who_logs_in(
        &mut self,
        root: &Caller,
        kind: &str,
        mut parameters: impl FnMut(&mut Self) -> Value,
    ) {
        let (sub, proxy, (_, stranger)) =
            (root.organization, self.auth_proxy(), self.sub_organization());
        for may in [root.clone(), self.root(), proxy.clone()] {
            let asked = parameters(self);
            if let Err(refusal) = self.submit(&may, sub, kind, asked) {
                assert!(!is_denied(&refusal), "{kind}: {refusal}");
            }
        }
        self.switch_off(self.parent, FeatureName::AuthProxy);
        for may_not in [self.user(sub), self.user(self.parent), proxy, stranger] {
            let asked = parameters(self);
            let refusal = self.refusal(&may_not, sub, kind, asked);
            assert!(is_denied(&refusal), "{kind}: {refusal}");
        }
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
        let mut request = entry.parse(kind, &parameters)?;
        let transaction = self.complete(organization, &mut request)?;
        let mut record = self.record(caller, organization, kind, &parameters, request.intent());
        record.transaction = transaction;
        let opened = self.organizations[&organization].clone();
        let parent = opened.parent.map(|id| self.organizations[&id].clone());
        let subjects = self.subjects(organization, &request);
        let accounts = self.budgets(&opened, parent.as_deref(), caller, &record.votes);
        let hearing = Hearing {
            voter: caller,
            votes: &record.votes,
            subjects: &subjects,
            accounts: &accounts,
            now: self.now,
        };
        let ruling = authorize(&opened, parent.as_deref(), caller, request, hearing)?;
        let drawn = ruling.drawn;
        let permit = match ruling.decision {
            Decision::Allow(permit) => permit,
            Decision::Deny(_, refusal) => return Err(refusal),
            Decision::Wait(_) | Decision::NeedsAuthenticators(_) => {
                return Err(RequestError::Unimplemented("a world whose activities wait".into()));
            }
        };
        let facts = self.facts(organization, permit.request().needs());
        let (now, before) = (self.now, opened.clone());
        let mut context = Context::new(
            opened,
            parent.as_deref(),
            now,
            &mut self.rng,
            &self.keys,
            &self.settings,
            &self.client,
        );
        context.facts = facts;
        let executed = permit.execute(caller, &mut context);
        let kept = std::mem::take(&mut context.kept);
        let (edited, mut changes) = context.into_parts();
        let result = match executed {
            Ok(result) => result,
            Err(refusal) => {
                self.write_records(kept);
                return Err(refusal);
            }
        };
        record.events = sessions::events(&before, &edited, &changes.evicted, now);
        changes.records.extend(budgets::changes(&accounts, &drawn, &edited, now)?);
        self.apply(edited, changes)?;
        let members: BTreeMap<String, Value> = serde_json::from_str(result.get()).unwrap();
        record.result = Some(result);
        self.activities.push(record);
        Ok(members.into_values().next().expect("one member"))
    }

    /// Completes a transaction on chains where accounts have sent seven, a transfer takes 21,000 gas and costs at most
    /// 3 wei a unit, and the latest block's hash is all ones.
    fn complete(
        &self,
        organization: OrganizationId,
        request: &mut Request,
    ) -> Result<Option<String>, RequestError> {
        let transaction = match request.draft()? {
            None => return Ok(None),
            Some(Draft::Ethereum(draft)) => {
                let key = Nonces::key(organization, &draft.chain, &spell(draft.from));
                let nonces: Record<Nonces> = self.read_record(key);
                draft.finish(EthereumTerms {
                    nonce: draft.nonce.unwrap_or_else(|| nonces.value.next(7, self.now)),
                    gas: draft.gas_limit.unwrap_or(21_000),
                    max_fee_per_gas: draft.max_fee_per_gas.unwrap_or(U256::from(3)),
                    max_priority_fee_per_gas: draft.max_priority_fee_per_gas.unwrap_or_default(),
                })
            }
            Some(Draft::Solana(draft)) => {
                let latest = draft.needs_blockhash().then_some([1; 32]);
                draft.finish(latest)?
            }
        };
        request.complete(&transaction)?;
        Ok(Some(transaction))
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
        let entry = QUERIES.iter().find(|entry| entry.route == route).expect("a registered route");
        let request = entry.parse(&body.to_string())?;
        let found = self.read(organization, request.reads());
        let about = self.organization(organization);
        let view = View {
            organization: about,
            home: self.organization(caller.organization),
            parent: about.parent.map(|id| self.organization(id)),
            caller,
            now: self.now,
            keys: &self.keys,
            settings: &self.settings,
            last_uses: &|session| self.last_uses.get(&session).copied(),
        };
        let answer = request.answer(&view, found)?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    fn insert_organization(
        &mut self,
        id: OrganizationId,
        parent: Option<OrganizationId>,
    ) -> UserId {
        let organization = Organization::new(id, parent, "organization".to_owned(), self.now);
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
        parameters: &serde_json::value::RawValue,
        intent: Box<serde_json::value::RawValue>,
    ) -> ActivityRecord {
        let id = ActivityId::generate(self.now, &mut self.rng);
        let message = serde_json::json!({
            "type": kind,
            "timestampMs": self.now.as_millis().to_string(),
            "organizationId": organization.to_string(),
            "parameters": parameters,
        })
        .to_string();
        let (now, approved) = (self.now, VoteSelection::Approved);
        let vote = VoteRecord::new(caller, approved, &message, now, &mut self.rng);
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
            transaction: None,
            events: Vec::new(),
            evaluations: Vec::new(),
        }
    }

    /// An activity with what it takes to decide on it again.
    fn recorded(&self, record: &ActivityRecord) -> Recorded {
        let request = record.request().ok();
        let subjects = request.as_ref().map(|asked| self.subjects(record.organization, asked));
        Recorded { record: record.clone(), request, subjects: subjects.unwrap_or_default() }
    }

    /// The budgets that a request may draw on.
    fn budgets(
        &self,
        organization: &Organization,
        parent: Option<&Organization>,
        caller: &Caller,
        votes: &[VoteRecord],
    ) -> Vec<Account> {
        let all = budgets::of_request(organization, parent, caller, votes).into_iter();
        all.map(|Opening { owner, budget, key }| {
            let stored = self.records.get(&(key.organization, key.id));
            let (revision, value) = stored.map_or((0, Ledger::default()), |(revision, value)| {
                (*revision, serde_json::from_value(value.clone()).unwrap())
            });
            Account { owner, budget, ledger: Record { key, revision, value } }
        })
        .collect()
    }

    /// A request that is not submitted.
    pub(crate) fn request(kind: &str, parameters: &Value) -> Request {
        let entry = REGISTRY.iter().find(|entry| entry.accepts(kind)).expect("a registered type");
        entry.parse(kind, &to_raw_value(parameters).unwrap()).unwrap()
    }

    /// The wallet accounts that a request is about.
    pub(crate) fn subjects(&self, organization: OrganizationId, request: &Request) -> Subjects {
        let accounts = || self.accounts_of(organization);
        match request.concerns() {
            concerns @ (Concerns::Signing { .. } | Concerns::SigningTogether { .. }) => {
                let named = concerns.signers().iter().filter_map(|with| {
                    let SignWith::Address(wanted) = with else { return None };
                    let wanted = address::lookup_key(wanted);
                    let mut all = accounts();
                    all.find(|account| address::lookup_key(&account.address) == wanted)
                });
                named.cloned().collect()
            }
            Concerns::Account(wanted) => {
                let wanted = address::lookup_key(wanted);
                let named =
                    |account: &&WalletAccount| address::lookup_key(&account.address) == wanted;
                accounts().find(named).cloned().into_iter().collect()
            }
            Concerns::Accounts(ids) => {
                accounts().filter(|account| ids.contains(&account.id)).cloned().collect()
            }
            _ => Subjects::new(),
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
            Needs::Contact { kind, contact, identifier } => Facts::Contact {
                contact: self.contact(organization, kind, &contact),
                requests: identifier.map(|identifier| {
                    self.read_record(named(organization, "requests", &identifier))
                }),
            },
            Needs::Otp(id) => {
                let otp: Record<Otp> = self.read_record(Otp::key(organization, id));
                let kind = otp.value.kind.unwrap_or(OtpType::Email);
                let contact = self.contact(organization, kind, &otp.value.contact);
                Facts::Otp(Box::new(OtpFacts { otp, contact }))
            }
            Needs::Proofs(proofs) => Facts::Proofs(ProofFacts {
                token_use: proofs
                    .verification_token
                    .and_then(|token| peek_id(&token))
                    .map(|id| self.read_record(TokenUse::key(id))),
                issuers: proofs
                    .id_tokens
                    .iter()
                    .map(|token| {
                        let issuer = oidc::peek_issuer(token).unwrap_or_default();
                        let keys = self.issuers.get(&issuer).cloned();
                        keys.ok_or_else(|| IssuerRefused("the issuer does not answer".to_owned()))
                    })
                    .collect(),
            }),
            Needs::Exchange(exchange) => Facts::Exchanged(
                self.exchanged
                    .get(&exchange.code)
                    .map(|subject| Exchanged {
                        subject: subject.clone(),
                        bearer_token: SecretBytes::new(b"bearer".to_vec()),
                    })
                    .ok_or_else(|| InvalidRequest::new("the provider refused the code").into()),
            ),
            Needs::Secret(id) => Facts::Secret(self.secret(organization, id)),
            Needs::Secrets(ids) => {
                Facts::Secrets(ids.into_iter().map(|id| self.secret(organization, id)).collect())
            }
            Needs::Account(wanted) => {
                let wanted = address::lookup_key(&wanted);
                let named = |(account, _): &&(WalletAccount, PrivateKey)| {
                    account.organization == organization
                        && address::lookup_key(&account.address) == wanted
                };
                let found = self.accounts.iter().find(named);
                Facts::Account(found.map(|(account, key)| Box::new((account.clone(), copy(key)))))
            }
            Needs::Import { kind, user, compares } => {
                let wallets = self.organization(organization).wallets.iter().filter(|_| compares);
                let phrases = wallets
                    .map(|wallet| (wallet.id, self.secret(organization, wallet.id.0).unwrap()));
                Facts::Import(Box::new(ImportFacts {
                    targets: self.read_record(Targets::key(organization, kind, user)),
                    phrases: phrases.collect(),
                }))
            }
            Needs::SecretTargets(keys) => Facts::SecretTargets(
                keys.iter()
                    .map(|key| self.read_record(SecretTarget::key(organization, key)))
                    .collect(),
            ),
            Needs::Destination(url) => Facts::Destination(if url.starts_with("https://") {
                Ok(())
            } else {
                Err(InvalidRequest::new("invalid url: the address must be an https URL"))
            }),
            Needs::Signers(all) => {
                Facts::Signers(all.iter().map(|with| self.signer(organization, with)).collect())
            }
            Needs::Sender { with, chain, from } => {
                let key = Nonces::key(organization, &chain, &spell(from));
                Facts::Sender(self.signer(organization, &with), self.read_record(key))
            }
            Needs::Broadcast { .. } => Facts::Broadcast,
        }
    }

    fn contact(
        &self,
        organization: OrganizationId,
        kind: OtpType,
        contact: &str,
    ) -> Record<Contact> {
        self.read_record(named(organization, kind.as_str(), &contact.to_ascii_lowercase()))
    }

    /// A record as it stands.
    pub(crate) fn read_record<T: DeserializeOwned + Default>(&self, key: RecordKey) -> Record<T> {
        let (revision, value) = self
            .records
            .get(&(key.organization, key.id))
            .map(|(revision, value)| (*revision, serde_json::from_value(value.clone()).unwrap()))
            .unwrap_or_default();
        Record { key, revision, value }
    }

    /// The code that was sent last, to whomever.
    pub(crate) fn last_code(&self) -> String {
        match &self.messages.last().expect("nothing was sent").content {
            Content::Email(email) => match &email.purpose {
                EmailPurpose::Otp { code } => code.clone(),
                EmailPurpose::Auth { bundle } | EmailPurpose::Recovery { bundle } => bundle.clone(),
                EmailPurpose::Invitation { .. } => panic!("an invitation has no code"),
            },
            Content::Sms(sms) => sms.code.clone(),
            Content::Transaction(_) => panic!("a transaction was sent"),
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
            records,
            messages,
            webhooks: _,
            evicted: _,
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
        self.write_records(records);
        self.messages.extend(messages);
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

    fn write_records(&mut self, changes: Vec<RecordChange>) {
        for change in changes {
            let place = (change.key.organization, change.key.id);
            let stored = self.records.get(&place).map_or(0, |(revision, _)| *revision);
            assert_eq!(stored, change.expected, "a record that nobody else changes");
            match change.content {
                None => drop(self.records.remove(&place)),
                Some(content) => {
                    let value = serde_json::from_slice(content.json.expose()).unwrap();
                    self.records.insert(place, (stored + 1, value));
                }
            }
        }
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
            Reads::Nothing | Reads::Pondered => Found::Nothing,
            Reads::Activity(id) => activities(&|record| record.id == *id, Page::ALL),
            Reads::Judged(id) => {
                let mut all = self.activities.iter();
                let Some(record) = all.find(|record| record.id == *id) else {
                    return Found::Nothing;
                };
                let home = self.organization(organization);
                let parent = home.parent.map(|id| self.organization(id));
                let proposer = record.votes[0].caller(home, parent).unwrap();
                let accounts = self.budgets(home, parent, &proposer, &record.votes);
                Found::Judged(Box::new((self.recorded(record), accounts)))
            }
            Reads::Recorded { kinds, page } => {
                let passes =
                    |record: &ActivityRecord| kinds.is_empty() || kinds.contains(&record.kind);
                let Found::Activities(found) = activities(&passes, *page) else { unreachable!() };
                let found: Vec<_> = found.iter().map(|record| Ok(self.recorded(record))).collect();
                Found::Recorded(Stream::new(found.into_iter()))
            }
            Reads::Deliveries(key) => {
                let stored = self.records.get(&(key.organization, key.id));
                let value = stored.map(|(_, value)| serde_json::from_value(value.clone()).unwrap());
                Found::Deliveries(value.unwrap_or_default())
            }
            Reads::Ledger(key) => {
                let stored = self.records.get(&(key.organization, key.id));
                let value = stored.map(|(_, value)| serde_json::from_value(value.clone()).unwrap());
                Found::Ledger(value.unwrap_or_default())
            }
            Reads::Submission(key) => {
                let record: Record<Option<Submission>> = self.read_record(*key);
                Found::Submission(record.value.map(Box::new))
            }
            Reads::Nonce { .. } => Found::Nonce(7),
            Reads::Balances { chain, address } => {
                let wanted = address::lookup_key(address);
                let mut accounts = self.accounts_of(organization);
                let is_here =
                    accounts.any(|account| address::lookup_key(&account.address) == wanted);
                // Seven of the first, and nothing of the others.
                let amounts = self.settings.assets[chain].iter().enumerate();
                let amounts = amounts.map(|(place, _)| U256::from(if place == 0 { 7 } else { 0 }));
                Found::Balances(is_here.then(|| amounts.collect()))
            }
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
            Reads::SubOrganizations { keys, page } => {
                let known = |sub| self.index_keys(sub);
                let found = self
                    .organizations
                    .values()
                    .filter(|sub| sub.parent == Some(organization))
                    .filter(|sub| {
                        keys.as_ref()
                            .is_none_or(|keys| known(sub).iter().any(|key| keys.contains(key)))
                    })
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

/// Everybody who may ask something of a sub-organization, or may not.
pub(crate) struct Cast {
    /// The sub-organization.
    pub(crate) sub: OrganizationId,
    /// A user of it that is not in the root quorum; whom the question is about.
    pub(crate) owner: Caller,
    /// Another such user.
    pub(crate) other: Caller,
    /// Its root user.
    pub(crate) root: Caller,
    /// The root user of the parent.
    pub(crate) parent_root: Caller,
    /// Another user of the parent.
    pub(crate) parent_user: Caller,
    /// The root user of another sub-organization.
    pub(crate) stranger: Caller,
}

impl Cast {
    pub(crate) fn new(world: &mut World) -> Self {
        let (sub, root) = world.sub_organization();
        Self {
            sub,
            owner: world.user(sub),
            other: world.user(sub),
            root,
            parent_root: world.root(),
            parent_user: world.user(world.parent()),
            stranger: world.sub_organization().1,
        }
    }

    /// All of them, each with its name.
    pub(crate) fn all(&self) -> [(&'static str, &Caller); 6] {
        [
            ("owner", &self.owner),
            ("other", &self.other),
            ("root", &self.root),
            ("parent root", &self.parent_root),
            ("parent user", &self.parent_user),
            ("stranger", &self.stranger),
        ]
    }

    /// The names of those who are let do what `ask` asks, each in a world of its own.
    pub(crate) fn allowed(
        ask: impl Fn(&mut World, &Self, &Caller) -> Result<Value, RequestError>,
    ) -> Vec<&'static str> {
        let mut allowed = Vec::new();
        for position in 0..6 {
            let mut world = World::new();
            let cast = Self::new(&mut world);
            let (name, caller) = cast.all()[position];
            match ask(&mut world, &cast, caller) {
                Ok(_) => allowed.push(name),
                Err(refusal) => assert!(
                    matches!(
                        refusal,
                        RequestError::PermissionDenied | RequestError::OrganizationMismatch { .. }
                    ),
                    "{name}: {refusal}"
                ),
            }
        }
        allowed
    }
}

impl Caller {
    /// The id of the session that this is a request of.
    pub(crate) fn session(&self) -> Uuid {
        match self.credential.id {
            CredentialId::ApiKey(id) => id.0,
            CredentialId::ReadOnlySession(id) => id.0,
            other => panic!("{other:?} is no session"),
        }
    }
}

/// The client's key that bundles are sealed to.
pub(crate) fn bundle_target() -> P256PrivateKey {
    P256PrivateKey::generate(&mut SeededRng::from_seed([7; 32]))
}

/// That key as clients send it: SEC1 uncompressed, hex.
pub(crate) fn bundle_target_hex() -> String {
    hex::encode(bundle_target().public_key().uncompressed())
}

/// The public key of the API key that a bundle holds.
pub(crate) fn bundled_key(bundle: &str) -> String {
    let secret = open_credential_bundle(&bundle_target(), bundle).expect("a bundle for that key");
    hex::encode(secret.public_key().compressed())
}

fn is_denied(refusal: &RequestError) -> bool {
    matches!(refusal, RequestError::PermissionDenied | RequestError::OrganizationMismatch { .. })
}

/// The identity provider of [`World::id_token`].
pub(crate) const ISSUER: &str = "https://issuer.example";

/// What it takes to prove who somebody is.
impl World {
    /// The first root user of an organization.
    pub(crate) fn root_of(&self, organization: OrganizationId) -> Caller {
        self.caller(organization, self.organization(organization).root_quorum.users[0])
    }

    /// Lets an organization send codes, by e-mail and SMS.
    pub(crate) fn allow_codes(&mut self, organization: OrganizationId) {
        for feature in [FeatureName::OtpEmailAuth, FeatureName::SmsAuth] {
            self.edit(organization).features.insert(feature, None);
        }
    }

    /// A key of a client, and its public half as it travels.
    pub(crate) fn client_key(&mut self) -> (P256PrivateKey, String) {
        let key = P256PrivateKey::generate(&mut self.rng);
        let public = hex::encode(key.public_key().compressed());
        (key, public)
    }

    /// What `INIT_OTP_V3` answers the root user of `organization`.
    pub(crate) fn send_code(&mut self, organization: OrganizationId, contact: &str) -> Value {
        let kind = if contact.contains('@') { OtpType::Email } else { OtpType::Sms };
        let asked = serde_json::json!({ "otpType": kind, "contact": contact, "appName": "App" });
        let root = self.root_of(organization);
        self.submit(&root, organization, "ACTIVITY_TYPE_INIT_OTP_V3", asked).unwrap()
    }

    /// A code as a client encrypts it to what [`World::send_code`] returned.
    pub(crate) fn seal_code(&mut self, sent: &Value, code: &str, public_key: &str) -> String {
        let bundle = sent["otpEncryptionTargetBundle"].as_str().unwrap();
        let target = read_otp_target(bundle, &self.keys.otp_signer.public_key()).unwrap();
        let plain = serde_json::json!({ "otp_code": code, "public_key": public_key }).to_string();
        let sealed = seal_message(&target, plain.as_bytes(), &mut self.rng).unwrap();
        ClientMessage(sealed).to_string()
    }

    /// A verification token of the current form, by which `organization` says that whoever has this
    /// key has this contact.
    pub(crate) fn token(
        &mut self,
        organization: OrganizationId,
        contact: &str,
        public_key: &str,
    ) -> String {
        let sent = self.send_code(organization, contact);
        let code = self.last_code();
        let bundle = self.seal_code(&sent, &code, public_key);
        let given = serde_json::json!({ "otpId": sent["otpId"], "encryptedOtpBundle": bundle });
        self.verify(organization, "ACTIVITY_TYPE_VERIFY_OTP_V2", given)
    }

    /// As [`World::token`], of the older form, which need not be bound to a key.
    pub(crate) fn older_token(
        &mut self,
        organization: OrganizationId,
        contact: &str,
        public_key: Option<&str>,
    ) -> String {
        let sent = self.send_code(organization, contact);
        let mut given = serde_json::json!({ "otpId": sent["otpId"], "otpCode": self.last_code() });
        if let Some(key) = public_key {
            given["publicKey"] = key.into();
        }
        self.verify(organization, "ACTIVITY_TYPE_VERIFY_OTP", given)
    }

    fn verify(&mut self, organization: OrganizationId, kind: &str, given: Value) -> String {
        let root = self.root_of(organization);
        let result = self.submit(&root, organization, kind, given).unwrap();
        result["verificationToken"].as_str().unwrap().to_owned()
    }

    /// What a verification token was used for.
    pub(crate) fn token_use(&self, token: &str) -> Record<TokenUse> {
        self.read_record(TokenUse::key(peek_id(token).unwrap()))
    }

    /// An ID token of [`ISSUER`] for its client `client`, good for an hour; `claims` change it.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
    pub(crate) fn id_token(&mut self, subject: &str, claims: Value) -> String {
        let key = P256PrivateKey::generate(&mut SeededRng::from_seed([43; 32]));
        let keys = serde_json::json!({ "keys": [jwt::jwk(&key.public_key(), "key")] }).to_string();
        let keys = KeySet::parse(keys.as_bytes()).unwrap();
        self.issuers.insert(ISSUER.to_owned(), Arc::new(keys));
        let now = self.now.as_seconds();
        let mut says = serde_json::json!({
            "iss": ISSUER, "aud": "client", "sub": subject, "iat": now, "exp": now + 3600,
        });
        for (name, value) in claims.as_object().unwrap() {
            says[name] = value.clone();
        }
        jwt::sign_es256(Some("key"), &says.to_string(), &key)
    }

    /// Registers an account at [`ISSUER`] on a user.
    pub(crate) fn link_identity(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        audience: &str,
        subject: &str,
    ) -> OauthProviderId {
        let id = OauthProviderId::generate(self.now, &mut self.rng);
        let created_at = self.now;
        let user = self.edit(organization).user_mut(user).unwrap();
        user.oauth_providers.push(OauthProvider {
            id,
            name: "provider".to_owned(),
            issuer: ISSUER.to_owned(),
            audience: audience.to_owned(),
            subject: subject.to_owned(),
            created_at,
        });
        id
    }
}

/// The nonce of an ID token that is for this public key.
pub(crate) fn nonce(public_key: &str) -> String {
    hex::encode(sha256(public_key.as_bytes()))
}

/// Ether on any chain.
pub(crate) fn ether(chain: &ChainId) -> Asset {
    let label = AssetLabel {
        symbol: "ETH".to_owned(),
        name: "Ether".to_owned(),
        decimals: 18,
        logo_url: String::new(),
        is_stable: false,
    };
    Asset::native(chain, 60, label).unwrap()
}

/// What the holder of a token's key signs: `content` under `name`, such as `login`, with a `usage`.
#[expect(clippy::needless_pass_by_value, reason = "tests write the value where it is passed")]
pub(crate) fn client_signature(
    key: &P256PrivateKey,
    token: &str,
    usage: &str,
    name: &str,
    content: Value,
) -> Value {
    let id = peek_id(token).unwrap().to_string();
    let message = serde_json::json!({ name: content, "tokenId": id, "type": usage }).to_string();
    serde_json::json!({
        "publicKey": hex::encode(key.public_key().compressed()),
        "scheme": "CLIENT_SIGNATURE_SCHEME_API_P256",
        "signature": hex::encode(key.sign(message.as_bytes()).to_bytes()),
        "message": message,
    })
}

/// The caller, as seen from the organization a request is for.
fn seen_from(caller: &Caller, organization: OrganizationId) -> Caller {
    let home = if caller.organization == organization { Home::Own } else { Home::Parent };
    Caller { home, ..caller.clone() }
}

/// A record that is found by what it is about.
fn named(organization: OrganizationId, kind: &str, about: &str) -> RecordKey {
    let hash = sha256(format!("{kind}\0{about}").as_bytes());
    RecordKey { organization, id: Uuid::from_slice(&hash[..16]).unwrap() }
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
