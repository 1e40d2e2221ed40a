//! `EXPORT_WALLET_ACCOUNT`: hands out the key of a wallet account, sealed to a key of the client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::items::Concerns,
    crate::engine::{Caller, Context, Needs, imports},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    keyward_crypto::SecretBytes,
    keyward_policy::Value,
};

use keyward_crypto::P256PublicKey;

use crate::parameters::p256_key;
use crate::wire::InvalidRequest;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportWalletAccountIntent {
    /// Address of the account.
    pub address: String,
    /// Key of the client that it is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportWalletAccountResult {
    /// Address of the account.
    pub address: String,
    /// The 32 bytes of its key, sealed and signed.
    pub export_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportWalletAccount {
    address: String,
    target: P256PublicKey,
    /// The target as it was written.
    target_text: String,
}

impl TryFrom<ExportWalletAccountIntent> for ExportWalletAccount {
    type Error = InvalidRequest;

    fn try_from(intent: ExportWalletAccountIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            address: intent.address,
            target: p256_key(&intent.target_public_key)?,
            target_text: intent.target_public_key,
        })
    }
}

impl Activity for ExportWalletAccount {
    const ROUTE: &'static str = "export_wallet_account";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ExportWalletAccountIntent>(
        "ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT",
        "exportWalletAccountIntent",
        "exportWalletAccountResult",
    )];
    type Intent = ExportWalletAccountIntent;
    type Output = ExportWalletAccountResult;
}

#[cfg(feature = "engine")]
impl Execute for ExportWalletAccount {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Wallet, Action::Export));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("target_public_key", Value::text(self.target_text.as_str()))]
    }

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Account(&self.address)
    }

    fn needs(&self) -> Needs {
        Needs::Account(self.address.clone())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<ExportWalletAccountResult, RequestError> {
        let (mut account, key) = context.take_account(&self.address)?;
        // The key leaves its wrapper to be sealed.
        let secret = SecretBytes::new(key.expose_bytes().expose().to_vec());
        let bundle = imports::export(&secret, &self.target, context)?;
        if !account.exported {
            account.exported = true;
            // Accounts are kept beside the organization: this moves its revision.
            context.edit();
            context.changes.accounts.push((account, key));
        }
        Ok(ExportWalletAccountResult { address: self.address, export_bundle: bundle })
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{Curve, PrivateKey};
    use serde_json::json;

    use crate::activities::create_wallet::tests::{ethereum, wallet};
    use crate::activities::export_wallet::tests::export;
    use crate::address;
    use crate::engine::testing::World;
    use crate::wire::enums::AddressFormat;

    const KIND: &str = "ACTIVITY_TYPE_EXPORT_WALLET_ACCOUNT";

    #[test]
    fn hands_out_the_key_and_marks_the_account_only() {
        let mut world = World::new();
        let root = world.root();
        let (_, addresses) = wallet(&mut world, &root, "first", &[ethereum()]);
        // The case of the letters is a checksum.
        let lower = addresses[0].to_ascii_lowercase();
        let key = export(&mut world, KIND, json!({ "address": lower })).unwrap();
        let key = PrivateKey::from_bytes(Curve::Secp256k1, key.expose().try_into().unwrap());
        let key = key.unwrap().public_key();
        assert_eq!(address::encode(AddressFormat::Ethereum, &key).unwrap(), addresses[0]);
        assert!(world.accounts[0].0.exported);
        assert_eq!(world.accounts.len(), 1);
        assert!(!world.organization(root.organization).wallets[0].exported);
        let account = world.accounts[0].0.id;
        let gone = json!({ "walletAccountIds": [account] });
        let kind = "ACTIVITY_TYPE_DELETE_WALLET_ACCOUNTS";
        world.submit(&root, root.organization, kind, gone).unwrap();
        let refusal = export(&mut world, KIND, json!({ "address": addresses[0] })).err().unwrap();
        let text = format!("Could not find wallet account with address: {}", addresses[0]);
        assert_eq!((refusal.to_string(), refusal.status().http_status()), (text, 404));
    }
}
