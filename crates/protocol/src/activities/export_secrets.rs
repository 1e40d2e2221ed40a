//! `EXPORT_SECRETS`: hands out secrets, each sealed to a key of the client. All or none.

use keyward_crypto::P256PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::context::Facts,
    crate::engine::items::Concerns,
    crate::engine::{Caller, Context, Needs, imports},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
};

use crate::parameters::{MOST_SECRETS, p256_key};
use crate::wire::enums::TransportEncryptionSuite;
use crate::wire::id::SecretId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ExportSecretsIntent {
    /// The secrets: 1 to 32.
    pub secrets: Vec<ExportSecretParams>,
}

/// A secret to be handed out.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportSecretParams {
    /// The secret.
    pub secret_id: String,
    /// Key of the client that it is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// How it is sealed.
    pub encryption_suite: TransportEncryptionSuite,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportSecretsResult {
    /// The secrets, sealed and signed, in order.
    pub secret_payloads: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportSecrets {
    secrets: Vec<SecretId>,
    targets: Vec<P256PublicKey>,
}

impl TryFrom<ExportSecretsIntent> for ExportSecrets {
    type Error = InvalidRequest;

    fn try_from(intent: ExportSecretsIntent) -> Result<Self, InvalidRequest> {
        if !(1..=MOST_SECRETS).contains(&intent.secrets.len()) {
            let reason = format!("invalid secrets: must be 1 to {MOST_SECRETS}");
            return Err(InvalidRequest::new(reason));
        }
        let mut secrets = Vec::with_capacity(intent.secrets.len());
        let mut targets = Vec::with_capacity(intent.secrets.len());
        for params in intent.secrets {
            secrets.push(value::id("secretId", &params.secret_id)?);
            targets.push(p256_key(&params.target_public_key)?);
        }
        Ok(Self { secrets, targets })
    }
}

impl Activity for ExportSecrets {
    const ROUTE: &'static str = "export_secrets";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ExportSecretsIntent>(
        "ACTIVITY_TYPE_EXPORT_SECRETS",
        "exportSecretsIntent",
        "exportSecretsResult",
    )];
    type Intent = ExportSecretsIntent;
    type Output = ExportSecretsResult;
}

#[cfg(feature = "engine")]
impl Execute for ExportSecrets {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Secret, Action::Export));

    fn concerns(&self) -> Concerns<'_> {
        Concerns::Secrets(&self.secrets)
    }

    fn needs(&self) -> Needs {
        Needs::Secrets(self.secrets.iter().map(|id| id.0).collect())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<ExportSecretsResult, RequestError> {
        let Facts::Secrets(found) = std::mem::replace(&mut context.facts, Facts::Nothing) else {
            return Err(RequestError::Busy);
        };
        let mut secret_payloads = Vec::with_capacity(found.len());
        for ((id, target), secret) in self.secrets.iter().zip(&self.targets).zip(&found) {
            // The id of a wallet or private key is no secret's.
            context.organization().secret(*id)?;
            let secret = secret.as_ref().ok_or(RequestError::Busy)?;
            secret_payloads.push(imports::export(secret, target, context)?);
        }
        Ok(ExportSecretsResult { secret_payloads })
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::P256PrivateKey;
    use serde_json::{Value, json};

    use crate::activities::create_wallet::tests::wallet;
    use crate::activities::import_secrets::tests::{import, sealed};
    use crate::bundle::open_export_bundle;
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    fn export(
        world: &mut World,
        ids: &[Value],
        target: &P256PrivateKey,
    ) -> Result<Vec<String>, RequestError> {
        let root = world.root();
        let target = hex::encode(target.public_key().uncompressed());
        let suite = "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1";
        let asked = ids.iter().map(
            |id| json!({ "secretId": id, "targetPublicKey": target, "encryptionSuite": suite }),
        );
        let parameters = json!({ "secrets": asked.collect::<Vec<_>>() });
        let kind = "ACTIVITY_TYPE_EXPORT_SECRETS";
        let result = world.submit(&root, root.organization, kind, parameters)?;
        let payloads = result["secretPayloads"].as_array().unwrap();
        Ok(payloads.iter().map(|payload| payload.as_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn hands_them_out_in_order_all_or_none() {
        let mut world = World::new();
        let root = world.root();
        let (one, two) =
            (sealed(&mut world, None, b"first"), sealed(&mut world, None, "zwölf".as_bytes()));
        let mut ids = import(&mut world, &[one, two]).unwrap();
        ids.reverse();
        let target = P256PrivateKey::generate(&mut world.rng);
        let payloads = export(&mut world, &ids, &target).unwrap();
        let signer = world.keys.signer.public_key();
        let opened = payloads.iter().map(|payload| {
            let opened = open_export_bundle(payload, &signer, root.organization, &target).unwrap();
            String::from_utf8(opened.expose().to_vec()).unwrap()
        });
        assert_eq!(opened.collect::<Vec<_>>(), ["zwölf", "first"]);
        // A wallet is no secret, and with it none is handed out.
        let (wallet, _) = wallet(&mut world, &root, "first", &[]);
        let refusal = export(&mut world, &[ids[0].clone(), json!(wallet)], &target).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404, "{refusal}");
        let gone = json!({ "secretIds": [ids[0]] });
        let kind = "ACTIVITY_TYPE_DELETE_SECRETS";
        world.submit(&root, root.organization, kind, gone.clone()).unwrap();
        world.submit(&root, root.organization, kind, gone).unwrap_err();
        let refusal = export(&mut world, &ids, &target).unwrap_err();
        assert_eq!(refusal.status().http_status(), 404, "{refusal}");
        assert_eq!(world.secrets.len(), 2, "the wallet's and one secret");
    }

    #[test]
    fn policies_see_the_properties_of_each() {
        let mut world = World::new();
        let root = world.root();
        let one = sealed(&mut world, None, b"first");
        let mut two = sealed(&mut world, None, b"second");
        two["staticProperties"] = json!([{ "key": "team", "value": "sales" }]);
        let ids = import(&mut world, &[one, two]).unwrap();
        let user = world.user(world.parent());
        let policy = json!({
            "policyName": "ops", "effect": "EFFECT_ALLOW", "notes": "",
            "consensus": format!("approvers.any(user, user.id == '{}')", user.user),
            "condition": "activity.kind == 'EXPORT_SECRETS' && \
                          secret.static_properties['team'] == 'ops'",
        });
        let kind = "ACTIVITY_TYPE_CREATE_POLICY_V3";
        world.submit(&root, root.organization, kind, policy).unwrap();
        let target = P256PrivateKey::generate(&mut world.rng).public_key();
        let mut export = |ids: &[Value]| {
            let asked: Vec<_> = ids
                .iter()
                .map(|id| {
                    json!({
                        "secretId": id, "targetPublicKey": hex::encode(target.compressed()),
                        "encryptionSuite": "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1",
                    })
                })
                .collect();
            let kind = "ACTIVITY_TYPE_EXPORT_SECRETS";
            world.submit(&user, user.organization, kind, json!({ "secrets": asked }))
        };
        export(&ids[..1]).unwrap();
        let refusal = export(&ids).unwrap_err();
        assert_eq!(refusal.status().http_status(), 403, "{refusal}");
    }
}
