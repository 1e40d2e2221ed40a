//! What comes in sealed: the one-time keys that clients seal wallets, private keys and secrets to, and
//! what goes out sealed.

use keyward_crypto::{P256PrivateKey, P256PublicKey, SecretBytes, seal_message};
use serde::{Deserialize, Serialize};

use super::context::{Context, Facts};
use super::record::{Record, RecordKey};
use super::{Caller, Organization};
use crate::bundle::{self, ClientMessage};
use crate::wire::id::{OrganizationId, UserId, WalletId};
use crate::wire::{InvalidRequest, RequestError, Timestamp};

/// Keys of one user that wallets, or private keys, may be sealed to at a time.
pub const TARGETS: usize = 10;
/// How long something can be sealed to a key.
pub const TARGET_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// What a user brings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportKind {
    /// A recovery phrase.
    Wallet,
    /// A private key.
    PrivateKey,
}

/// The keys that a user may seal an import to, the oldest first.
#[derive(Default, Deserialize, Serialize)]
pub struct Targets(Vec<Target>);

/// A key that something may be sealed to once.
#[derive(Deserialize, Serialize)]
struct Target {
    /// The private half, hex.
    key: String,
    /// When it is good no more, in milliseconds.
    expires_at: u64,
}

impl Target {
    fn generate(context: &mut Context<'_>) -> (Self, P256PublicKey, Timestamp) {
        let key = P256PrivateKey::generate(context.rng);
        let expires_at = context.now.plus_seconds(TARGET_LIFETIME_SECONDS);
        // The scalar goes into the record, which is kept sealed.
        let target = Self {
            key: hex::encode(key.expose_bytes().expose()),
            expires_at: expires_at.as_millis(),
        };
        (target, key.public_key(), expires_at)
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.expires_at > now.as_millis()
    }

    fn key(&self) -> Option<P256PrivateKey> {
        let bytes = SecretBytes::new(hex::decode(&self.key).ok()?);
        P256PrivateKey::from_bytes(bytes.expose().try_into().ok()?).ok()
    }
}

impl Targets {
    /// Where those of a user are kept.
    pub fn key(organization: OrganizationId, kind: ImportKind, user: UserId) -> RecordKey {
        let about = match kind {
            ImportKind::Wallet => "wallet import",
            ImportKind::PrivateKey => "private key import",
        };
        RecordKey::about(organization, about, user.0.as_bytes())
    }
}

/// What is fetched for an import.
pub struct ImportFacts {
    /// The keys that the user may have sealed to.
    pub targets: Record<Targets>,
    /// The recovery phrases that there are, when a wallet comes in.
    pub phrases: Vec<(WalletId, SecretBytes)>,
}

/// Makes a key for the caller to seal an import to, and signs it: the bundle. The oldest makes room.
///
/// # Errors
///
/// Unless `user` is the caller.
pub fn begin(
    user: UserId,
    caller: &Caller,
    context: &mut Context<'_>,
) -> Result<String, RequestError> {
    check_user(user, caller, context.organization())?;
    let (target, public_key, expires_at) = Target::generate(context);
    let mut record = take(context)?.targets;
    let now = context.now;
    let Targets(targets) = &mut record.value;
    targets.retain(|known| known.is_good(now));
    targets.push(target);
    targets.drain(..targets.len().saturating_sub(TARGETS));
    context.changes.records.push(record.write(Some(expires_at))?);
    let organization = context.organization().id;
    let signer = &context.keys.signer;
    Ok(bundle::import_target_bundle(&public_key, organization, Some(user), signer))
}

/// Opens what the caller sealed, and reads it. The key it was sealed to is used up, also when what was in
/// it can't be read; a message that no key opens uses nothing up. Returns the recovery phrases that there
/// are as well.
///
/// # Errors
///
/// Unless `user` is the caller; a message that no key opens; whatever `read` finds.
pub fn open<T>(
    user: UserId,
    message: &ClientMessage,
    caller: &Caller,
    context: &mut Context<'_>,
    read: impl FnOnce(&SecretBytes) -> Result<T, InvalidRequest>,
) -> Result<(T, Vec<(WalletId, SecretBytes)>), RequestError> {
    check_user(user, caller, context.organization())?;
    let ImportFacts { targets: mut record, phrases } = take(context)?;
    let now = context.now;
    let Targets(targets) = &mut record.value;
    let opened = targets.iter().enumerate().rev().find_map(|(place, target)| {
        let key = target.key().filter(|_| target.is_good(now))?;
        Some((place, message.open(&key).ok()?))
    });
    let Some((place, plaintext)) = opened else {
        let reason = "invalid encryptedBundle: no import bundle of this user opens it";
        return Err(InvalidRequest::new(reason).into());
    };
    targets.remove(place);
    let last = targets.last().map(|target| Timestamp::from_millis(target.expires_at));
    let spent = match last {
        None => record.delete(),
        some => record.write(some)?,
    };
    match read(&plaintext) {
        Ok(read) => {
            context.changes.records.push(spent);
            Ok((read, phrases))
        }
        Err(refusal) => {
            context.kept.push(spent);
            Err(refusal.into())
        }
    }
}

fn take(context: &mut Context<'_>) -> Result<ImportFacts, RequestError> {
    match std::mem::replace(&mut context.facts, Facts::Nothing) {
        Facts::Import(facts) => Ok(*facts),
        _ => Err(RequestError::Busy),
    }
}

/// Imports are for oneself, whatever the policies say.
fn check_user(
    user: UserId,
    caller: &Caller,
    organization: &Organization,
) -> Result<(), RequestError> {
    organization.user(user)?;
    if user == caller.user { Ok(()) } else { Err(RequestError::PermissionDenied) }
}

/// A key that one secret may be sealed to; nothing where there is no such record.
#[derive(Default, Deserialize, Serialize)]
pub struct SecretTarget(Option<Target>);

impl SecretTarget {
    /// Where the key with this public half is kept.
    pub fn key(organization: OrganizationId, public_key: &P256PublicKey) -> RecordKey {
        RecordKey::about(organization, "secret import", &public_key.compressed())
    }
}

/// Makes a key for a secret to be sealed to, and signs it: the bundle.
///
/// # Errors
///
/// None in practice.
pub fn begin_secret(context: &mut Context<'_>) -> Result<String, RequestError> {
    let organization = context.organization().id;
    let (target, public_key, expires_at) = Target::generate(context);
    let record = Record {
        key: SecretTarget::key(organization, &public_key),
        revision: 0,
        value: SecretTarget(Some(target)),
    };
    context.changes.records.push(record.write(Some(expires_at))?);
    Ok(bundle::import_target_bundle(&public_key, organization, None, &context.keys.signer))
}

/// Opens what was sealed to a key for secrets, which is used up with the activity.
///
/// # Errors
///
/// A key that there is not, any more, and a message that it does not open.
pub fn open_secret(
    record: &Record<SecretTarget>,
    message: &ClientMessage,
    context: &mut Context<'_>,
) -> Result<SecretBytes, InvalidRequest> {
    let target = record.value.0.as_ref().filter(|target| target.is_good(context.now));
    let key = target
        .and_then(Target::key)
        .ok_or_else(|| InvalidRequest::new("invalid targetPublicKey: unknown, used or expired"))?;
    let plaintext = message.open(&key).map_err(|_| {
        InvalidRequest::new("invalid secretPayload: the target key does not open it")
    })?;
    context.changes.records.push(record.delete());
    Ok(plaintext)
}

/// Seals what leaves to a client's key, and signs it: an export bundle.
///
/// # Errors
///
/// A key that nothing can be sealed to.
pub fn export(
    plaintext: &SecretBytes,
    target: &P256PublicKey,
    context: &mut Context<'_>,
) -> Result<String, RequestError> {
    // It leaves its wrapper to be encrypted.
    let sealed = seal_message(target, plaintext.expose(), context.rng)
        .map_err(|_| InvalidRequest::new("invalid targetPublicKey"))?;
    Ok(bundle::export_bundle(&sealed, context.organization().id, &context.keys.signer))
}
