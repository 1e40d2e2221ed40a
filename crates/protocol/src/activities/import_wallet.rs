//! `IMPORT_WALLET`: takes in a wallet by its recovery phrase.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::imports::{self, ImportKind},
    crate::engine::wallets::{self, KeptWallet, RecoveryPhrase},
    crate::engine::{Caller, Context, Needs},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::bundle::ClientMessage;
use crate::parameters::{NewAccount, all};
use crate::wire::id::UserId;
use crate::wire::objects::{WalletAccountParams, WalletResult};
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportWalletIntent {
    /// The user that imports: whoever asks.
    pub user_id: String,
    /// Its name, unique in the organization.
    pub wallet_name: String,
    /// The mnemonic, sealed to the key of an import bundle; a passphrase may follow in a second line.
    pub encrypted_bundle: String,
    /// Accounts to derive at once; may be empty.
    pub accounts: Vec<WalletAccountParams>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportWallet {
    user: UserId,
    name: String,
    message: ClientMessage,
    accounts: Vec<NewAccount>,
}

impl TryFrom<ImportWalletIntent> for ImportWallet {
    type Error = InvalidRequest;

    fn try_from(intent: ImportWalletIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            name: value::label("walletName", intent.wallet_name)?,
            message: ClientMessage::read("encryptedBundle", &intent.encrypted_bundle)?,
            accounts: all(intent.accounts)?,
        })
    }
}

impl Activity for ImportWallet {
    const ROUTE: &'static str = "import_wallet";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ImportWalletIntent>(
        "ACTIVITY_TYPE_IMPORT_WALLET",
        "importWalletIntent",
        "importWalletResult",
    )];
    type Intent = ImportWalletIntent;
    type Output = WalletResult;
}

#[cfg(feature = "engine")]
impl Execute for ImportWallet {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Import));

    fn needs(&self) -> Needs {
        Needs::Import { kind: ImportKind::Wallet, user: self.user, compares: true }
    }

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<WalletResult, RequestError> {
        let Self { user, name, message, accounts } = self;
        let (phrase, known) =
            imports::open(user, &message, caller, context, RecoveryPhrase::parse)?;
        for (id, other) in known {
            if RecoveryPhrase::parse(&other)?.is_same_wallet(&phrase) {
                return Err(RequestError::AlreadyExists(format!(
                    "seed for wallet {id} already imported in this organization"
                )));
            }
        }
        let now = context.now;
        let (organization, changes, rng) = context.edit_with();
        let wallet = KeptWallet { name, accounts, phrase, imported: true };
        let (id, addresses) = wallets::keep_wallet(organization, changes, wallet, now, rng)?;
        Ok(WalletResult { wallet_id: id.to_string(), addresses })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use keyward_crypto::seal_message;
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{WORDS, ethereum, wallet};
    use crate::bundle::{ClientMessage, read_import_target};
    use crate::engine::Caller;
    use crate::engine::imports::TARGETS;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    const KIND: &str = "ACTIVITY_TYPE_IMPORT_WALLET";

    /// Asks for a key to seal a wallet or a private key to.
    pub(crate) fn begin(world: &mut World, caller: &Caller, what: &str) -> String {
        let kind = format!("ACTIVITY_TYPE_INIT_IMPORT_{what}");
        let parameters = json!({ "userId": caller.user });
        let result = world.submit(caller, caller.organization, &kind, parameters).unwrap();
        result["importBundle"].as_str().unwrap().to_owned()
    }

    /// Seals as a client does.
    pub(crate) fn seal(world: &mut World, caller: &Caller, bundle: &str, text: &[u8]) -> String {
        let (organization, user) = (caller.organization, Some(caller.user));
        let signer = world.keys.signer.public_key();
        let target = read_import_target(bundle, &signer, organization, user).unwrap();
        ClientMessage(seal_message(&target, text, &mut world.rng).unwrap()).to_string()
    }

    fn import(
        world: &mut World,
        caller: &Caller,
        name: &str,
        bundle: &str,
    ) -> Result<Value, RequestError> {
        let parameters = json!({
            "userId": caller.user, "walletName": name, "encryptedBundle": bundle,
            "accounts": [ethereum()],
        });
        world.submit(caller, caller.organization, KIND, parameters)
    }

    fn bring(
        world: &mut World,
        caller: &Caller,
        name: &str,
        text: &str,
    ) -> Result<Value, RequestError> {
        let target = begin(world, caller, "WALLET");
        let bundle = seal(world, caller, &target, text.as_bytes());
        import(world, caller, name, &bundle)
    }

    #[test]
    fn takes_in_a_phrase_with_the_addresses_it_always_had() {
        let mut world = World::new();
        let root = world.root();
        let result = bring(&mut world, &root, "mine", WORDS).unwrap();
        // The first account of many local chains.
        let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(result["addresses"], json!([address]));
        let kept = &world.organization(root.organization).wallets[0];
        assert!(kept.imported && !kept.exported);
    }

    #[test]
    fn reads_a_passphrase_however_it_is_parted_from_the_words() {
        let mut world = World::new();
        let root = world.root();
        let frame = bring(&mut world, &root, "frame", &format!("{WORDS}\n--PASS--\nsecret"));
        let frame = frame.unwrap();
        assert_ne!(frame["addresses"][0], "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        // The same wallet, parted by a line end and written otherwise.
        let same = format!("  {}\nsecret", WORDS.replace(' ', "  "));
        let refusal = bring(&mut world, &root, "again", &same).unwrap_err();
        assert!(matches!(refusal, RequestError::AlreadyExists(_)), "{refusal}");
        let id = frame["walletId"].as_str().unwrap();
        assert!(refusal.to_string().contains(&format!("seed for wallet {id} already imported")));
        // Without the passphrase it is another.
        bring(&mut world, &root, "other", WORDS).unwrap();
    }

    #[test]
    fn refuses_the_seed_of_a_wallet_that_was_made_here() {
        let mut world = World::new();
        let root = world.root();
        wallet(&mut world, &root, "made", &[]);
        let made = world.organization(root.organization).wallets[0].id;
        let phrase = world.secrets[&(root.organization, made.0)].expose().to_vec();
        let phrase = String::from_utf8(phrase).unwrap();
        let refusal = bring(&mut world, &root, "again", &phrase).unwrap_err();
        assert!(matches!(refusal, RequestError::AlreadyExists(_)), "{refusal}");
        // Another organization may have it.
        let (_, stranger) = world.sub_organization();
        bring(&mut world, &stranger, "theirs", &phrase).unwrap();
    }

    #[test]
    fn a_key_opens_one_import_and_is_used_up_by_what_it_opens() {
        let mut world = World::new();
        let root = world.root();
        let target = begin(&mut world, &root, "WALLET");
        let bundle = seal(&mut world, &root, &target, WORDS.as_bytes());
        import(&mut world, &root, "first", &bundle).unwrap();
        let refusal = import(&mut world, &root, "second", &bundle).unwrap_err();
        assert!(refusal.to_string().contains("no import bundle"), "{refusal}");
        for bad in [
            "test",
            "test test test test test test test test test test test test",
            "test test test test test test test test test test test junc",
        ] {
            let target = begin(&mut world, &root, "WALLET");
            let bundle = seal(&mut world, &root, &target, bad.as_bytes());
            let refusal = import(&mut world, &root, "second", &bundle).unwrap_err();
            assert!(refusal.to_string().contains("invalid mnemonic"), "{refusal}");
            assert!(!refusal.to_string().contains("junc"));
            let refusal = import(&mut world, &root, "second", &bundle).unwrap_err();
            assert!(refusal.to_string().contains("no import bundle"), "{refusal}");
        }
        assert_eq!(world.organization(root.organization).wallets.len(), 1);
    }

    #[test]
    fn what_fails_otherwise_leaves_the_key_for_another_attempt() {
        let mut world = World::new();
        let root = world.root();
        wallet(&mut world, &root, "taken", &[]);
        let target = begin(&mut world, &root, "WALLET");
        let bundle = seal(&mut world, &root, &target, WORDS.as_bytes());
        import(&mut world, &root, "taken", &bundle).unwrap_err();
        import(&mut world, &root, "free", &bundle).unwrap();
    }

    #[test]
    fn keys_are_a_users_own_for_a_day_and_few() {
        let mut world = World::new();
        let root = world.root();
        let other = world.user(world.parent());
        for kind in ["ACTIVITY_TYPE_INIT_IMPORT_WALLET", "ACTIVITY_TYPE_INIT_IMPORT_PRIVATE_KEY"] {
            let parameters = json!({ "userId": other.user });
            let refusal = world.submit(&root, root.organization, kind, parameters).unwrap_err();
            assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        }
        // Eleven keys: the first has made room.
        let targets: Vec<_> = (0..=TARGETS).map(|_| begin(&mut world, &root, "WALLET")).collect();
        let first = seal(&mut world, &root, &targets[0], WORDS.as_bytes());
        import(&mut world, &root, "first", &first).unwrap_err();
        let second = seal(&mut world, &root, &targets[1], WORDS.as_bytes());
        // Not for private keys.
        let parameters = json!({
            "userId": root.user, "privateKeyName": "key", "encryptedBundle": second,
            "curve": "CURVE_SECP256K1", "addressFormats": [],
        });
        let kind = "ACTIVITY_TYPE_IMPORT_PRIVATE_KEY";
        world.submit(&root, root.organization, kind, parameters).unwrap_err();
        world.now = world.now.plus_seconds(24 * 60 * 60);
        let refusal = import(&mut world, &root, "late", &second).unwrap_err();
        assert!(refusal.to_string().contains("no import bundle"), "{refusal}");
    }

    #[test]
    fn refuses_bundles_that_are_none() {
        let mut world = World::new();
        let root = world.root();
        for bad in ["", "{}", "[]", r#"{"encappedPublic":"04","ciphertext":""}"#] {
            let refusal = import(&mut world, &root, "first", bad).unwrap_err();
            assert_eq!(refusal.status().http_status(), 400, "{bad}");
        }
    }
}
