//! `CREATE_OAUTH2_CREDENTIAL`: notes a client that the organization has at an OAuth 2.0 provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::model::{Oauth2Credential, Organization, limits},
    crate::engine::{Caller, Context, Rule, ServerKeys},
    crate::wire::RequestError,
    crate::wire::enums::{Action, Resource},
    crate::wire::id::Oauth2CredentialId,
    keyward_crypto::open_quorum_envelope,
};

use crate::wire::enums::Oauth2Provider;
use crate::wire::{InvalidRequest, value};

/// Longest envelope, in characters; the longest secrets of providers have some hundred bytes.
const LONGEST_ENVELOPE: usize = 4096;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateOauth2CredentialIntent {
    /// The provider.
    pub provider: Oauth2Provider,
    /// What the provider knows the client by.
    pub client_id: String,
    /// The client's secret in a quorum envelope, sealed to the server's key for such secrets; hex.
    pub encrypted_client_secret: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateOauth2CredentialResult {
    /// Id of the client.
    pub oauth2_credential_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateOauth2Credential {
    client: Oauth2Client,
}

/// A client at a provider, of which everything was checked that needs no key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Oauth2Client {
    pub(crate) provider: Oauth2Provider,
    pub(crate) client_id: String,
    pub(crate) encrypted_client_secret: String,
    /// Its bytes.
    envelope: Vec<u8>,
}

impl Oauth2Client {
    pub(crate) fn parse(
        provider: Oauth2Provider,
        client_id: String,
        encrypted_client_secret: String,
    ) -> Result<Self, InvalidRequest> {
        if client_id.is_empty() {
            return Err(InvalidRequest::new("client_id must be set"));
        }
        if encrypted_client_secret.is_empty() {
            return Err(InvalidRequest::new("encrypted_client_secret must be set"));
        }
        let envelope = Some(&encrypted_client_secret)
            .filter(|text| text.len() <= LONGEST_ENVELOPE)
            .and_then(|text| hex::decode(text).ok())
            .ok_or_else(no_envelope)?;
        let client_id = value::label("clientId", client_id)?;
        Ok(Self { provider, client_id, encrypted_client_secret, envelope })
    }

    /// Refuses what can't be the client's secret, and a client that another credential is for.
    ///
    /// # Errors
    ///
    /// [`RequestError::Invalid`], [`RequestError::AlreadyExists`].
    #[cfg(feature = "engine")]
    pub(crate) fn check(
        &self,
        keys: &ServerKeys,
        organization: &Organization,
        own: Option<Oauth2CredentialId>,
    ) -> Result<(), RequestError> {
        let secret = open_quorum_envelope(&keys.secret_receiver, &self.envelope)
            .map_err(|_| no_envelope())?;
        // Looked at to refuse what can only be a mistake.
        let is_text = std::str::from_utf8(secret.expose())
            .is_ok_and(|text| !text.is_empty() && !text.chars().any(char::is_control));
        if !is_text {
            return Err(no_envelope().into());
        }
        let is_taken = organization.oauth2_credentials.iter().any(|known| {
            Some(known.id) != own
                && known.provider == self.provider
                && known.client_id == self.client_id
        });
        if is_taken {
            return Err(RequestError::AlreadyExists(format!(
                "OAuth 2.0 credential is already registered in this organization provider={} \
                 clientId={}",
                self.provider.as_str(),
                self.client_id
            )));
        }
        Ok(())
    }
}

fn no_envelope() -> InvalidRequest {
    InvalidRequest::new(
        "invalid encryptedClientSecret: must be the secret, sealed to this server's key, as hex",
    )
}

impl TryFrom<CreateOauth2CredentialIntent> for CreateOauth2Credential {
    type Error = InvalidRequest;

    fn try_from(intent: CreateOauth2CredentialIntent) -> Result<Self, InvalidRequest> {
        let client =
            Oauth2Client::parse(intent.provider, intent.client_id, intent.encrypted_client_secret)?;
        Ok(Self { client })
    }
}

impl Activity for CreateOauth2Credential {
    const ROUTE: &'static str = "create_oauth2_credential";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateOauth2CredentialIntent>(
        "ACTIVITY_TYPE_CREATE_OAUTH2_CREDENTIAL",
        "createOauth2CredentialIntent",
        "createOauth2CredentialResult",
    )];
    type Intent = CreateOauth2CredentialIntent;
    type Output = CreateOauth2CredentialResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateOauth2Credential {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn rule(&self) -> Rule {
        Rule::ParentOnly
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateOauth2CredentialResult, RequestError> {
        let (now, keys) = (context.now, context.keys);
        let (organization, _, rng) = context.edit_with();
        if organization.oauth2_credentials.len() >= limits::OAUTH2_CREDENTIALS {
            return Err(RequestError::LimitReached(
                "organization has exceeded maximum oauth2 credentials".into(),
            ));
        }
        self.client.check(keys, organization, None)?;
        let id = Oauth2CredentialId::generate(now, rng);
        organization.oauth2_credentials.push(Oauth2Credential {
            id,
            provider: self.client.provider,
            client_id: self.client.client_id,
            encrypted_client_secret: self.client.encrypted_client_secret,
            created_at: now,
            updated_at: now,
        });
        Ok(CreateOauth2CredentialResult { oauth2_credential_id: id.to_string() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use keyward_crypto::{P256PrivateKey, P256PublicKey, seal_quorum_envelope};
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_OAUTH2_CREDENTIAL";

    fn seal(world: &mut World, target: &P256PublicKey, secret: &[u8]) -> String {
        hex::encode(seal_quorum_envelope(target, secret, &mut world.rng).unwrap())
    }

    /// A client's secret as it travels.
    pub(crate) fn sealed(world: &mut World, secret: &str) -> String {
        let target = world.keys.secret_receiver.public_key();
        seal(world, &target, secret.as_bytes())
    }

    fn create(world: &mut World, client: &str, secret: &str) -> Result<Value, RequestError> {
        let parameters = json!({
            "provider": "OAUTH2_PROVIDER_X", "clientId": client, "encryptedClientSecret": secret,
        });
        world.submit(&world.root(), world.parent(), KIND, parameters)
    }

    /// A client of the parent at X and its id.
    pub(crate) fn credential(world: &mut World, client: &str) -> String {
        let secret = sealed(world, "secret");
        let result = create(world, client, &secret).unwrap();
        result["oauth2CredentialId"].as_str().unwrap().to_owned()
    }

    #[test]
    fn keeps_the_secret_as_it_came() {
        let mut world = World::new();
        let secret = sealed(&mut world, "✓ secret");
        let result = create(&mut world, "app", &secret).unwrap();
        let known = &world.organization(world.parent()).oauth2_credentials[0];
        assert_eq!(result, json!({ "oauth2CredentialId": known.id }));
        assert_eq!(known.provider, Oauth2Provider::X);
        assert_eq!(known.client_id, "app");
        assert_eq!(known.encrypted_client_secret, secret);
    }

    #[test]
    fn refuses_what_nobody_could_open_later() {
        let mut world = World::new();
        let stranger = P256PrivateKey::generate(&mut world.rng).public_key();
        let ours = world.keys.secret_receiver.public_key();
        let good = sealed(&mut world, "secret");
        for bad in [
            "plain".to_owned(),
            format!("{good}00"),
            seal(&mut world, &stranger, b"secret"),
            seal(&mut world, &ours, b""),
            seal(&mut world, &ours, b"a\nb"),
            seal(&mut world, &ours, b"\xff"),
            "00".repeat(3000),
        ] {
            let refusal = create(&mut world, "app", &bad).unwrap_err().to_string();
            assert!(refusal.starts_with("invalid encryptedClientSecret"), "{refusal}");
        }
        let refusal = create(&mut world, "", &good).unwrap_err();
        assert_eq!(refusal.to_string(), "client_id must be set");
        let refusal = create(&mut world, "app", "").unwrap_err();
        assert_eq!(refusal.to_string(), "encrypted_client_secret must be set");
    }

    #[test]
    fn a_client_stands_once() {
        let mut world = World::new();
        credential(&mut world, "app");
        let secret = sealed(&mut world, "another");
        let refusal = create(&mut world, "app", &secret).unwrap_err();
        assert_eq!(refusal.status().http_status(), 409, "{refusal}");
        let parameters = json!({
            "provider": "OAUTH2_PROVIDER_DISCORD",
            "clientId": "app",
            "encryptedClientSecret": secret,
        });
        world.submit(&world.root(), world.parent(), KIND, parameters).unwrap();
    }

    #[test]
    fn only_the_root_quorum_of_a_parent_may() {
        let mut world = World::new();
        let (user, (_, root)) = (world.user(world.parent()), world.sub_organization());
        let parameters = json!({
            "provider": "OAUTH2_PROVIDER_X",
            "clientId": "app",
            "encryptedClientSecret": sealed(&mut world, "secret"),
        });
        for caller in [user, root] {
            let refusal =
                world.submit(&caller, caller.organization, KIND, parameters.clone()).unwrap_err();
            assert_eq!(refusal.status().http_status(), 403, "{refusal}");
        }
    }
}
