//! `EXPORT_PRIVATE_KEY`: hands out a private key, sealed to a key of the client.

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
    keyward_policy::Value,
};

use keyward_crypto::P256PublicKey;

use crate::parameters::p256_key;
use crate::wire::id::PrivateKeyId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportPrivateKeyIntent {
    /// The private key.
    pub private_key_id: String,
    /// Key of the client that it is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportPrivateKeyResult {
    /// The private key.
    pub private_key_id: String,
    /// Its 32 bytes, sealed and signed.
    pub export_bundle: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportPrivateKey {
    key: PrivateKeyId,
    target: P256PublicKey,
    /// The target as it was written.
    target_text: String,
}

impl TryFrom<ExportPrivateKeyIntent> for ExportPrivateKey {
    type Error = InvalidRequest;

    fn try_from(intent: ExportPrivateKeyIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            key: value::id("privateKeyId", &intent.private_key_id)?,
            target: p256_key(&intent.target_public_key)?,
            target_text: intent.target_public_key,
        })
    }
}

impl Activity for ExportPrivateKey {
    const ROUTE: &'static str = "export_private_key";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ExportPrivateKeyIntent>(
        "ACTIVITY_TYPE_EXPORT_PRIVATE_KEY",
        "exportPrivateKeyIntent",
        "exportPrivateKeyResult",
    )];
    type Intent = ExportPrivateKeyIntent;
    type Output = ExportPrivateKeyResult;
}

#[cfg(feature = "engine")]
impl Execute for ExportPrivateKey {
    const POLICY: Option<(Resource, Action)> = Some((Resource::PrivateKey, Action::Export));

    fn params(&self) -> Vec<(&'static str, Value)> {
        vec![("target_public_key", Value::text(self.target_text.as_str()))]
    }

    fn concerns(&self) -> Concerns<'_> {
        Concerns::PrivateKey(self.key)
    }

    fn needs(&self) -> Needs {
        Needs::Secret(self.key.0)
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<ExportPrivateKeyResult, RequestError> {
        context.organization().private_key(self.key)?;
        let secret = context.take_secret()?;
        let bundle = imports::export(&secret, &self.target, context)?;
        let now = context.now;
        let key = context.edit().private_key_mut(self.key)?;
        if !key.exported {
            key.exported = true;
            key.updated_at = now;
        }
        Ok(ExportPrivateKeyResult { private_key_id: self.key.to_string(), export_bundle: bundle })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::activities::create_private_keys::tests::{V2, key, submit};
    use crate::activities::export_wallet::tests::export;
    use crate::engine::testing::World;

    #[test]
    fn hands_out_the_key_and_marks_it() {
        let mut world = World::new();
        let root = world.root();
        let made = submit(&mut world, V2, &[key("first", "SECP256K1", &[])]).unwrap();
        let id = &made["privateKeys"][0]["privateKeyId"];
        let kind = "ACTIVITY_TYPE_EXPORT_PRIVATE_KEY";
        let key = export(&mut world, kind, json!({ "privateKeyId": id })).unwrap();
        let kept = &world.organization(root.organization).private_keys[0];
        assert!(kept.exported);
        assert!(key.expose() == world.secrets[&(root.organization, kept.id.0)].expose());
        let unknown = json!({ "privateKeyId": "00000000-0000-4000-8000-000000000000" });
        let refusal = export(&mut world, kind, unknown).err().unwrap();
        assert_eq!(refusal.status().http_status(), 404, "{refusal}");
    }
}
