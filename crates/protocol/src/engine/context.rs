//! What an activity is given and what it may change.

use std::sync::Arc;

use keyward_crypto::{CryptoRng, P256PrivateKey, PrivateKey, SecretBytes};
use uuid::Uuid;

use super::message::Message;
use super::model::{Organization, WalletAccount};
use super::record::RecordChange;
use super::wallets;
use crate::parameters::{NewAccount, Payload, SignWith};
use crate::payload;
use crate::wire::enums::AddressFormat;
use crate::wire::id::{OrganizationId, WalletAccountId, WalletId};
use crate::wire::objects::SignRawPayloadResult;
use crate::wire::{RequestError, Timestamp};

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
    /// A payload that was read for another curve; address formats whose signatures are not ECDSA or
    /// `EdDSA`.
    pub fn sign(&self, payload: &Payload) -> Result<SignRawPayloadResult, RequestError> {
        let to_sign = payload.for_curve(self.key.curve())?;
        let signature = match self.format {
            Some(format) => payload::sign_as(format, &self.key, to_sign)?,
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
}

/// The server's own signing keys.
pub struct ServerKeys {
    /// Signs session tokens.
    pub notarizer: P256PrivateKey,
}

/// Everything an activity sees and may change.
pub struct Context<'a> {
    /// The instant of the request.
    pub now: Timestamp,
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
    /// `X-Client-Version`, for what depends on the client's version.
    pub client_version: Option<&'a str>,
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
    ) -> Self {
        Self {
            now,
            rng,
            keys,
            parent,
            facts: Facts::Nothing,
            changes: Changes::default(),
            client_version: None,
            organization,
        }
    }

    /// The organization as it stands.
    pub fn organization(&self) -> &Organization {
        &self.organization
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
            _ => Err(RequestError::NotFound(
                "Could not find any resource to sign with. Addresses are case sensitive."
                    .to_owned(),
            )),
        }
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
            Facts::Mnemonic(Some(phrase)) => wallets::seed(&phrase)?,
            _ => {
                return Err(RequestError::NotFound(format!(
                    "could not find wallet with ID {wallet}"
                )));
            }
        };
        wallets::derive_accounts(&seed, &self.organization, wallet, new, self.now, self.rng)
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
}
