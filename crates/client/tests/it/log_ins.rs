//! Log-ins that need a passkey, a wallet or an identity provider.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_client::ports::{PasskeyError, Wallet, WalletError, WalletKind};
use keyward_client::protocol::activities::create_wallet::CreateWalletIntent;
use keyward_client::protocol::queries::list_sessions::ListSessions;
use keyward_client::protocol::queries::whoami::Whoami;
use keyward_client::protocol::stamp::eip191_prehash;
use keyward_client::{
    Account, ClientError, LogIn, OauthFlow, OauthProvider, PasskeyStamper, SessionKind, SignUp,
};
use keyward_crypto::{Ed25519PrivateKey, Secp256k1PrivateKey, os_rng};

use crate::world::{Authenticator, World};

fn or_new() -> Account {
    Account::OrNew(SignUp::default())
}

fn wallet(name: &str) -> CreateWalletIntent {
    let wallet_name = name.to_owned();
    CreateWalletIntent { wallet_name, accounts: Vec::new(), mnemonic_length: None }
}

/// Uses every typed way to ask once, as the active session.
async fn use_it(world: &World) {
    let asked = world.client.as_active();
    let nobody = String::new;
    let whoami = asked.whoami(&Whoami { organization_id: nobody() }).await.unwrap();
    let session = world.client.session(None).await.unwrap();
    assert_eq!(whoami.organization_id, session.organization_id);
    let name: String = session.public_key.unwrap().chars().take(16).collect();
    assert!(!asked.create_wallet(&wallet(&name)).await.unwrap().wallet_id.is_empty());
    let sessions = ListSessions { organization_id: nobody(), user_id: None, include_expired: None };
    assert!(asked.list_sessions(&sessions).await.unwrap().sessions.iter().any(|one| one.current));
}

#[tokio::test]
async fn a_passkey_signs_up_and_logs_in() {
    let world = World::new().await;
    let passkey = Arc::new(Authenticator::new());
    let sign_up = SignUp { user_name: Some("Alice".to_owned()), ..SignUp::default() };
    let client = &world.client;
    let session =
        client.sign_up_with_passkey(passkey.clone(), &sign_up, &LogIn::default()).await.unwrap();
    assert_eq!(session.method, "passkey");
    use_it(&world).await;
    client.log_out(None).await.unwrap();
    let again = client.log_in_with_passkey(passkey.clone(), &LogIn::default()).await.unwrap();
    assert_eq!(again.user_id, session.user_id);
    use_it(&world).await;

    let stamper = Arc::new(PasskeyStamper::new(passkey));
    let reader =
        client.log_in_read_only(stamper, "passkey", &LogIn::named("reader")).await.unwrap();
    assert_eq!(reader.kind, SessionKind::ReadOnly);
    let intent = wallet("Not typed");
    let refused = client.as_active().create_wallet(&intent).await;
    assert!(matches!(refused, Err(ClientError::ReadOnly)));
}

#[tokio::test]
async fn a_passkey_that_is_not_used_changes_nothing() {
    let world = World::new().await;
    let passkey = Arc::new(Authenticator::cancelled());
    let (client, log_in) = (&world.client, LogIn::default());
    let sign_up = SignUp::default();
    for outcome in [
        client.sign_up_with_passkey(passkey.clone(), &sign_up, &log_in).await,
        client.log_in_with_passkey(passkey, &log_in).await,
    ] {
        let refusal = outcome.unwrap_err();
        assert!(matches!(refusal, ClientError::Passkey(PasskeyError::Cancelled)), "{refusal:?}");
    }
    let stranger = Arc::new(Authenticator::new());
    let unknown = client.log_in_with_passkey(stranger, &log_in).await;
    assert!(matches!(unknown, Err(ClientError::UnknownCredential)), "{unknown:?}");
    assert!(client.sessions().await.unwrap().is_empty());
}

enum Key {
    Ethereum(Secp256k1PrivateKey),
    Solana(Ed25519PrivateKey),
}

#[async_trait]
impl Wallet for Key {
    fn kind(&self) -> WalletKind {
        match self {
            Self::Ethereum(_) => WalletKind::Ethereum,
            Self::Solana(_) => WalletKind::Solana,
        }
    }

    async fn public_key(&self) -> Result<Option<String>, WalletError> {
        Ok(match self {
            Self::Ethereum(_) => None,
            Self::Solana(key) => Some(hex::encode(key.public_key().to_bytes())),
        })
    }

    async fn sign_message(&self, message: &str) -> Result<Vec<u8>, WalletError> {
        Ok(match self {
            Self::Ethereum(key) => {
                let signed = key.sign_prehash(&eip191_prehash(message.as_bytes()));
                [&signed.r[..], &signed.s, &[27 + signed.recovery_id]].concat()
            }
            Self::Solana(key) => key.sign(message.as_bytes()).to_vec(),
        })
    }
}

#[tokio::test]
async fn wallets_sign_up_and_log_in() {
    let ethereum = Key::Ethereum(Secp256k1PrivateKey::generate(&mut os_rng()));
    let solana = Key::Solana(Ed25519PrivateKey::generate(&mut os_rng()));
    let world = World::new().await;
    for key in [ethereum, solana] {
        let wallet = Arc::new(key);
        let (client, log_in) = (&world.client, LogIn::default());
        let existing = client.log_in_with_wallet(wallet.clone(), &Account::Existing, &log_in).await;
        assert!(matches!(existing, Err(ClientError::UnknownCredential)), "{existing:?}");
        let made = client.log_in_with_wallet(wallet.clone(), &or_new(), &log_in).await.unwrap();
        use_it(&world).await;
        let again = client.log_in_with_wallet(wallet.clone(), &or_new(), &log_in).await.unwrap();
        assert_eq!(again.user_id, made.user_id);
        let again = client.log_in_with_wallet(wallet, &Account::Existing, &log_in).await.unwrap();
        assert_eq!((again.user_id, again.method.as_str()), (made.user_id, "wallet"));
    }
}

fn provider(world: &World, flow: OauthFlow) -> OauthProvider {
    OauthProvider {
        name: "dev".to_owned(),
        authorization_endpoint: format!("{}/dev/oidc/authorize?prompt=none", world.server.base_url),
        client_id: "app".to_owned(),
        redirect_uri: "http://localhost:1234/back".to_owned(),
        scope: "openid email".to_owned(),
        flow,
    }
}

#[tokio::test]
async fn an_account_at_an_identity_provider_signs_up_and_logs_in() {
    let world = World::new().await;
    let token_endpoint = format!("{}/dev/oidc/token", world.server.base_url);
    let mut user = None;
    for flow in [OauthFlow::IdToken, OauthFlow::Code { token_endpoint }] {
        let provider = provider(&world, flow);
        let request = world.client.begin_oauth(&provider, &LogIn::default()).await.unwrap();
        let url = format!("{}&login_hint=alice%40example.com", request.url);
        let returned = world.redirect(&url).await;
        assert!(returned.contains(&request.state), "{returned}");
        // Lost on the way the first time: what the provider said is kept.
        let session = world.client.complete_oauth(&returned, &or_new()).await.unwrap();
        assert_eq!(session.method, "oauth");
        assert_eq!(user.get_or_insert_with(|| session.user_id.clone()), &session.user_id);
        use_it(&world).await;
        let again = world.client.complete_oauth(&returned, &or_new()).await;
        assert!(matches!(again, Err(ClientError::UnknownAttempt)), "{again:?}");
    }
}

#[tokio::test]
async fn a_provider_that_refuses_is_told() {
    let world = World::new().await;
    let provider = provider(&world, OauthFlow::IdToken);
    let request = world.client.begin_oauth(&provider, &LogIn::default()).await.unwrap();
    let returned = format!("{}?error=access_denied&state={}", provider.redirect_uri, request.state);
    let refused = world.client.complete_oauth(&returned, &or_new()).await;
    assert!(matches!(refused, Err(ClientError::ProviderRefused(_))), "{refused:?}");
    for foreign in ["http://localhost/back", "http://localhost/back?state=x#id_token=y", ""] {
        let refused = world.client.complete_oauth(foreign, &or_new()).await;
        assert!(matches!(refused, Err(ClientError::UnknownAttempt)), "{refused:?}");
    }
    let request = world.client.begin_oauth(&provider, &LogIn::default()).await.unwrap();
    let url = format!("{}&login_hint=nobody%40example.com", request.url);
    let returned = world.redirect(&url).await;
    let refused = world.client.complete_oauth(&returned, &Account::Existing).await;
    assert!(matches!(refused, Err(ClientError::NoAccount)), "{refused:?}");
    assert!(world.client.sessions().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_activity_and_query_of_the_server_can_be_asked() {
    let mut known: Vec<_> = keyward_client::routes().map(|route| route.route).collect();
    let activities = keyward_client::protocol::activities::REGISTRY.iter().map(|row| row.route);
    let queries = keyward_client::protocol::queries::REGISTRY.iter().map(|row| row.route);
    let mut served: Vec<_> = activities.chain(queries).collect();
    known.sort_unstable();
    served.sort_unstable();
    assert_eq!(known, served);
}
