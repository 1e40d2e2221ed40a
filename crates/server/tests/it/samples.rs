//! For every activity, parameters that succeed, and who may ask for it.

use std::collections::BTreeSet;

use alloy_primitives::U256;
use keyward_crypto::{
    P256PrivateKey, P256PublicKey, Secp256k1PrivateKey, os_rng, seal_message, seal_quorum_envelope,
};
use keyward_protocol::activities::REGISTRY;
use keyward_protocol::bundle::ClientMessage;
use keyward_protocol::transaction::{EthereumTransaction, NewEthereumTransaction};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use crate::client::{Client, Credential, text};
use crate::node::solana_transfer;
use crate::world::{EMAIL, ETHEREUM_PATH, World, ethereum};

/// Who may ask for an activity of a sub-organization.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    /// Root users.
    Root,
    /// Root users, and the user that `subject` is for itself.
    Subject,
    /// Every user.
    Everyone,
    /// As [`Who::Root`], and the parent's root users: they log users in.
    LogIn,
    /// As [`Who::Subject`], and the parent's root users: they link accounts.
    Linking,
    /// As [`Who::Subject`], and the parent's root users: they may end sessions.
    Sessions,
    /// Nobody with an ordinary credential.
    Nobody,
    /// Nobody: only root users of a parent organization may.
    Parent,
}

/// An activity with parameters that succeed, or that are refused for nothing but what they say.
pub(crate) struct Sample {
    pub(crate) route: &'static str,
    pub(crate) who: Who,
    pub(crate) parameters: fn(&Known) -> Value,
    /// What the refusal begins with; `None` when it succeeds.
    pub(crate) outcome: Option<&'static str>,
}

/// A user of Alice's organization and what it can do without.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) spare_api_key: String,
    pub(crate) spare_passkey: String,
    /// A session that nothing else is done with.
    pub(crate) session: String,
}

/// What there is in Alice's organization.
pub(crate) struct Known {
    /// The user whose credentials an activity is about, where it is about somebody's.
    pub(crate) subject: Person,
    pub(crate) alice: Person,
    pub(crate) carol: Person,
    pub(crate) dinah: String,
    /// A policy that matches nothing.
    pub(crate) policy: String,
    pub(crate) wallet: String,
    pub(crate) account: String,
    pub(crate) address: String,
    pub(crate) solana_address: String,
    pub(crate) private_key: String,
    pub(crate) user_tag: String,
    pub(crate) private_key_tag: String,
    /// An OAuth 2.0 client of the parent.
    pub(crate) oauth2_credential: String,
    /// A client secret as it travels.
    pub(crate) envelope: String,
    /// How calls of a contract are read.
    pub(crate) interface: String,
    /// Somebody who was asked to join.
    pub(crate) invitation: String,
    /// A webhook endpoint that is told of nothing.
    pub(crate) endpoint: String,
}

/// A policy that matches nothing.
fn policy(name: &str) -> Value {
    json!({ "policyName": name, "effect": "EFFECT_DENY", "condition": "false", "notes": "" })
}

/// What invites somebody.
fn invitation(sender: &str, email: &str) -> Value {
    json!({
        "invitations": [{
            "receiverUserName": "new",
            "receiverUserEmail": email,
            "receiverUserTags": [],
            "accessType": "ACCESS_TYPE_ALL",
            "senderUserId": sender,
        }],
    })
}

impl Known {
    /// Looks around in Alice's organization, and makes there what a new one has not.
    pub(crate) async fn gather(world: &World) -> Self {
        let alice = &world.alice;
        let users = alice.read("list_users", json!({})).await;
        let named = |name: &str| {
            let users = users["users"].as_array().unwrap();
            text(&users.iter().find(|user| user["userName"] == name).unwrap()["userId"])
        };
        let accounts = alice.read("list_wallet_accounts", json!({})).await;
        let account = &accounts["accounts"][0];
        assert_eq!(account["path"], ETHEREUM_PATH);
        let key = json!({
            "privateKeyName": "spare",
            "curve": "CURVE_SECP256K1",
            "privateKeyTags": [],
            "addressFormats": ["ADDRESS_FORMAT_ETHEREUM"],
        });
        let made = alice.done("create_private_keys", json!({ "privateKeys": [key] })).await;
        let private_key = text(&made["privateKeys"][0]["privateKeyId"]);
        let policy = text(&alice.done("create_policy", policy("spare")).await["policyId"]);
        let tag = json!({ "userTagName": "ops", "userIds": [] });
        let user_tag = text(&alice.done("create_user_tag", tag).await["userTagId"]);
        let tag = json!({ "privateKeyTagName": "hot", "privateKeyIds": [] });
        let made = alice.done("create_private_key_tag", tag).await;
        let private_key_tag = text(&made["privateKeyTagId"]);
        let alice_herself = person(world, &world.alice, named("Alice")).await;
        let request = axum::http::Request::get("/.well-known/keyward.json");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let known = world.server.send(request).await.ok();
        let target = hex::decode(text(&known["secretReceiverPublicKey"])).unwrap();
        let target = P256PublicKey::from_sec1(&target).unwrap();
        let envelope = seal_quorum_envelope(&target, b"secret", &mut os_rng()).unwrap();
        let envelope = hex::encode(envelope);
        let client = json!({
            "provider": "OAUTH2_PROVIDER_X",
            "clientId": "app",
            "encryptedClientSecret": envelope,
        });
        let made = world.parent.done("create_oauth2_credential", client).await;
        let oauth2_credential = text(&made["oauth2CredentialId"]);
        let made = interface("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359");
        let made = alice.done("create_smart_contract_interface", made).await;
        let interface = text(&made["smartContractInterfaceId"]);
        let invited = invitation(&named("Alice"), "spare@example.com");
        let made = alice.done("create_invitations", invited).await;
        let invitation = text(&made["invitationIds"][0]);
        let made = alice.done("create_webhook_endpoint", endpoint()).await;
        let endpoint = text(&made["endpointId"]);
        Self {
            policy,
            subject: alice_herself.clone(),
            alice: alice_herself,
            carol: person(world, &world.carol, named("Carol")).await,
            dinah: named("Dinah"),
            wallet: text(&account["walletId"]),
            account: text(&account["walletAccountId"]),
            address: text(&account["address"]),
            solana_address: text(&accounts["accounts"][1]["address"]),
            private_key,
            user_tag,
            private_key_tag,
            oauth2_credential,
            envelope,
            interface,
            invitation,
            endpoint,
        }
    }
}

async fn person(world: &World, client: &Client, user: String) -> Person {
    let alice = &world.alice;
    let key = Credential::api_key().as_api_key("spare");
    let made = alice.done("create_api_keys", json!({ "userId": user, "apiKeys": [key] })).await;
    let spare_api_key = text(&made["apiKeyIds"][0]);
    let passkey = Credential::passkey().as_authenticator("spare");
    let parameters = json!({ "userId": user, "authenticators": [passkey] });
    let made = alice.done("create_authenticators", parameters).await;
    let spare_passkey = text(&made["authenticatorIds"][0]);
    let session = client.log_in(1_000_000).await;
    let sessions = session.read("list_sessions", json!({ "userId": user })).await;
    let sessions = sessions["sessions"].as_array().unwrap();
    let session = sessions.iter().find(|session| session["current"] == true).unwrap();
    Person { user, spare_api_key, spare_passkey, session: text(&session["sessionId"]) }
}

/// The sample of a route.
pub(crate) fn of(route: &str) -> &'static Sample {
    let found = SAMPLES.iter().find(|sample| sample.route == route);
    found.unwrap_or_else(|| panic!("{route} has no sample: add one to tests/it/samples.rs"))
}

const ZERO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One for every row of the registry.
/// A key of nobody's, as it travels.
fn key() -> String {
    hex::encode(P256PrivateKey::generate(&mut os_rng()).public_key().uncompressed())
}

/// What is sealed to such a key, as it travels.
fn sealed() -> String {
    let target = P256PrivateKey::generate(&mut os_rng()).public_key();
    ClientMessage(seal_message(&target, b"secret", &mut os_rng()).unwrap()).to_string()
}

const SUITE: &str = "TRANSPORT_ENCRYPTION_SUITE_ENCLAVE_ENCRYPT_V1";

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        route: "init_import_wallet",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userId": known.alice.user }),
    },
    Sample {
        route: "init_import_private_key",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userId": known.alice.user }),
    },
    Sample {
        route: "import_wallet",
        who: Who::Root,
        outcome: Some("invalid encryptedBundle: no import bundle"),
        parameters: |known| {
            json!({
                "userId": known.alice.user, "walletName": "new", "encryptedBundle": sealed(),
                "accounts": [],
            })
        },
    },
    Sample {
        route: "import_private_key",
        who: Who::Root,
        outcome: Some("invalid encryptedBundle: no import bundle"),
        parameters: |known| {
            json!({
                "userId": known.alice.user, "privateKeyName": "new", "encryptedBundle": sealed(),
                "curve": "CURVE_SECP256K1", "addressFormats": [],
            })
        },
    },
    Sample {
        route: "export_wallet",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "walletId": known.wallet, "targetPublicKey": key() }),
    },
    Sample {
        route: "export_wallet_account",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "address": known.address, "targetPublicKey": key() }),
    },
    Sample {
        route: "export_private_key",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "privateKeyId": known.private_key, "targetPublicKey": key() }),
    },
    Sample {
        route: "init_import_secrets",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "encryptionSuite": SUITE, "numSecrets": 2 }),
    },
    Sample {
        route: "import_secrets",
        who: Who::Root,
        outcome: Some("invalid targetPublicKey: unknown"),
        parameters: |_| {
            json!({
                "secrets": [{
                    "secretPayload": sealed(), "targetPublicKey": key(), "encryptionSuite": SUITE,
                }],
            })
        },
    },
    Sample {
        route: "export_secrets",
        who: Who::Root,
        outcome: Some("could not find secret with ID"),
        parameters: |known| {
            json!({
                "secrets": [{
                    "secretId": known.wallet, "targetPublicKey": key(), "encryptionSuite": SUITE,
                }],
            })
        },
    },
    Sample {
        route: "delete_secrets",
        who: Who::Root,
        outcome: Some("could not find secret with ID"),
        parameters: |known| json!({ "secretIds": [known.wallet] }),
    },
    Sample {
        route: "create_api_keys",
        who: Who::Subject,
        outcome: None,
        parameters: |known| {
            let key = Credential::api_key().as_api_key("new");
            json!({ "userId": known.subject.user, "apiKeys": [key] })
        },
    },
    Sample {
        route: "create_api_only_users",
        who: Who::Root,
        outcome: None,
        parameters: |_| {
            let key =
                json!({ "apiKeyName": "key", "publicKey": Credential::api_key().public_key() });
            let user = json!({ "userName": "new", "userTags": [], "apiKeys": [key] });
            json!({ "apiOnlyUsers": [user] })
        },
    },
    Sample {
        route: "create_authenticators",
        who: Who::Subject,
        outcome: None,
        parameters: |known| {
            let passkey = Credential::passkey().as_authenticator("new");
            json!({ "userId": known.subject.user, "authenticators": [passkey] })
        },
    },
    Sample {
        route: "create_mfa_policy",
        who: Who::Root,
        outcome: None,
        parameters: |known| mfa_policy(&known.subject.user),
    },
    Sample {
        route: "update_mfa_policy",
        who: Who::Root,
        outcome: Some("could not find mfa policy with ID"),
        parameters: |known| json!({ "userId": known.subject.user, "mfaPolicyId": known.wallet, "order": 2 }),
    },
    Sample {
        route: "delete_mfa_policy",
        who: Who::Root,
        outcome: Some("could not find mfa policy with ID"),
        parameters: |known| json!({ "userId": known.subject.user, "mfaPolicyId": known.wallet }),
    },
    Sample {
        route: "create_private_key_tag",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "privateKeyTagName": "new", "privateKeyIds": [] }),
    },
    Sample {
        route: "create_private_keys",
        who: Who::Root,
        outcome: None,
        parameters: |_| {
            let key = json!({
                "privateKeyName": "new",
                "curve": "CURVE_ED25519",
                "privateKeyTags": [],
                "addressFormats": [],
            });
            json!({ "privateKeys": [key] })
        },
    },
    Sample {
        route: "create_read_only_session",
        who: Who::Everyone,
        outcome: None,
        parameters: |_| json!({}),
    },
    Sample {
        route: "create_read_write_session",
        who: Who::Subject,
        outcome: None,
        parameters: |known| {
            let target = Credential::api_key().public_key();
            json!({ "targetPublicKey": target, "userId": known.subject.user })
        },
    },
    Sample {
        route: "create_session_profile",
        who: Who::Parent,
        outcome: None,
        parameters: |_| json!({ "sessionProfileName": "new", "scope": "activity.action == 'SIGN'" }),
    },
    Sample {
        route: "set_ip_allowlist",
        who: Who::Parent,
        outcome: None,
        parameters: |_| json!({ "enabled": false, "rules": [{ "cidr": "192.0.2.0/24" }] }),
    },
    Sample {
        route: "remove_ip_allowlist",
        who: Who::Parent,
        outcome: Some("could not find ip allowlist"),
        parameters: |_| json!({}),
    },
    Sample {
        route: "create_sub_organization",
        who: Who::Parent,
        outcome: None,
        parameters: |_| {
            json!({
                "subOrganizationName": "new",
                "rootQuorumThreshold": 1,
                "rootUsers": [{
                    "userName": "root",
                    "apiKeys": [Credential::api_key().as_api_key("key")],
                    "authenticators": [],
                    "oauthProviders": [],
                }],
            })
        },
    },
    Sample {
        route: "create_invitations",
        who: Who::Root,
        outcome: None,
        parameters: |known| invitation(&known.alice.user, "new@example.com"),
    },
    Sample {
        route: "delete_invitation",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "invitationId": known.invitation }),
    },
    Sample {
        route: "create_user_tag",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "userTagName": "new", "userIds": [] }),
    },
    Sample {
        route: "create_users",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "users": [new_user("new")] }),
    },
    Sample {
        route: "create_wallet",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "walletName": "new", "accounts": [ethereum(ETHEREUM_PATH)] }),
    },
    Sample {
        route: "create_wallet_accounts",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "walletId": known.wallet, "accounts": [ethereum("m/44'/60'/0'/0/1")] }),
    },
    Sample {
        route: "delete_api_keys",
        who: Who::Subject,
        outcome: None,
        parameters: |known| {
            let Person { user, spare_api_key, .. } = &known.subject;
            json!({ "userId": user, "apiKeyIds": [spare_api_key] })
        },
    },
    Sample {
        route: "delete_authenticators",
        who: Who::Subject,
        outcome: None,
        parameters: |known| {
            let Person { user, spare_passkey, .. } = &known.subject;
            json!({ "userId": user, "authenticatorIds": [spare_passkey] })
        },
    },
    Sample {
        route: "delete_private_key_tags",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "privateKeyTagIds": [known.private_key_tag] }),
    },
    Sample {
        route: "delete_private_keys",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "privateKeyIds": [known.private_key], "deleteWithoutExport": true }),
    },
    Sample {
        route: "delete_sub_organization",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "deleteWithoutExport": true }),
    },
    Sample {
        route: "delete_user_tags",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userTagIds": [known.user_tag] }),
    },
    Sample {
        route: "delete_users",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userIds": [known.carol.user] }),
    },
    Sample {
        route: "delete_wallet_accounts",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "walletAccountIds": [known.account], "deleteWithoutExport": true }),
    },
    Sample {
        route: "delete_wallets",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "walletIds": [known.wallet], "deleteWithoutExport": true }),
    },
    Sample {
        route: "remove_organization_feature",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "name": "FEATURE_NAME_EMAIL_AUTH" }),
    },
    Sample {
        route: "set_organization_feature",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "name": "FEATURE_NAME_EMAIL_AUTH", "value": "" }),
    },
    Sample {
        route: "sign_raw_payload",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            json!({
                "signWith": known.address,
                "payload": ZERO_HASH,
                "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                "hashFunction": "HASH_FUNCTION_NO_OP",
            })
        },
    },
    Sample {
        route: "sign_raw_payloads",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            json!({
                "signWith": known.address,
                "payloads": [ZERO_HASH],
                "encoding": "PAYLOAD_ENCODING_HEXADECIMAL",
                "hashFunction": "HASH_FUNCTION_NO_OP",
            })
        },
    },
    Sample {
        route: "sign_transaction",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            json!({
                "signWith": known.address,
                "unsignedTransaction": crate::rlp::unsigned_transfer(),
                "type": "TRANSACTION_TYPE_ETHEREUM",
            })
        },
    },
    Sample {
        route: "eth_send_transaction",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            let call = json!({ "to": PAYEE, "value": "1" });
            json!({ "from": known.address, "caip2": "eip155:31337", "calls": [call] })
        },
    },
    Sample {
        route: "eth_undelegate_7702",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "from": known.address, "caip2": "eip155:31337" }),
    },
    Sample {
        route: "eth_send_raw_transaction",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "signedTransaction": signed_transfer(), "caip2": "eip155:31337" }),
    },
    Sample {
        route: "sol_send_transaction",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            json!({
                "unsignedTransaction": hex::encode(solana_transfer(&[&known.solana_address])),
                "signWiths": [known.solana_address],
                "caip2": "solana:mainnet",
            })
        },
    },
    Sample {
        route: "stamp_login",
        who: Who::Everyone,
        outcome: None,
        parameters: |_| json!({ "publicKey": Credential::api_key().public_key() }),
    },
    Sample {
        route: "update_organization_name",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "organizationName": "new" }),
    },
    Sample {
        route: "update_private_key_tag",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            json!({
                "privateKeyTagId": known.private_key_tag,
                "newPrivateKeyTagName": "new",
                "addPrivateKeyIds": [known.private_key],
                "removePrivateKeyIds": [],
            })
        },
    },
    Sample {
        route: "update_root_quorum",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "threshold": 1, "userIds": [known.alice.user, known.dinah] }),
    },
    Sample {
        route: "update_user",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userId": known.carol.user, "userName": "new" }),
    },
    Sample {
        route: "update_user_email",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userId": known.carol.user, "userEmail": "new@b.example" }),
    },
    Sample {
        route: "update_user_name",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userId": known.carol.user, "userName": "new" }),
    },
    Sample {
        route: "update_user_phone_number",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "userId": known.carol.user, "userPhoneNumber": "+15551234567" }),
    },
    Sample {
        route: "update_user_tag",
        who: Who::Root,
        outcome: None,
        parameters: |known| {
            json!({
                "userTagId": known.user_tag,
                "newUserTagName": "new",
                "addUserIds": [known.carol.user],
                "removeUserIds": [],
            })
        },
    },
    Sample {
        route: "update_wallet",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "walletId": known.wallet, "walletName": "new" }),
    },
    Sample {
        route: "create_oauth_providers",
        who: Who::Linking,
        outcome: Some("invalid OIDC token"),
        parameters: |known| json!({ "userId": known.subject.user, "oauthProviders": [{ "providerName": "p", "oidcToken": "not.a.token" }] }),
    },
    Sample {
        route: "delete_oauth_providers",
        who: Who::Subject,
        outcome: Some("could not find"),
        parameters: |known| json!({ "userId": known.subject.user, "providerIds": [known.wallet] }),
    },
    Sample {
        route: "create_oauth2_credential",
        who: Who::Parent,
        outcome: None,
        parameters: |known| json!({ "provider": "OAUTH2_PROVIDER_X", "clientId": "new", "encryptedClientSecret": known.envelope }),
    },
    Sample {
        route: "update_oauth2_credential",
        who: Who::Parent,
        outcome: None,
        parameters: |known| json!({ "oauth2CredentialId": known.oauth2_credential, "provider": "OAUTH2_PROVIDER_X", "clientId": "app", "encryptedClientSecret": known.envelope }),
    },
    Sample {
        route: "delete_oauth2_credential",
        who: Who::Parent,
        outcome: None,
        parameters: |known| json!({ "oauth2CredentialId": known.oauth2_credential }),
    },
    Sample {
        route: "oauth2_authenticate",
        who: Who::Parent,
        outcome: Some("could not find oauth2 credential"),
        parameters: |known| json!({ "oauth2CredentialId": known.wallet, "authCode": "c", "redirectUri": "https://a.example", "codeVerifier": "v", "nonce": "n" }),
    },
    Sample {
        route: "enable_auth_proxy",
        who: Who::Parent,
        outcome: None,
        parameters: |_| json!({}),
    },
    Sample {
        route: "disable_auth_proxy",
        who: Who::Parent,
        outcome: None,
        parameters: |_| json!({}),
    },
    Sample {
        route: "update_auth_proxy_config",
        who: Who::Parent,
        outcome: None,
        parameters: |_| json!({ "otpLength": 6 }),
    },
    Sample {
        route: "init_otp",
        who: Who::LogIn,
        outcome: None,
        parameters: |_| json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL, "appName": "App" }),
    },
    Sample {
        route: "verify_otp",
        who: Who::LogIn,
        outcome: Some("Invalid OTP code"),
        parameters: |known| json!({ "otpId": known.wallet, "otpCode": "123456" }),
    },
    Sample {
        route: "otp_login",
        who: Who::LogIn,
        outcome: Some("invalid verification token"),
        parameters: |_| json!({ "verificationToken": "not.a.token", "publicKey": Credential::api_key().public_key() }),
    },
    Sample {
        route: "oauth_login",
        who: Who::LogIn,
        outcome: Some("invalid OIDC token"),
        parameters: |_| json!({ "oidcToken": "not.a.token", "publicKey": Credential::api_key().public_key() }),
    },
    Sample {
        route: "oauth",
        who: Who::LogIn,
        outcome: Some("invalid OIDC token"),
        parameters: |_| json!({ "oidcToken": "not.a.token", "targetPublicKey": Credential::api_key().public_key() }),
    },
    Sample {
        route: "init_otp_auth",
        who: Who::LogIn,
        outcome: None,
        parameters: |_| json!({ "otpType": "OTP_TYPE_EMAIL", "contact": EMAIL, "appName": "App" }),
    },
    Sample {
        route: "otp_auth",
        who: Who::LogIn,
        outcome: Some("Invalid OTP code"),
        parameters: |known| json!({ "otpId": known.wallet, "otpCode": "123456", "targetPublicKey": Credential::api_key().public_key() }),
    },
    Sample {
        route: "email_auth",
        who: Who::LogIn,
        outcome: None,
        parameters: |_| json!({ "email": EMAIL, "targetPublicKey": Credential::api_key().public_key(), "emailCustomization": { "appName": "App" } }),
    },
    Sample {
        route: "init_user_email_recovery",
        who: Who::LogIn,
        outcome: None,
        parameters: |_| json!({ "email": EMAIL, "targetPublicKey": Credential::api_key().public_key(), "emailCustomization": { "appName": "App" } }),
    },
    Sample {
        route: "recover_user",
        who: Who::Nobody,
        outcome: None,
        parameters: |known| json!({ "userId": known.subject.user, "authenticator": Credential::passkey().as_authenticator("new") }),
    },
    Sample {
        route: "approve_activity",
        who: Who::Everyone,
        outcome: Some("No activity found with fingerprint"),
        parameters: |_| json!({ "fingerprint": format!("sha256:{}", "0".repeat(64)) }),
    },
    Sample {
        route: "reject_activity",
        who: Who::Everyone,
        outcome: Some("No activity found with fingerprint"),
        parameters: |_| json!({ "fingerprint": format!("sha256:{}", "0".repeat(64)) }),
    },
    Sample {
        route: "create_policy",
        who: Who::Root,
        outcome: None,
        parameters: |_| policy("fresh"),
    },
    Sample {
        route: "create_policies",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "policies": [policy("fresh"), policy("other")] }),
    },
    Sample {
        route: "update_policy",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "policyId": known.policy, "policyNotes": "changed" }),
    },
    Sample {
        route: "delete_policy",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "policyId": known.policy }),
    },
    Sample {
        route: "delete_policies",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "policyIds": [known.policy] }),
    },
    Sample {
        route: "set_policy_settings",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "denyOnError": true }),
    },
    Sample {
        route: "revoke_session",
        who: Who::Sessions,
        outcome: None,
        parameters: |known| json!({ "sessionId": known.subject.session }),
    },
    Sample {
        route: "revoke_sessions",
        who: Who::Sessions,
        outcome: None,
        parameters: |known| json!({ "userId": known.subject.user, "exceptCurrent": true }),
    },
    Sample {
        route: "update_session",
        who: Who::Subject,
        outcome: None,
        parameters: |known| json!({ "sessionId": known.subject.session, "label": "phone" }),
    },
    Sample {
        route: "create_smart_contract_interface",
        who: Who::Root,
        outcome: None,
        parameters: |_| interface("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    },
    Sample {
        route: "delete_smart_contract_interface",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "smartContractInterfaceId": known.interface }),
    },
    Sample {
        route: "create_webhook_endpoint",
        who: Who::Root,
        outcome: None,
        parameters: |_| endpoint(),
    },
    Sample {
        route: "update_webhook_endpoint",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "endpointId": known.endpoint, "name": "new" }),
    },
    Sample {
        route: "delete_webhook_endpoint",
        who: Who::Root,
        outcome: None,
        parameters: |known| json!({ "endpointId": known.endpoint }),
    },
    Sample {
        route: "set_session_limits",
        who: Who::Root,
        outcome: None,
        parameters: |_| json!({ "idleTimeoutSeconds": "600" }),
    },
];

const PAYEE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// A transaction of a key that is nobody's here, `0x` hex.
fn signed_transfer() -> String {
    let unsigned = NewEthereumTransaction {
        chain_id: 31337,
        nonce: 0,
        max_priority_fee_per_gas: U256::from(1),
        max_fee_per_gas: U256::from(2),
        gas: 21_000,
        to: PAYEE.parse().unwrap(),
        value: U256::from(3),
        data: &[],
        authorization: None,
    };
    let transaction = EthereumTransaction::parse(&unsigned.encode()).unwrap();
    let key = Secp256k1PrivateKey::from_bytes(&[7; 32]).unwrap();
    let signed = transaction.with_signature(&key.sign_prehash(transaction.digest()));
    format!("0x{}", hex::encode(signed))
}

/// How calls of a contract are read, as `CREATE_SMART_CONTRACT_INTERFACE` takes it.
fn interface(address: &str) -> Value {
    json!({
        "smartContractAddress": address,
        "smartContractInterface": r#"[{"type":"function","name":"f","inputs":[]}]"#,
        "type": "SMART_CONTRACT_INTERFACE_TYPE_ETHEREUM",
        "label": "contract",
    })
}

/// A webhook endpoint that is told of nothing, as `CREATE_WEBHOOK_ENDPOINT` takes it.
fn endpoint() -> Value {
    json!({ "url": "https://hooks.example/keyward", "name": "hooks" })
}

/// An MFA policy that is about nothing.
fn mfa_policy(user: &str) -> Value {
    json!({
        "userId": user,
        "mfaPolicyName": "new",
        "condition": "false",
        "requiredAuthenticationMethods": [{ "any": [{ "type": "AUTHENTICATION_TYPE_PASSKEY" }] }],
        "order": 1,
    })
}

/// A user with an API key, as `CREATE_USERS_V4` takes it.
pub(crate) fn new_user(name: &str) -> Value {
    json!({
        "userName": name,
        "apiKeys": [Credential::api_key().as_api_key("key")],
        "authenticators": [],
        "oauthProviders": [],
        "userTags": [],
    })
}

#[test]
fn every_activity_has_one_sample() {
    let rows: BTreeSet<&str> = REGISTRY.iter().map(|entry| entry.route).collect();
    let samples: Vec<&str> = SAMPLES.iter().map(|sample| sample.route).collect();
    for row in &rows {
        assert_eq!(samples.iter().filter(|route| *route == row).count(), 1, "samples for {row}");
    }
}

#[tokio::test]
async fn every_sample_can_be_read() {
    let world = World::new().await;
    let known = Known::gather(&world).await;
    for entry in REGISTRY {
        let parameters = to_raw_value(&(of(entry.route).parameters)(&known)).unwrap();
        let kind = entry.versions()[0].kind;
        let read = entry.parse(kind, &parameters);
        assert!(read.is_ok(), "{}: {}", entry.route, read.unwrap_err());
    }
}
