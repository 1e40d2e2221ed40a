//! `OAUTH2_AUTHENTICATE`: exchanges a code of an OAuth 2.0 provider for an ID token of this server's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::context::CodeExchange,
    crate::engine::{Caller, Context, Needs, Rule, jwt},
    crate::wire::RequestError,
    crate::wire::enums::Oauth2Provider,
    crate::wire::enums::{Action, Resource},
    keyward_crypto::seal_text_bundle,
};

use keyward_crypto::P256PublicKey;

use crate::parameters;
use crate::wire::id::Oauth2CredentialId;
use crate::wire::{InvalidRequest, value};

/// Seconds that the token is good: long enough to log in with.
#[cfg(feature = "engine")]
const LIFETIME_SECONDS: u64 = 600;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Oauth2AuthenticateIntent {
    /// The client at the provider.
    pub oauth2_credential_id: String,
    /// The authorization code that the provider gave to the end user.
    pub auth_code: String,
    /// Where the provider sent the end user back to.
    pub redirect_uri: String,
    /// PKCE.
    pub code_verifier: String,
    /// What the token's nonce is to be: the hash of the public key that will log in.
    pub nonce: String,
    /// The key that the provider's bearer token is sealed to, if it is wanted: P-256, SEC1, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token_target_public_key: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Oauth2AuthenticateResult {
    /// The ID token.
    pub oidc_token: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Oauth2Authenticate {
    credential: Oauth2CredentialId,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    nonce: String,
    bearer_target: Option<P256PublicKey>,
}

impl TryFrom<Oauth2AuthenticateIntent> for Oauth2Authenticate {
    type Error = InvalidRequest;

    fn try_from(intent: Oauth2AuthenticateIntent) -> Result<Self, InvalidRequest> {
        for (text, refusal) in [
            (&intent.oauth2_credential_id, "oauth2_credential_id must be set"),
            (&intent.auth_code, "auth_code must be set"),
            (&intent.redirect_uri, "redirect_uri must be set"),
            (&intent.code_verifier, "code_verifier must be set"),
            (&intent.nonce, "nonce must be set"),
        ] {
            if text.is_empty() {
                return Err(InvalidRequest::new(refusal));
            }
        }
        let target = intent.bearer_token_target_public_key.filter(|key| !key.is_empty());
        Ok(Self {
            credential: value::id("oauth2CredentialId", &intent.oauth2_credential_id)?,
            code: intent.auth_code,
            redirect_uri: intent.redirect_uri,
            code_verifier: intent.code_verifier,
            nonce: value::label("nonce", intent.nonce)?,
            bearer_target: target.as_deref().map(parameters::p256_key).transpose()?,
        })
    }
}

impl Activity for Oauth2Authenticate {
    const ROUTE: &'static str = "oauth2_authenticate";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<Oauth2AuthenticateIntent>(
        "ACTIVITY_TYPE_OAUTH2_AUTHENTICATE",
        "oauth2AuthenticateIntent",
        "oauth2AuthenticateResult",
    )];
    type Intent = Oauth2AuthenticateIntent;
    type Output = Oauth2AuthenticateResult;
}

/// What the token says, in this order.
#[cfg(feature = "engine")]
#[derive(Serialize)]
struct Claims<'a> {
    iss: String,
    sub: String,
    aud: &'a str,
    nonce: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_bearer_token: Option<String>,
}

#[cfg(feature = "engine")]
impl Execute for Oauth2Authenticate {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Auth, Action::Create));

    fn rule(&self) -> Rule {
        Rule::ParentOrProxy
    }

    fn needs(&self) -> Needs {
        Needs::Exchange(CodeExchange {
            credential: self.credential,
            code: self.code.clone(),
            redirect_uri: self.redirect_uri.clone(),
            code_verifier: self.code_verifier.clone(),
        })
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Oauth2AuthenticateResult, RequestError> {
        let credential = context.organization().oauth2_credential(self.credential)?.clone();
        let exchanged = context.take_exchanged()?;
        // An account at the provider is told apart from one of the same number elsewhere.
        let provider = match credential.provider {
            Oauth2Provider::X => "x",
            Oauth2Provider::Discord => "discord",
        };
        let encrypted_bearer_token = match &self.bearer_target {
            None => None,
            // The bearer token leaves its wrapper to be sealed to whoever it is for.
            Some(target) => Some(
                seal_text_bundle(target, exchanged.bearer_token.expose(), context.rng)
                    .map_err(RequestError::internal)?,
            ),
        };
        let claims = Claims {
            iss: context.settings.id_token_issuer(),
            sub: format!("{provider}:{}", exchanged.subject),
            aud: &credential.client_id,
            nonce: &self.nonce,
            iat: context.now.as_seconds(),
            exp: context.now.plus_seconds(LIFETIME_SECONDS).as_seconds(),
            encrypted_bearer_token,
        };
        let claims = serde_json::to_string(&claims).map_err(RequestError::internal)?;
        let signer = &context.keys.id_token_signer;
        let kid = jwt::thumbprint(&signer.public_key());
        Ok(Oauth2AuthenticateResult { oidc_token: jwt::sign_es256(Some(&kid), &claims, signer) })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use keyward_crypto::{EcdsaSignature, P256PrivateKey, open_text_bundle, sha256};
    use serde_json::{Value, json};

    use super::*;
    use crate::activities::create_oauth2_credential::tests::{credential, sealed};
    use crate::engine::testing::World;

    const KIND: &str = "ACTIVITY_TYPE_OAUTH2_AUTHENTICATE";

    /// A parent with a client at X that knows the code `code`.
    fn world() -> (World, Value) {
        let mut world = World::new();
        world.settings.issuer = "https://keys.example.com".to_owned();
        world.exchanged.insert("code".to_owned(), "1234".to_owned());
        let id = credential(&mut world, "app");
        let parameters = json!({
            "oauth2CredentialId": id,
            "authCode": "code",
            "redirectUri": "https://app.example.com/callback",
            "codeVerifier": "verifier",
            "nonce": "ab".repeat(32),
        });
        (world, parameters)
    }

    fn authenticate(world: &mut World, parameters: Value) -> Result<String, RequestError> {
        let mut result = world.submit(&world.root(), world.parent(), KIND, parameters)?;
        Ok(serde_json::from_value(result["oidcToken"].take()).unwrap())
    }

    /// Header and claims.
    fn read(token: &str) -> [Value; 2] {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
    }

    #[test]
    fn issues_a_token_that_says_who_the_provider_says_it_is() {
        let (mut world, parameters) = world();
        let token = authenticate(&mut world, parameters).unwrap();
        let [header, claims] = read(&token);
        let key = world.keys.id_token_signer.public_key();
        assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": jwt::thumbprint(&key) }));
        let now = world.now.as_seconds();
        assert_eq!(
            claims,
            json!({
                "iss": "https://keys.example.com/oauth2",
                "sub": "x:1234",
                "aud": "app",
                "nonce": "ab".repeat(32),
                "iat": now,
                "exp": now + 600,
            })
        );
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap().try_into().unwrap();
        assert!(key.verify(input.as_bytes(), &EcdsaSignature::from_bytes(&signature)));
    }

    #[test]
    fn an_account_at_discord_is_none_at_x() {
        let (mut world, mut parameters) = world();
        let client = json!({
            "provider": "OAUTH2_PROVIDER_DISCORD",
            "clientId": "app",
            "encryptedClientSecret": sealed(&mut world, "secret"),
        });
        let kind = "ACTIVITY_TYPE_CREATE_OAUTH2_CREDENTIAL";
        let made = world.submit(&world.root(), world.parent(), kind, client).unwrap();
        parameters["oauth2CredentialId"] = made["oauth2CredentialId"].clone();
        let token = authenticate(&mut world, parameters).unwrap();
        assert_eq!(read(&token)[1]["sub"], "discord:1234");
    }

    #[test]
    fn the_bearer_token_is_readable_for_one_key_alone() {
        let (mut world, mut parameters) = world();
        let target = P256PrivateKey::generate(&mut world.rng);
        let public = hex::encode(target.public_key().uncompressed());
        parameters["bearerTokenTargetPublicKey"] = public.into();
        let token = authenticate(&mut world, parameters).unwrap();
        let [_, claims] = read(&token);
        let bundle = claims["encrypted_bearer_token"].as_str().unwrap();
        assert!(open_text_bundle(&target, bundle).is_ok_and(|it| it.matches(b"bearer")));
    }

    #[test]
    fn says_what_is_not_set() {
        let (mut world, parameters) = world();
        for (member, name) in [
            ("oauth2CredentialId", "oauth2_credential_id"),
            ("authCode", "auth_code"),
            ("redirectUri", "redirect_uri"),
            ("codeVerifier", "code_verifier"),
            ("nonce", "nonce"),
        ] {
            let mut without = parameters.clone();
            without[member] = "".into();
            let refusal = authenticate(&mut world, without).unwrap_err();
            assert_eq!(refusal.to_string(), format!("{name} must be set"));
        }
        let mut odd = parameters;
        odd["bearerTokenTargetPublicKey"] = "02ab".into();
        assert!(authenticate(&mut world, odd).is_err());
    }

    #[test]
    fn refuses_clients_that_are_not_there_and_codes_that_the_provider_refuses() {
        let (mut world, parameters) = world();
        let mut unknown = parameters.clone();
        unknown["oauth2CredentialId"] = world.parent().to_string().into();
        let status = authenticate(&mut world, unknown).unwrap_err().status().to_json();
        assert_eq!(status["turnkeyErrorCode"], "OAUTH2_CREDENTIAL_NOT_FOUND");
        let mut refused = parameters.clone();
        refused["authCode"] = "another".into();
        let refusal = authenticate(&mut world, refused).unwrap_err();
        assert_eq!(refusal.to_string(), "the provider refused the code");
        // An account without a name would be everybody's.
        world.exchanged.insert("code".to_owned(), String::new());
        assert_eq!(authenticate(&mut world, parameters).unwrap_err().status().http_status(), 400);
    }

    #[test]
    fn the_auth_proxy_may_and_other_users_may_not() {
        let (mut world, parameters) = world();
        let user = world.user(world.parent());
        let refusal = world.submit(&user, world.parent(), KIND, parameters.clone()).unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
        let kind = "ACTIVITY_TYPE_ENABLE_AUTH_PROXY";
        let made = world.submit(&world.root(), world.parent(), kind, json!({})).unwrap();
        let proxy = made["userId"].as_str().unwrap().parse().unwrap();
        let proxy = world.caller(world.parent(), proxy);
        world.submit(&proxy, world.parent(), KIND, parameters).unwrap();
    }

    #[test]
    fn the_token_is_shown_once() {
        let (mut world, parameters) = world();
        let token = authenticate(&mut world, parameters).unwrap();
        let (root, organization) = (world.root(), world.organization(world.parent()));
        let record = world.activities.last().unwrap();
        let shown = |reveal| {
            record.show(organization, &root, reveal, record.created_at).result.unwrap().to_string()
        };
        assert!(shown(true).contains(&token));
        assert!(!shown(false).contains(&token));
    }

    #[test]
    fn logs_in_whoever_registered_the_account_with_such_a_token() {
        use crate::activities::create_oauth_providers::tests::Provider;

        let (mut world, mut parameters) = world();
        let (sub, user) = world.sub_organization();
        let key = world.public_key();
        parameters["nonce"] = hex::encode(sha256(key.as_bytes())).into();
        let signer = world.keys.id_token_signer.public_key();
        let issuer = world.settings.id_token_issuer();
        Provider::believe(&mut world, &issuer, &signer, &jwt::thumbprint(&signer));
        let token = authenticate(&mut world, parameters).unwrap();
        let account = json!({ "providerName": "x", "oidcToken": token });
        let accounts = json!({ "userId": user.user, "oauthProviders": [account] });
        world.submit(&user, sub, "ACTIVITY_TYPE_CREATE_OAUTH_PROVIDERS_V2", accounts).unwrap();
        let log_in = json!({ "oidcToken": token, "publicKey": key });
        world.submit(&world.root(), sub, "ACTIVITY_TYPE_OAUTH_LOGIN", log_in).unwrap();
    }
}
