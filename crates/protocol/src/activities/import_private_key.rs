//! `IMPORT_PRIVATE_KEY`: takes in a private key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::imports::{self, ImportKind},
    crate::engine::{Caller, Context, Needs, view, wallets},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_crypto::{PrivateKey, PublicKey, SecretBytes},
};

use crate::bundle::ClientMessage;
use crate::parameters::NewPrivateKey;
use crate::wire::enums::{AddressFormat, Curve};
use crate::wire::id::UserId;
use crate::wire::objects::{Address, PrivateKeyParams};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportPrivateKeyIntent {
    /// The user that imports: whoever asks.
    pub user_id: String,
    /// Its name, unique in the organization.
    pub private_key_name: String,
    /// The key, 32 bytes, sealed to the key of an import bundle.
    pub encrypted_bundle: String,
    /// Its curve.
    pub curve: Curve,
    /// Addresses it is to have; may be empty.
    pub address_formats: Vec<AddressFormat>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportPrivateKeyResult {
    /// The private key.
    pub private_key_id: String,
    /// Its addresses, in the order they were asked for.
    pub addresses: Vec<Address>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportPrivateKey {
    user: UserId,
    message: ClientMessage,
    new: NewPrivateKey,
}

impl TryFrom<ImportPrivateKeyIntent> for ImportPrivateKey {
    type Error = InvalidRequest;

    fn try_from(intent: ImportPrivateKeyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            message: ClientMessage::read("encryptedBundle", &intent.encrypted_bundle)?,
            new: PrivateKeyParams {
                private_key_name: intent.private_key_name,
                curve: intent.curve,
                private_key_tags: Vec::new(),
                address_formats: intent.address_formats,
            }
            .try_into()?,
        })
    }
}

impl Activity for ImportPrivateKey {
    const ROUTE: &'static str = "import_private_key";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ImportPrivateKeyIntent>(
        "ACTIVITY_TYPE_IMPORT_PRIVATE_KEY",
        "importPrivateKeyIntent",
        "importPrivateKeyResult",
    )];
    type Intent = ImportPrivateKeyIntent;
    type Output = ImportPrivateKeyResult;
}

#[cfg(feature = "engine")]
impl Execute for ImportPrivateKey {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Import));

    fn needs(&self) -> Needs {
        Needs::Import { kind: ImportKind::PrivateKey, user: self.user, compares: false }
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<ImportPrivateKeyResult, RequestError> {
        let Self { user, message, new } = self;
        let read = |plaintext: &SecretBytes| read_key(new.curve, plaintext);
        let (key, _) = imports::open(user, &message, caller, context, read)?;
        let now = context.now;
        let (organization, changes, rng) = context.edit_with();
        let id = wallets::import_private_key(organization, changes, new, &key, now, rng)?;
        Ok(ImportPrivateKeyResult {
            private_key_id: id.to_string(),
            addresses: view::addresses(organization.private_key(id)?),
        })
    }
}

/// Reads a key: its 32 bytes; on Ed25519 also with the public key behind them, if it is theirs.
#[cfg(feature = "engine")]
fn read_key(curve: Curve, plaintext: &SecretBytes) -> Result<PrivateKey, InvalidRequest> {
    let invalid = || InvalidRequest::new("invalid private key: must be 32 bytes of this curve");
    // The bytes leave their wrapper to become a key.
    let (bytes, rest) = plaintext.expose().split_first_chunk::<32>().ok_or_else(invalid)?;
    let key = PrivateKey::from_bytes(curve.into(), bytes).map_err(|_| invalid())?;
    let is_pair = matches!(key.public_key(), PublicKey::Ed25519(own) if rest == own.to_bytes());
    if rest.is_empty() || is_pair { Ok(key) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::activities::import_wallet::tests::{begin, seal};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn bring(
        world: &mut World,
        name: &str,
        curve: &str,
        formats: &[&str],
        key: &[u8],
    ) -> Result<Value, RequestError> {
        let root = world.root();
        let target = begin(world, &root, "PRIVATE_KEY");
        let bundle = seal(world, &root, &target, key);
        let formats: Vec<_> = formats.iter().map(|it| format!("ADDRESS_FORMAT_{it}")).collect();
        let parameters = json!({
            "userId": root.user, "privateKeyName": name, "encryptedBundle": bundle,
            "curve": format!("CURVE_{curve}"), "addressFormats": formats,
        });
        world.submit(&root, root.organization, "ACTIVITY_TYPE_IMPORT_PRIVATE_KEY", parameters)
    }

    #[test]
    fn takes_in_keys_of_every_curve() {
        let mut world = World::new();
        let made = bring(&mut world, "one", "SECP256K1", &["ETHEREUM"], &[1; 32]).unwrap();
        let address = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1";
        assert_eq!(made["addresses"][0]["address"], address);
        bring(&mut world, "two", "P256", &["COMPRESSED"], &[1; 32]).unwrap();
        bring(&mut world, "three", "ED25519", &["SOLANA"], &[1; 32]).unwrap();
        let keys = &world.organization(world.parent()).private_keys;
        assert!(keys.iter().all(|key| key.imported && !key.exported));
        assert_eq!(keys.len(), 3);
    }

    #[test]
    fn takes_an_ed25519_key_with_its_own_public_half_only() {
        let mut world = World::new();
        let seed = [7; 32];
        let key = keyward_crypto::Ed25519PrivateKey::from_bytes(&seed).unwrap();
        let mut pair = seed.to_vec();
        pair.extend_from_slice(&key.public_key().to_bytes());
        let mut wrong = pair.clone();
        *wrong.last_mut().unwrap() ^= 1;
        bring(&mut world, "wrong", "ED25519", &[], &wrong).unwrap_err();
        bring(&mut world, "curve", "SECP256K1", &[], &pair).unwrap_err();
        bring(&mut world, "pair", "ED25519", &["SOLANA"], &pair).unwrap();
        let refusal = bring(&mut world, "again", "ED25519", &[], &seed).unwrap_err();
        assert!(matches!(refusal, RequestError::AlreadyExists(_)), "{refusal}");
    }

    #[test]
    fn refuses_what_is_no_key() {
        let mut world = World::new();
        for bad in [&[][..], &[1; 31], &[1; 33], &[0; 32], &[0xff; 32]] {
            let refusal = bring(&mut world, "bad", "SECP256K1", &[], bad).unwrap_err();
            assert!(refusal.to_string().contains("invalid private key"), "{refusal}");
        }
        bring(&mut world, "bad", "ED25519", &["ETHEREUM"], &[1; 32]).unwrap_err();
        assert!(world.organization(world.parent()).private_keys.is_empty());
        assert!(world.secrets.is_empty());
    }
}
