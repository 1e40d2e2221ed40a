//! `EXPORT_WALLET`: hands out the recovery phrase of a wallet, sealed to a key of the client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::Concerns,
    crate::engine::wallets::RecoveryPhrase,
    crate::engine::{Caller, Context, Needs, imports},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_policy::Value,
};

use keyward_crypto::P256PublicKey;

use crate::parameters::p256_key;
use crate::wire::enums::MnemonicLanguage;
use crate::wire::id::WalletId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportWalletIntent {
    /// The wallet.
    pub wallet_id: String,
    /// The language of its mnemonic; English when absent. A mnemonic is not translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<MnemonicLanguage>,
    /// Key of the client that it is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportWalletResult {
    /// The wallet.
    pub wallet_id: String,
    /// The mnemonic, sealed and signed; a passphrase follows in a second line.
    pub export_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportWallet {
    wallet: WalletId,
    language: Option<MnemonicLanguage>,
    target: P256PublicKey,
    /// The target as it was written.
    target_text: String,
}

impl TryFrom<ExportWalletIntent> for ExportWallet {
    type Error = InvalidRequest;

    fn try_from(intent: ExportWalletIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            wallet: value::id("walletId", &intent.wallet_id)?,
            language: intent.language,
            target: p256_key(&intent.target_public_key)?,
            target_text: intent.target_public_key,
        })
    }
}

impl Activity for ExportWallet {
    const ROUTE: &'static str = "export_wallet";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ExportWalletIntent>(
        "ACTIVITY_TYPE_EXPORT_WALLET",
        "exportWalletIntent",
        "exportWalletResult",
    )];
    type Intent = ExportWalletIntent;
    type Output = ExportWalletResult;
}

#[cfg(feature = "engine")]
impl Execute for ExportWallet {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Export));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("target_public_key", Value::text(self.target_text.as_str()))]
    }

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Wallet(self.wallet)
    }

    fn needs(&self) -> Needs {
        Needs::Mnemonic(self.wallet)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<ExportWalletResult, RequestError> {
        context.organization().wallet(self.wallet)?;
        let phrase = RecoveryPhrase::parse(&context.take_secret()?)?;
        // Other words would be another seed.
        let language = MnemonicLanguage::from(phrase.language());
        if self.language.is_some_and(|asked| asked != language) {
            let language = language.as_str();
            let reason = format!("invalid language: the mnemonic is in {language}");
            return Err(InvalidRequest::new(reason).into());
        }
        let bundle = imports::export(&phrase.to_bytes(), &self.target, context)?;
        let now = context.now;
        let wallet = context.edit().wallet_mut(self.wallet)?;
        if !wallet.exported {
            wallet.exported = true;
            wallet.updated_at = now;
        }
        Ok(ExportWalletResult { wallet_id: self.wallet.to_string(), export_bundle: bundle })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use keyward_crypto::{P256PrivateKey, SecretBytes};
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::{ethereum, wallet};
    use crate::bundle::open_export_bundle;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    /// Exports to a fresh key, and opens what comes. `parameters` are all but the key.
    pub(crate) fn export(
        world: &mut World,
        kind: &str,
        mut parameters: Value,
    ) -> Result<SecretBytes, RequestError> {
        let root = world.root();
        let target = P256PrivateKey::generate(&mut world.rng);
        parameters["targetPublicKey"] = hex::encode(target.public_key().uncompressed()).into();
        let result = world.submit(&root, root.organization, kind, parameters)?;
        let bundle = result["exportBundle"].as_str().unwrap();
        let signer = world.keys.signer.public_key();
        Ok(open_export_bundle(bundle, &signer, root.organization, &target).unwrap())
    }

    const KIND: &str = "ACTIVITY_TYPE_EXPORT_WALLET";

    #[test]
    fn hands_out_the_phrase_and_marks_the_wallet() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[ethereum()]);
        let phrase = export(&mut world, KIND, json!({ "walletId": id })).unwrap();
        let kept = &world.organization(root.organization).wallets[0];
        assert!(kept.exported);
        let stored = &world.secrets[&(root.organization, kept.id.0)];
        assert!(phrase.expose() == stored.expose());
        // As often as one likes.
        let english = json!({ "walletId": id, "language": "MNEMONIC_LANGUAGE_ENGLISH" });
        export(&mut world, KIND, english).unwrap();
    }

    #[test]
    fn refuses_other_languages_other_wallets_and_bad_keys() {
        let mut world = World::new();
        let root = world.root();
        let (id, _) = wallet(&mut world, &root, "first", &[]);
        let french = json!({ "walletId": id, "language": "MNEMONIC_LANGUAGE_FRENCH" });
        let refusal = export(&mut world, KIND, french).err().unwrap();
        assert_eq!(refusal.status().http_status(), 400, "{refusal}");
        let nobody = json!({ "walletId": "00000000-0000-4000-8000-000000000000" });
        let refusal = export(&mut world, KIND, nobody).err().unwrap();
        assert_eq!(refusal.status().http_status(), 404, "{refusal}");
        let bad = json!({ "walletId": id, "targetPublicKey": "04ff" });
        world.submit(&root, root.organization, KIND, bad).unwrap_err();
        assert!(!world.organization(root.organization).wallets[0].exported);
        let (sub, stranger) = world.sub_organization();
        let target =
            hex::encode(P256PrivateKey::generate(&mut world.rng).public_key().compressed());
        let theirs = json!({ "walletId": id, "targetPublicKey": target });
        let refusal = world.submit(&stranger, sub, KIND, theirs).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404, "{refusal}");
    }
}
