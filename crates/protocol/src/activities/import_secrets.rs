//! `IMPORT_SECRETS`: takes in secrets that are kept and never used: no key signs with them.

use std::collections::BTreeMap;

use keyward_crypto::P256PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::context::Facts,
    crate::engine::model::{StoredSecret, limits},
    crate::engine::{Caller, Context, Needs, imports},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::SecretId,
};

use crate::bundle::ClientMessage;
use crate::parameters::{MOST_SECRETS, p256_key};
use crate::wire::enums::TransportEncryptionSuite;
use crate::wire::objects::KeyValue;
use crate::wire::{InvalidRequest, value};

/// Longest secret, in bytes.
#[cfg(feature = "engine")]
const LONGEST_SECRET: usize = 64 * 1024;
/// Most static properties of a secret.
const MOST_PROPERTIES: usize = 32;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ImportSecretsIntent {
    /// The secrets: 1 to 32.
    pub secrets: Vec<ImportSecretParams>,
}

/// A secret to be taken in.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSecretParams {
    /// Its name, unique in the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The secret, sealed: at most 64 KiB.
    pub secret_payload: String,
    /// The key that it is sealed to: P-256, SEC1, hex.
    pub target_public_key: String,
    /// How it is sealed.
    pub encryption_suite: TransportEncryptionSuite,
    /// What policies see of it; never changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub static_properties: Vec<KeyValue>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportSecretsResult {
    /// In order.
    pub secret_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportSecrets {
    secrets: Vec<NewSecret>,
}

#[derive(Clone, Debug, PartialEq)]
struct NewSecret {
    name: Option<String>,
    message: ClientMessage,
    target: P256PublicKey,
    properties: BTreeMap<String, String>,
}

impl TryFrom<ImportSecretsIntent> for ImportSecrets {
    type Error = InvalidRequest;

    fn try_from(intent: ImportSecretsIntent) -> Result<Self, InvalidRequest> {
        if !(1..=MOST_SECRETS).contains(&intent.secrets.len()) {
            let reason = format!("invalid secrets: must be 1 to {MOST_SECRETS}");
            return Err(InvalidRequest::new(reason));
        }
        let secrets = intent.secrets.into_iter().map(NewSecret::try_from);
        Ok(Self { secrets: secrets.collect::<Result<_, _>>()? })
    }
}

impl TryFrom<ImportSecretParams> for NewSecret {
    type Error = InvalidRequest;

    fn try_from(params: ImportSecretParams) -> Result<Self, InvalidRequest> {
        const FIELD: &str = "staticProperties";
        if params.static_properties.len() > MOST_PROPERTIES {
            return Err(InvalidRequest::new(format!("invalid {FIELD}: too many")));
        }
        let mut properties = BTreeMap::new();
        for KeyValue { key, value } in params.static_properties {
            let key = value::label(FIELD, key.unwrap_or_default())?;
            let value = value.unwrap_or_default();
            if !value.is_empty() {
                value::label(FIELD, value.clone())?;
            }
            if properties.insert(key, value).is_some() {
                return Err(InvalidRequest::new(format!("invalid {FIELD}: a key stands twice")));
            }
        }
        Ok(Self {
            name: value::optional_label("name", params.name)?,
            message: ClientMessage::read("secretPayload", &params.secret_payload)?,
            target: p256_key(&params.target_public_key)?,
            properties,
        })
    }
}

impl Activity for ImportSecrets {
    const ROUTE: &'static str = "import_secrets";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<ImportSecretsIntent>(
        "ACTIVITY_TYPE_IMPORT_SECRETS",
        "importSecretsIntent",
        "importSecretsResult",
    )];
    type Intent = ImportSecretsIntent;
    type Output = ImportSecretsResult;
}

#[cfg(feature = "engine")]
impl Execute for ImportSecrets {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Secret, Action::Import));

    fn needs(&self) -> Needs {
        Needs::SecretTargets(self.secrets.iter().map(|new| new.target).collect())
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<ImportSecretsResult, RequestError> {
        let Facts::SecretTargets(targets) = std::mem::replace(&mut context.facts, Facts::Nothing)
        else {
            return Err(RequestError::Busy);
        };
        let now = context.now;
        // Secrets are listed by id; those of one instant stay in the order they were given in.
        let mut ids: Vec<_> =
            self.secrets.iter().map(|_| SecretId::generate(now, context.rng)).collect();
        ids.sort_unstable();
        for (index, ((new, target), id)) in
            self.secrets.iter().zip(&targets).zip(ids.iter().copied()).enumerate()
        {
            let earlier = self.secrets.get(..index).unwrap_or_default();
            if earlier.iter().any(|other| other.target == new.target) {
                let reason = "invalid targetPublicKey: each is for one secret";
                return Err(InvalidRequest::new(reason).into());
            }
            let plaintext = imports::open_secret(target, &new.message, context)?;
            if plaintext.is_empty() || plaintext.len() > LONGEST_SECRET {
                let reason = "invalid secretPayload: must hold 1 to 65536 bytes";
                return Err(InvalidRequest::new(reason).into());
            }
            let (organization, changes, _) = context.edit_with();
            if organization.secrets.len() >= limits::SECRETS {
                let reason = "organization has exceeded maximum secrets";
                return Err(RequestError::LimitReached(reason.into()));
            }
            let is_taken = |name| organization.secrets.iter().any(|it| it.name.as_ref() == name);
            if new.name.is_some() && is_taken(new.name.as_ref()) {
                return Err(InvalidRequest::new("secret label must be unique").into());
            }
            changes.secrets.push((organization.id, id.0, plaintext));
            organization.secrets.push(StoredSecret {
                id,
                name: new.name.clone(),
                static_properties: new.properties.clone(),
                created_at: now,
            });
        }
        Ok(ImportSecretsResult { secret_ids: ids.iter().map(ToString::to_string).collect() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use keyward_crypto::seal_message;
    use serde_json::{Value, json};

    use crate::bundle::{ClientMessage, read_import_target};
    use crate::engine::testing::World;
    use crate::wire::RequestError;

    const SUITE: &str = "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1";

    /// Seals a text to a fresh key: the parameters of one secret.
    pub(crate) fn sealed(world: &mut World, name: Option<&str>, text: &[u8]) -> Value {
        let root = world.root();
        let parameters = json!({ "encryptionSuite": SUITE, "numSecrets": 1 });
        let kind = "ACTIVITY_TYPE_INIT_IMPORT_SECRETS";
        let begun = world.submit(&root, root.organization, kind, parameters).unwrap();
        let bundle = begun["enclaveTargetMessages"][0].as_str().unwrap();
        let signer = world.keys.signer.public_key();
        let target = read_import_target(bundle, &signer, root.organization, None).unwrap();
        let message = ClientMessage(seal_message(&target, text, &mut world.rng).unwrap());
        let mut secret = json!({
            "secretPayload": message.to_string(), "encryptionSuite": SUITE,
            "targetPublicKey": hex::encode(target.uncompressed()),
            "staticProperties": [{ "key": "team", "value": "ops" }],
        });
        if let Some(name) = name {
            secret["name"] = name.into();
        }
        secret
    }

    pub(crate) fn import(world: &mut World, secrets: &[Value]) -> Result<Vec<Value>, RequestError> {
        let root = world.root();
        let kind = "ACTIVITY_TYPE_IMPORT_SECRETS";
        let parameters = json!({ "secrets": secrets });
        let result = world.submit(&root, root.organization, kind, parameters)?;
        Ok(result["secretIds"].as_array().unwrap().clone())
    }

    #[test]
    fn keeps_them_and_lists_them_newest_first() {
        let mut world = World::new();
        let root = world.root();
        let (one, two) =
            (sealed(&mut world, Some("one"), b"first"), sealed(&mut world, None, b"second"));
        let ids = import(&mut world, &[one, two]).unwrap();
        let shown = world.query(&root, root.organization, "list_secrets", json!({})).unwrap();
        let listed = shown["secrets"].as_array().unwrap();
        assert_eq!((&listed[0]["secretId"], &listed[1]["secretId"]), (&ids[1], &ids[0]));
        assert_eq!(listed[1]["name"], "one");
        assert_eq!(listed[1]["staticProperties"], json!([{ "key": "team", "value": "ops" }]));
        assert_eq!(listed[0].get("name"), None);
        assert!(!shown.to_string().contains("first"));
        let page = json!({ "paginationOptions": { "limit": "1", "before": ids[1] } });
        let shown = world.query(&root, root.organization, "list_secrets", page).unwrap();
        assert_eq!(shown["secrets"].as_array().unwrap().len(), 1);
        assert_eq!(shown["secrets"][0]["secretId"], ids[0]);
    }

    #[test]
    fn a_key_takes_one_secret() {
        let mut world = World::new();
        let once = sealed(&mut world, None, b"once");
        let twice = import(&mut world, &[once.clone(), once.clone()]);
        assert!(twice.unwrap_err().to_string().contains("each is for one secret"));
        import(&mut world, std::slice::from_ref(&once)).unwrap();
        let refusal = import(&mut world, std::slice::from_ref(&once)).unwrap_err();
        assert!(refusal.to_string().contains("unknown, used or expired"), "{refusal}");
        let late = sealed(&mut world, None, b"late");
        world.now = world.now.plus_seconds(24 * 60 * 60);
        import(&mut world, &[late]).unwrap_err();
        assert_eq!(world.organization(world.parent()).secrets.len(), 1);
    }

    #[test]
    fn refuses_what_cannot_be_and_then_keeps_nothing() {
        let mut world = World::new();
        let good = sealed(&mut world, Some("same"), b"good");
        let same = sealed(&mut world, Some("same"), b"another");
        let swapped = {
            let mut swapped = sealed(&mut world, None, b"swapped");
            swapped["targetPublicKey"] = good["targetPublicKey"].clone();
            swapped
        };
        let long = sealed(&mut world, None, &vec![7; 64 * 1024 + 1]);
        let empty = sealed(&mut world, None, b"");
        let mut twice = sealed(&mut world, None, b"twice");
        let property = twice["staticProperties"][0].clone();
        twice["staticProperties"].as_array_mut().unwrap().push(property);
        for secrets in
            [vec![], vec![good.clone(), same], vec![swapped], vec![long], vec![empty], vec![twice]]
        {
            import(&mut world, &secrets).unwrap_err();
        }
        assert!(world.organization(world.parent()).secrets.is_empty());
        // The key of what was good is still there.
        import(&mut world, &[good]).unwrap();
    }
}
