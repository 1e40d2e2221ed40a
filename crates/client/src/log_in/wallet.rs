//! Wallets of the user's own, such as `MetaMask` or Phantom.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_protocol::activities::stamp_login::StampLogin;
use keyward_protocol::wire::enums::ApiKeyCurve;
use keyward_protocol::wire::objects::ApiKeyParamsV2;

use super::LogIn;
use crate::auth_proxy::{Account, Credentials};
use crate::calls::submission;
use crate::client::{Client, Failed};
use crate::error::ClientError;
use crate::ports::{Wallet, WalletKind};
use crate::session::Session;
use crate::sessions::check_name;
use crate::stamper::{Stamp, Stamper, WalletStamper};

impl Client {
    /// Logs in with a wallet. With [`Account::OrNew`] an account is made when nobody has the wallet, which
    /// needs the auth proxy; the user is asked to sign once in either case.
    ///
    /// # Errors
    ///
    /// [`ClientError::Wallet`] when it does not sign, [`ClientError::UnknownCredential`] when nobody has it.
    pub async fn log_in_with_wallet(
        &self,
        wallet: Arc<dyn Wallet>,
        account: &Account,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        check_name(&log_in.session)?;
        let kind = wallet.kind();
        let stamper = WalletStamper::new(wallet);
        let Account::OrNew(sign_up) = account else {
            return self.log_in(Arc::new(stamper), "wallet", log_in).await;
        };
        let public_key = self.new_key().await?;
        let opened = async {
            // Stamped first: only the signature says which key it is.
            let call = submission::<StampLogin>(&log_in.intent(&public_key))?;
            let own = &self.inner.config.organization_id;
            let organization_id = log_in.organization_id.as_ref().unwrap_or(own);
            let stamped_at = self.stamp_time();
            let body = call.body(organization_id, stamped_at);
            let (stamp, wallet_key) = stamper.stamp_and_key(body.as_bytes()).await?;
            if self.account("PUBLIC_KEY", &wallet_key, None).await?.is_none() {
                let curve_type = match kind {
                    WalletKind::Ethereum => ApiKeyCurve::Secp256k1,
                    WalletKind::Solana => ApiKeyCurve::Ed25519,
                };
                let key = ApiKeyParamsV2 {
                    api_key_name: "Wallet".to_owned(),
                    public_key: wallet_key,
                    curve_type,
                    expiration_seconds: None,
                };
                let credentials = Credentials { api_keys: vec![key], ..Credentials::default() };
                self.sign_up(sign_up, credentials).await?;
            }
            let stamper = Already { body, stamp, wallet: stamper };
            let sent = self.send_at(&call, organization_id, &stamper, stamped_at).await;
            let answer = sent.map_err(Failed::without_session)?;
            self.opened(&answer, &public_key, "wallet", log_in).await
        }
        .await;
        self.unless_opened(opened, &public_key).await
    }
}

/// A wallet that has stamped a body already, and is asked for others.
struct Already {
    body: String,
    stamp: Stamp,
    wallet: WalletStamper,
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Stamper for Already {
    async fn stamp(&self, body: &[u8]) -> Result<Stamp, ClientError> {
        if body == self.body.as_bytes() {
            Ok(self.stamp.clone())
        } else {
            self.wallet.stamp(body).await
        }
    }
}
