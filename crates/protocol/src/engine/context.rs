//! What an activity is given and what it may change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alloy_primitives::Address;
use keyward_crypto::{
    CryptoRng, Ed25519PrivateKey, P256PrivateKey, P256PublicKey, PrivateKey, SecretBytes,
};
use uuid::Uuid;

use super::authenticate::Client;
use super::chains::Asset;
use super::imports::{ImportFacts, ImportKind, SecretTarget};
use super::message::{Content, Message};
use super::model::{Organization, SessionLimits, WalletAccount};
use super::one_time::{Contact, OtpFacts, Requests};
use super::proofs::ProofFacts;
use super::record::{Record, RecordChange};
use super::sending::{Nonces, Sent, Submission};
use super::wallets::RecoveryPhrase;
use super::webhooks::Delivery;
use super::{sessions, wallets};
use crate::parameters::{NewAccount, Payload, SignWith};
use crate::payload;
use crate::wire::chain::ChainId;
use crate::wire::enums::{AddressFormat, OtpType};
use crate::wire::id::{
    ActivityId, MessageId, Oauth2CredentialId, OrganizationId, OtpId, SendTransactionStatusId,
    UserId, WalletAccountId, WalletId,
};
use crate::wire::objects::SignRawPayloadResult;
use crate::wire::sending::TxStatus;
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// What an activity must be given beside the organization. The shell fetches it before `execute`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Needs {
    /// Nothing.
    #[default]
    Nothing,
    /// The key that this names: [`Facts::Signer`].
    Signer(SignWith),
    /// The mnemonic of a wallet: [`Facts::Mnemonic`].
    Mnemonic(WalletId),
    /// Wallet accounts: [`Facts::Accounts`].
    Accounts(Vec<WalletAccountId>),
    /// The wallet account with an address, and its key: [`Facts::Account`].
    Account(String),
    /// The keys that a user may have sealed an import to, and what imports are compared with:
    /// [`Facts::Import`].
    Import {
        /// What is brought.
        kind: ImportKind,
        /// The user.
        user: UserId,
        /// Whether the recovery phrases that there are are needed.
        compares: bool,
    },
    /// The keys that secrets were sealed to: [`Facts::SecretTargets`].
    SecretTargets(Vec<P256PublicKey>),
    /// Secrets of the organization: [`Facts::Secrets`].
    Secrets(Vec<Uuid>),
    /// What was sent to a contact: [`Facts::Contact`].
    Contact {
        /// How it is reached.
        kind: OtpType,
        /// The address or number.
        contact: String,
        /// What the application calls whoever asks.
        identifier: Option<String>,
    },
    /// A one-time code that was sent: [`Facts::Otp`].
    Otp(OtpId),
    /// What tokens of the request can be checked with: [`Facts::Proofs`].
    Proofs(Proofs),
    /// What an OAuth 2.0 provider says of whoever has the code: [`Facts::Exchanged`].
    Exchange(CodeExchange),
    /// What is kept under an id, as the key of a private key is: [`Facts::Secret`].
    Secret(Uuid),
    /// Whether the server may send to this URL: [`Facts::Destination`].
    Destination(String),
    /// Keys that sign together: [`Facts::Signers`].
    Signers(Vec<SignWith>),
    /// A key that sends a transaction, and the numbers that its account has used: [`Facts::Sender`].
    Sender {
        /// The key.
        with: SignWith,
        /// Where to.
        chain: ChainId,
        /// The account.
        from: Address,
    },
    /// A signed transaction to be given to a chain's node: [`Facts::Broadcast`].
    Broadcast {
        /// Where to.
        chain: ChainId,
        /// The transaction.
        transaction: Vec<u8>,
    },
}

/// Tokens that a request carries. They are looked into, not believed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proofs {
    /// A verification token.
    pub verification_token: Option<String>,
    /// ID tokens of identity providers.
    pub id_tokens: Vec<String>,
}

/// An authorization code to exchange at an OAuth 2.0 provider (RFC 6749 §4.1.3, RFC 7636 §4.5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodeExchange {
    /// The client: one of the organization's.
    pub credential: Oauth2CredentialId,
    /// The code.
    pub code: String,
    /// Where the provider sent the browser back to.
    pub redirect_uri: String,
    /// PKCE.
    pub code_verifier: String,
}

/// What an OAuth 2.0 provider said.
pub struct Exchanged {
    /// Who the user is there.
    pub subject: String,
    /// The access token.
    pub bearer_token: SecretBytes,
}

impl Exchanged {
    /// The same again, for another attempt: a code is exchanged once.
    #[must_use]
    pub fn copy(&self) -> Self {
        let bearer_token = SecretBytes::new(self.bearer_token.expose().to_vec());
        Self { subject: self.subject.clone(), bearer_token }
    }
}

/// A key opened for one activity; wiped when dropped.
pub struct Signer {
    /// The key.
    pub key: PrivateKey,
    /// The format of the address it was named by; `None` when named by id. Decides the signature
    /// scheme.
    pub format: Option<AddressFormat>,
}

impl Signer {
    /// Signs a payload.
    ///
    /// # Errors
    ///
    /// A payload that was read for another curve.
    pub fn sign(
        &self,
        payload: &Payload,
        rng: &mut dyn CryptoRng,
    ) -> Result<SignRawPayloadResult, RequestError> {
        let to_sign = payload.for_curve(self.key.curve())?;
        let signature = match self.format {
            Some(format) => payload::sign_as(format, &self.key, to_sign, rng)?,
            None => payload::sign(&self.key, to_sign)?,
        };
        Ok(SignRawPayloadResult { r: signature.r, s: signature.s, v: signature.v })
    }
}

/// What was fetched for an activity; answers [`Needs`] one to one.
pub enum Facts {
    /// Nothing was asked for.
    Nothing,
    /// The key, when there is one.
    Signer(Option<Signer>),
    /// The mnemonic as text, when there is such a wallet.
    Mnemonic(Option<SecretBytes>),
    /// The accounts there are of those asked for.
    Accounts(Vec<WalletAccount>),
    /// The account and its key, when there is one.
    Account(Option<Box<(WalletAccount, PrivateKey)>>),
    /// What imports of the user can be opened with.
    Import(Box<ImportFacts>),
    /// The keys, one to one.
    SecretTargets(Vec<Record<SecretTarget>>),
    /// The secrets, one to one.
    Secrets(Vec<Option<SecretBytes>>),
    /// What was sent to the contact, and asked for under the identifier.
    Contact {
        /// By contact.
        contact: Record<Contact>,
        /// By identifier.
        requests: Option<Record<Requests>>,
    },
    /// The code.
    Otp(Box<OtpFacts>),
    /// What the tokens can be checked with.
    Proofs(ProofFacts),
    /// What the provider said; the refusal when it refused.
    Exchanged(Result<Exchanged, RequestError>),
    /// The secret, where there is one.
    Secret(Option<SecretBytes>),
    /// That it may be sent to; the refusal where it may not.
    Destination(Result<(), InvalidRequest>),
    /// The keys, those that there are, in order.
    Signers(Vec<Option<Signer>>),
    /// The key, when there is one, and the numbers.
    Sender(Option<Signer>, Record<Nonces>),
    /// A node has taken it.
    Broadcast,
}

/// The server's own keys.
pub struct ServerKeys {
    /// Signs session tokens.
    pub notarizer: P256PrivateKey,
    /// Signs export and import bundles.
    pub signer: P256PrivateKey,
    /// Signs verification tokens and the targets of encrypted one-time codes.
    pub otp_signer: P256PrivateKey,
    /// Signs verification tokens of the older form.
    pub legacy_otp_signer: P256PrivateKey,
    /// Client secrets of OAuth 2.0 providers are sealed to this.
    pub secret_receiver: P256PrivateKey,
    /// Signs ID tokens for accounts at OAuth 2.0 providers.
    pub id_token_signer: P256PrivateKey,
    /// Signs what is sent to webhooks.
    pub webhook_signer: Ed25519PrivateKey,
}

impl ServerKeys {
    /// Draws all of them.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = || P256PrivateKey::generate(rng);
        Self {
            notarizer: key(),
            signer: key(),
            otp_signer: key(),
            legacy_otp_signer: key(),
            secret_receiver: key(),
            id_token_signer: key(),
            webhook_signer: Ed25519PrivateKey::generate(rng),
        }
    }
}

/// What an operator decides and activities depend on.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where the server is reached: the issuer of its tokens.
    pub issuer: String,
    /// Whether the sandbox contacts have the code `000000`, which lets anybody in who names them.
    pub sandbox_otp: bool,
    /// Longest life of a read-write session.
    pub longest_session_seconds: Option<u64>,
    /// E-mail templates that there are.
    pub email_templates: BTreeSet<String>,
    /// The chains that are configured, and what can be held on them.
    pub assets: BTreeMap<ChainId, Vec<Asset>>,
}

impl Settings {
    /// The issuer of ID tokens for accounts at OAuth 2.0 providers.
    pub fn id_token_issuer(&self) -> String {
        format!("{}/oauth2", self.issuer.trim_end_matches('/'))
    }
}

/// Everything an activity sees and may change.
pub struct Context<'a> {
    /// The instant of the request.
    pub now: Timestamp,
    /// The activity; nil for whoever does not record it.
    pub activity: ActivityId,
    /// The request's generator.
    pub rng: &'a mut dyn CryptoRng,
    /// The server's keys.
    pub keys: &'a ServerKeys,
    /// The parent of the organization, where it has one.
    pub parent: Option<&'a Organization>,
    /// What the activity's `needs` asked for.
    pub facts: Facts,
    /// What it changes outside the organization.
    pub changes: Changes,
    /// Where the request comes from.
    pub client: &'a Client,
    /// What the operator decided.
    pub settings: &'a Settings,
    /// Records that are written even when the activity is refused: what an attempt costs.
    pub kept: Vec<RecordChange>,
    pub(super) organization: Arc<Organization>,
}

impl<'a> Context<'a> {
    /// A context in which nothing was fetched and nothing has changed.
    pub fn new(
        organization: Arc<Organization>,
        parent: Option<&'a Organization>,
        now: Timestamp,
        rng: &'a mut dyn CryptoRng,
        keys: &'a ServerKeys,
        settings: &'a Settings,
        client: &'a Client,
    ) -> Self {
        Self {
            now,
            activity: ActivityId(Uuid::nil()),
            rng,
            keys,
            parent,
            facts: Facts::Nothing,
            changes: Changes::default(),
            client,
            settings,
            kept: Vec::new(),
            organization,
        }
    }

    /// The organization as it stands.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// What sessions of the organization may not exceed.
    pub fn session_limits(&self) -> SessionLimits {
        sessions::limits(&self.organization, self.parent)
    }

    /// The organization, to change it. What is asked for here is written back.
    pub fn edit(&mut self) -> &mut Organization {
        Arc::make_mut(&mut self.organization)
    }

    /// As [`Context::edit`], together with what else it takes to make something.
    pub fn edit_with(&mut self) -> (&mut Organization, &mut Changes, &mut dyn CryptoRng) {
        (Arc::make_mut(&mut self.organization), &mut self.changes, &mut *self.rng)
    }

    /// The key to sign with.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] when nothing in the organization has that name.
    pub fn take_signer(&mut self) -> Result<Signer, RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Signer(Some(signer)) => Ok(signer),
            _ => Err(no_signer()),
        }
    }

    /// The keys to sign with, in order.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] when nothing in the organization has one of the names.
    pub fn take_signers(&mut self) -> Result<Vec<Signer>, RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Signers(signers) => {
                signers.into_iter().map(|signer| signer.ok_or_else(no_signer)).collect()
            }
            _ => Err(no_signer()),
        }
    }

    /// The key of the account that sends, and the numbers that the account has used.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] when nothing in the organization has that name.
    pub fn take_sender(&mut self) -> Result<(Signer, Record<Nonces>), RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Sender(Some(signer), nonces) => Ok((signer, nonces)),
            _ => Err(no_signer()),
        }
    }

    /// Keeps a signed transaction, and has it sent once that is durable. `signed` is the whole of it, hex.
    ///
    /// # Errors
    ///
    /// None in practice: it is plain data.
    pub fn send(
        &mut self,
        id: SendTransactionStatusId,
        chain: ChainId,
        sent: Sent,
        signed: String,
    ) -> Result<(), RequestError> {
        let organization = self.organization.id;
        let value = Submission {
            id,
            organization,
            activity: self.activity,
            chain,
            sent,
            signed,
            status: TxStatus::Initialized,
            error: None,
            created_at: self.now,
            updated_at: self.now,
        };
        let key = Submission::key(organization, id);
        let record = Record { key, revision: 0, value: Some(value) };
        self.changes.records.push(record.write(None)?);
        self.changes.messages.push(Message {
            id: MessageId::generate(self.now, self.rng),
            organization,
            // What becomes of it is of interest whenever the server runs again.
            expires_at: Timestamp::from_millis(u64::MAX),
            content: Content::Transaction(id),
        });
        Ok(())
    }

    /// Derives accounts of the wallet whose mnemonic was asked for.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] when there is no such wallet, else as [`wallets::derive_accounts`].
    pub fn derive_accounts(
        &mut self,
        wallet: WalletId,
        new: Vec<NewAccount>,
    ) -> Result<Vec<(WalletAccount, PrivateKey)>, RequestError> {
        self.organization.wallet(wallet)?;
        let seed = match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Mnemonic(Some(phrase)) => RecoveryPhrase::parse(&phrase)?.seed(),
            _ => {
                return Err(RequestError::NotFound(format!(
                    "could not find wallet with ID {wallet}"
                )));
            }
        };
        wallets::derive_accounts(&seed, &self.organization, wallet, new, self.now, self.rng)
    }

    /// The wallet account that was asked for, and its key.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] when the organization has none with this address.
    pub fn take_account(
        &mut self,
        address: &str,
    ) -> Result<(WalletAccount, PrivateKey), RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Account(Some(account)) => Ok(*account),
            _ => Err(RequestError::NotFound(format!(
                "Could not find wallet account with address: {address}"
            ))),
        }
    }

    /// What is kept under the id that was asked for.
    ///
    /// # Errors
    ///
    /// [`RequestError::Busy`] when it is gone: whoever asked for it saw it a moment ago.
    pub fn take_secret(&mut self) -> Result<SecretBytes, RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Secret(Some(secret)) | Facts::Mnemonic(Some(secret)) => Ok(secret),
            _ => Err(RequestError::Busy),
        }
    }

    /// What the tokens of the request can be checked with.
    pub fn take_proofs(&mut self) -> ProofFacts {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Proofs(proofs) => proofs,
            _ => ProofFacts::default(),
        }
    }

    /// What was sent to the contact that was named, and asked for under the identifier.
    ///
    /// # Errors
    ///
    /// [`RequestError::Busy`] when it was not fetched.
    pub fn take_contact(
        &mut self,
    ) -> Result<(Record<Contact>, Option<Record<Requests>>), RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Contact { contact, requests } => Ok((contact, requests)),
            _ => Err(RequestError::Busy),
        }
    }

    /// The one-time code that was named.
    ///
    /// # Errors
    ///
    /// [`RequestError::InvalidOtpCode`] when it was not fetched.
    pub fn take_otp(&mut self) -> Result<OtpFacts, RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Otp(otp) => Ok(*otp),
            _ => Err(RequestError::InvalidOtpCode),
        }
    }

    /// What the OAuth 2.0 provider said of whoever has the code.
    ///
    /// # Errors
    ///
    /// The refusal when it refused, and when it named nobody.
    pub fn take_exchanged(&mut self) -> Result<Exchanged, RequestError> {
        let exchanged = match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Exchanged(exchanged) => exchanged?,
            _ => return Err(InvalidRequest::new("the provider was not asked").into()),
        };
        if exchanged.subject.is_empty() {
            return Err(InvalidRequest::new("the provider does not say who the user is").into());
        }
        Ok(exchanged)
    }

    /// Refuses a destination that the server does not send to.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL; [`RequestError::Busy`] when that was not looked at.
    pub fn check_destination(&mut self) -> Result<(), RequestError> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Destination(checked) => Ok(checked?),
            _ => Err(RequestError::Busy),
        }
    }

    /// The accounts there are of those asked for.
    pub fn take_accounts(&mut self) -> Vec<WalletAccount> {
        match std::mem::replace(&mut self.facts, Facts::Nothing) {
            Facts::Accounts(accounts) => accounts,
            _ => Vec::new(),
        }
    }

    /// The organization and what else has changed.
    pub fn into_parts(self) -> (Arc<Organization>, Changes) {
        (self.organization, self.changes)
    }
}

/// Whoever is to sign is not there. Source: the hosted service.
pub fn no_signer() -> RequestError {
    let text = "Could not find any resource to sign with. Addresses are case sensitive.";
    RequestError::NotFound(text.to_owned())
}

/// What an activity changes outside the organization it is for.
#[derive(Default)]
pub struct Changes {
    /// Sub-organizations that come into being.
    pub created: Vec<Organization>,
    /// Whether the organization itself goes, with all it holds.
    pub deletes_organization: bool,
    /// Wallet accounts that come into being, each with its key.
    pub accounts: Vec<(WalletAccount, PrivateKey)>,
    /// Wallet accounts that go.
    pub deleted_accounts: Vec<WalletAccountId>,
    /// Wallets whose accounts all go.
    pub deleted_wallets: Vec<WalletId>,
    /// Mnemonics and private keys to keep, under the id of their wallet or private key.
    pub secrets: Vec<(OrganizationId, Uuid, SecretBytes)>,
    /// Secrets of the organization to erase.
    pub deleted_secrets: Vec<Uuid>,
    /// Records that are written or go, of any organization.
    pub records: Vec<RecordChange>,
    /// What is sent to people once this is durable.
    pub messages: Vec<Message>,
    /// What is sent to webhooks once this is durable.
    pub webhooks: Vec<Delivery>,
    /// Sessions that made room for others before their time.
    pub evicted: Vec<Uuid>,
}
