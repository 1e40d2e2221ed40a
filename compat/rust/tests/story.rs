//! A wallet session from beginning to end, told with the published `turnkey_client` crate.
//!
//! All tests share one server, and one of them moves its clock by two minutes: sessions that must
//! outlive that ask for fifteen.

use keyward_compat::{ReadOnlySession, Server, eip191_digest, recover, recover_transaction};
use serde_json::{Value, json};
use turnkey_api_key_stamper::{Stamp, TurnkeyP256ApiKey, TurnkeySecp256k1ApiKey};
use turnkey_client::generated::immutable::activity::v1 as activity;
use turnkey_client::generated::immutable::common::v1::{
    AddressFormat, ApiKeyCurve, Curve, HashFunction, PathFormat, PayloadEncoding, TransactionType,
};
use turnkey_client::generated::services::coordinator::public::v1 as coordinator;
use turnkey_client::{TurnkeyClient, TurnkeyClientError};
use turnkey_enclave_encrypt::{ExportClient, ImportClient, QuorumPublicKey};

/// Chain 11155111, nonce 7, 0.01 ether to 0x7099…79C8. Source: viem 2.57, `serializeTransaction`.
const UNSIGNED_TRANSACTION: &str = "02f283aa36a707843b9aca008504a817c8008252089470997970c51812dc3a010c7d01b50e0d17dc79c8872386f26fc1000080c0";

/// The example of EIP-712, and its digest as that document gives it.
const TYPED_DATA: &str = r#"{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],"Person":[{"name":"name","type":"string"},{"name":"wallet","type":"address"}],"Mail":[{"name":"from","type":"Person"},{"name":"to","type":"Person"},{"name":"contents","type":"string"}]},"primaryType":"Mail","domain":{"name":"Ether Mail","version":"1","chainId":1,"verifyingContract":"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},"message":{"from":{"name":"Cow","wallet":"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},"to":{"name":"Bob","wallet":"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},"contents":"Hello, Bob!"}}"#;
const TYPED_DATA_DIGEST: &str = "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";

#[tokio::test]
async fn both_keys_of_the_end_user_open_a_session() {
    let server = Server::from_environment();
    let alice = EndUser::create(&server).await;

    let (p256, claims) = alice.open_session(&server, &server.client(alice.p256()), "900").await;
    assert_eq!(claims["public_key"], public_key(&p256));
    assert_eq!(claims["session_type"], "SESSION_TYPE_READ_WRITE");
    assert_eq!(claims["user_id"], alice.user_id);
    assert_eq!(claims["organization_id"], alice.organization_id);
    let whoami = server.client(p256).get_whoami(alice.whoami()).await.unwrap();
    assert_eq!((whoami.user_id, whoami.username), (alice.user_id.clone(), "Alice".to_owned()));
    assert_eq!(whoami.organization_id, alice.organization_id);

    let (secp256k1, _) =
        alice.open_session(&server, &server.client(alice.secp256k1()), "900").await;
    let whoami = server.client(secp256k1).get_whoami(alice.whoami()).await.unwrap();
    assert_eq!(whoami.user_id, alice.user_id);
}

#[tokio::test]
async fn the_session_key_signs_with_the_wallet() {
    let server = Server::from_environment();
    let alice = EndUser::create(&server).await;
    let (session, _) = alice.open_session(&server, &server.client(alice.p256()), "900").await;
    let client = server.client(session);

    let transaction = activity::SignTransactionIntentV2 {
        sign_with: alice.address.clone(),
        unsigned_transaction: UNSIGNED_TRANSACTION.to_owned(),
        r#type: TransactionType::Ethereum,
        external_signer_pubkey: None,
    };
    let signed = client
        .sign_transaction(alice.organization_id.clone(), client.current_timestamp(), transaction)
        .await
        .unwrap()
        .result
        .signed_transaction;
    let signer = recover_transaction(UNSIGNED_TRANSACTION, &signed);
    assert_eq!(signer, alice.address.to_lowercase());

    let digest = eip191_digest("Grüße from a session key");
    let payloads = [
        (hex::encode(digest), PayloadEncoding::Hexadecimal, digest),
        (
            TYPED_DATA.to_owned(),
            PayloadEncoding::Eip712,
            hex::decode(TYPED_DATA_DIGEST).unwrap().try_into().unwrap(),
        ),
    ];
    for (payload, encoding, digest) in payloads {
        let intent = activity::SignRawPayloadIntentV2 {
            sign_with: alice.address.clone(),
            payload,
            encoding,
            hash_function: HashFunction::NoOp,
            external_signer_pubkey: None,
        };
        let activity::SignRawPayloadResult { r, s, v } = client
            .sign_raw_payload(alice.organization_id.clone(), client.current_timestamp(), intent)
            .await
            .unwrap()
            .result;
        assert_eq!(recover(&digest, &r, &s, &v), alice.address.to_lowercase());
    }
}

#[tokio::test]
async fn a_read_only_session_reads_and_is_refused_on_a_submission() {
    let server = Server::from_environment();
    let alice = EndUser::create(&server).await;
    let client = server.client(alice.p256());
    let created = client
        .create_read_only_session(
            alice.organization_id.clone(),
            client.current_timestamp(),
            activity::CreateReadOnlySessionIntent {},
        )
        .await
        .unwrap()
        .result;
    assert_eq!(created.user_id, alice.user_id);

    let reader = server.client(ReadOnlySession(created.session));
    assert_eq!(alice.wallet_ids(&reader).await, [alice.wallet_id.as_str()]);
    let (status, error) = refusal(alice.create_wallet(&reader).await);
    assert_eq!((status, &error["code"]), (401, &json!(16)));
    assert_eq!(error["turnkeyErrorCode"], "SIGNATURE_MISSING");
}

#[tokio::test]
async fn the_parent_reads_the_sub_organization_and_is_refused_a_submission() {
    let server = Server::from_environment();
    let alice = EndUser::create(&server).await;
    let parent = server.parent();

    assert_eq!(alice.wallet_ids(&parent).await, [alice.wallet_id.as_str()]);
    let (status, error) = refusal(alice.create_wallet(&parent).await);
    assert_eq!((status, &error["code"]), (400, &json!(3)));
    assert_eq!(error["turnkeyErrorCode"], "ORGANIZATION_MISMATCH");
    assert_eq!(
        error["message"],
        format!(
            "organization mismatch: request is targeting organization ({}), but voters are in organization ({})",
            alice.organization_id, server.organization_id
        )
    );
}

/// The phrase of many examples, the first account that local chains give money to.
const PHRASE: &str = "test test test test test test test test test test test junk";

#[tokio::test]
async fn a_wallet_comes_in_and_goes_out_sealed_by_turnkey_enclave_encrypt() {
    let server = Server::from_environment();
    let alice = EndUser::create(&server).await;
    let client = server.client(alice.p256());
    let (organization, user) = (alice.organization_id.clone(), alice.user_id.clone());
    let signer = QuorumPublicKey::from_string(server.signer_quorum_public_key().await).unwrap();

    let intent = activity::InitImportWalletIntent { user_id: user.clone() };
    let begun = client
        .init_import_wallet(organization.clone(), client.current_timestamp(), intent)
        .await
        .unwrap()
        .result;
    let bundle = begun.import_bundle;
    let mut import = ImportClient::new(&signer);
    import.encrypt_wallet_with_bundle(PHRASE, &bundle, &organization, &organization).unwrap_err();
    let encrypted = ImportClient::new(&signer).encrypt_wallet_with_bundle(
        PHRASE,
        &bundle,
        &organization,
        &user,
    );
    let intent = activity::ImportWalletIntent {
        user_id: user,
        wallet_name: "Imported".to_owned(),
        encrypted_bundle: encrypted.unwrap(),
        accounts: vec![activity::WalletAccountParams {
            curve: Curve::Secp256k1,
            path_format: PathFormat::Bip32,
            path: "m/44'/60'/0'/0/0".to_owned(),
            address_format: AddressFormat::Ethereum,
            name: None,
        }],
    };
    let imported = client
        .import_wallet(organization.clone(), client.current_timestamp(), intent)
        .await
        .unwrap()
        .result;
    assert_eq!(imported.addresses, ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]);

    let mut export = ExportClient::new(&signer);
    let intent = activity::ExportWalletIntent {
        wallet_id: imported.wallet_id,
        target_public_key: export.target_public_key().unwrap(),
        language: None,
    };
    let exported = client
        .export_wallet(organization.clone(), client.current_timestamp(), intent)
        .await
        .unwrap()
        .result;
    let opened = export.decrypt_wallet_mnemonic_phrase(exported.export_bundle, &organization);
    assert_eq!(opened.unwrap(), PHRASE);
}

#[tokio::test]
async fn an_expired_session_is_refused_with_the_text_that_the_sdks_look_for() {
    let server = Server::from_environment();
    let alice = EndUser::create(&server).await;
    let (session, _) = alice.open_session(&server, &server.client(alice.p256()), "60").await;
    let key = public_key(&session);
    let client = server.client(session);
    assert_eq!(alice.wallet_ids(&client).await, [alice.wallet_id.as_str()]);

    server.advance_clock(120).await;
    let whoami = client.get_whoami(alice.whoami()).await.map(drop);
    for outcome in [whoami, alice.create_wallet(&client).await] {
        let (status, error) = refusal(outcome);
        assert_eq!((status, &error["code"]), (401, &json!(16)));
        assert_eq!(error["turnkeyErrorCode"], "API_KEY_EXPIRED");
        assert_eq!(
            error["message"],
            format!(
                "expired api key publicKey={key}: rpc error: code = Unauthenticated desc = expired api key publicKey={key}"
            )
        );
    }
    let (next, _) = alice.open_session(&server, &server.client(alice.p256()), "900").await;
    assert_eq!(alice.wallet_ids(&server.client(next)).await, [alice.wallet_id.as_str()]);
}

/// Alice: a sub-organization of her own with a wallet, and two API keys.
struct EndUser {
    organization_id: String,
    user_id: String,
    wallet_id: String,
    address: String,
    p256: Vec<u8>,
    secp256k1: Vec<u8>,
}

impl EndUser {
    async fn create(server: &Server) -> Self {
        let p256 = TurnkeyP256ApiKey::generate();
        // The SDK's secp256k1 key cannot be taken apart again, so it is made from bytes of ours.
        let secp256k1 = TurnkeyP256ApiKey::generate().private_key();
        let second = TurnkeySecp256k1ApiKey::from_bytes(&secp256k1, None).unwrap();
        let api_key = |name: &str, public_key: Vec<u8>, curve_type| activity::ApiKeyParamsV2 {
            api_key_name: name.to_owned(),
            public_key: hex::encode(public_key),
            curve_type,
            expiration_seconds: None,
        };
        let intent = activity::CreateSubOrganizationIntentV8 {
            sub_organization_name: "Alice's organization".to_owned(),
            root_users: vec![activity::RootUserParamsV5 {
                user_name: "Alice".to_owned(),
                user_email: None,
                user_phone_number: None,
                api_keys: vec![
                    api_key("laptop", p256.compressed_public_key(), ApiKeyCurve::P256),
                    api_key("wallet", second.compressed_public_key(), ApiKeyCurve::Secp256k1),
                ],
                authenticators: vec![],
                oauth_providers: vec![],
            }],
            root_quorum_threshold: 1,
            wallet: Some(activity::WalletParams {
                wallet_name: "Main".to_owned(),
                accounts: vec![activity::WalletAccountParams {
                    curve: Curve::Secp256k1,
                    path_format: PathFormat::Bip32,
                    path: "m/44'/60'/0'/0/0".to_owned(),
                    address_format: AddressFormat::Ethereum,
                    name: None,
                }],
                mnemonic_length: None,
            }),
            disable_email_recovery: None,
            disable_email_auth: None,
            disable_sms_auth: None,
            disable_otp_email_auth: None,
            verification_token: None,
            client_signature: None,
        };
        let parent = server.parent();
        let created = parent
            .create_sub_organization(
                server.organization_id.clone(),
                parent.current_timestamp(),
                intent,
            )
            .await
            .unwrap()
            .result;
        let wallet = created.wallet.unwrap();
        Self {
            organization_id: created.sub_organization_id,
            user_id: created.root_user_ids[0].clone(),
            wallet_id: wallet.wallet_id,
            address: wallet.addresses[0].clone(),
            p256: p256.private_key(),
            secp256k1,
        }
    }

    fn p256(&self) -> TurnkeyP256ApiKey {
        TurnkeyP256ApiKey::from_bytes(&self.p256, None).unwrap()
    }

    fn secp256k1(&self) -> TurnkeySecp256k1ApiKey {
        TurnkeySecp256k1ApiKey::from_bytes(&self.secp256k1, None).unwrap()
    }

    /// Logs in with the client's stamp; gives the fresh session key and the session's claims.
    async fn open_session<S: Stamp>(
        &self,
        server: &Server,
        client: &TurnkeyClient<S>,
        seconds: &str,
    ) -> (TurnkeyP256ApiKey, Value) {
        let session = TurnkeyP256ApiKey::generate();
        let intent = activity::StampLoginIntent {
            public_key: public_key(&session),
            expiration_seconds: Some(seconds.to_owned()),
            invalidate_existing: None,
            session_profile_id: None,
        };
        let login = client
            .stamp_login(self.organization_id.clone(), client.current_timestamp(), intent)
            .await
            .unwrap();
        (session, server.read_session_jwt(&login.result.session).await)
    }

    fn whoami(&self) -> coordinator::GetWhoamiRequest {
        coordinator::GetWhoamiRequest { organization_id: self.organization_id.clone() }
    }

    async fn wallet_ids<S: Stamp>(&self, client: &TurnkeyClient<S>) -> Vec<String> {
        let request =
            coordinator::GetWalletsRequest { organization_id: self.organization_id.clone() };
        let answer = client.get_wallets(request).await.unwrap();
        answer.wallets.into_iter().map(|wallet| wallet.wallet_id).collect()
    }

    async fn create_wallet<S: Stamp>(
        &self,
        client: &TurnkeyClient<S>,
    ) -> Result<(), TurnkeyClientError> {
        let intent = activity::CreateWalletIntent {
            wallet_name: "never".to_owned(),
            accounts: vec![],
            mnemonic_length: None,
        };
        client
            .create_wallet(self.organization_id.clone(), client.current_timestamp(), intent)
            .await
            .map(drop)
    }
}

fn public_key(key: &TurnkeyP256ApiKey) -> String {
    hex::encode(key.compressed_public_key())
}

/// HTTP status and body of a refusal, as the SDK passes them on.
fn refusal(outcome: Result<(), TurnkeyClientError>) -> (u16, Value) {
    match outcome {
        Err(TurnkeyClientError::UnexpectedHttpStatus(status, body)) => {
            (status, serde_json::from_str(&body).unwrap())
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}
