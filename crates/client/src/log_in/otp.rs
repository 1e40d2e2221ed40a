//! One-time codes by e-mail and text message.

use keyward_crypto::{P256PublicKey, os_rng};
use keyward_protocol::bundle::{read_otp_target, seal_otp_code};
use keyward_protocol::client_signature::{
    SignUpContent, SignUpUsage, client_signature, sign_up_message, token_id,
};
use keyward_protocol::stamp::AttestedScheme;
use serde_json::json;

use super::LogIn;
use crate::auth_proxy::{Account, Credentials, SignUp};
use crate::client::Client;
use crate::error::ClientError;
use crate::json;
use crate::pending::Attempt;
use crate::session::Session;
use crate::sessions::check_name;
use crate::stamper::AttestedStamper;

/// Where a code goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Contact {
    /// An e-mail address.
    Email(String),
    /// A phone number, E.164.
    Phone(String),
}

impl Contact {
    const fn otp_type(&self) -> &'static str {
        match self {
            Self::Email(_) => EMAIL,
            Self::Phone(_) => "OTP_TYPE_SMS",
        }
    }
}

const EMAIL: &str = "OTP_TYPE_EMAIL";

/// A code that is on its way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OtpRequest {
    /// Names the attempt in [`Client::complete_otp`].
    pub otp_id: String,
}

/// A contact that the user has proven to have.
struct Proven<'a> {
    contact: String,
    is_email: bool,
    is_plain: bool,
    /// The verification token.
    token: &'a str,
}

impl Client {
    /// Sends a code to the user. The attempt survives a restart of the program or a reload of the page.
    /// Needs the auth proxy.
    ///
    /// The code will be encrypted to a key of the server's; with `is_plain` it is sent as it is, the older
    /// way, for servers that know no other.
    ///
    /// # Errors
    ///
    /// [`ClientError::TooManyOtpCodes`], [`ClientError::MethodDisabled`], [`ClientError::NotConfigured`].
    pub async fn begin_otp(
        &self,
        contact: &Contact,
        is_plain: bool,
    ) -> Result<OtpRequest, ClientError> {
        let (Contact::Email(address) | Contact::Phone(address)) = contact;
        let otp_type = contact.otp_type();
        let path = if is_plain { "otp_init" } else { "otp_init_v2" };
        let body = json!({ "otpType": otp_type, "contact": address });
        let begun = self.ask_proxy(path, &body).await?;
        let otp_id = json::text(&begun, "otpId")?;
        let target_bundle =
            if is_plain { None } else { Some(json::text(&begun, "otpEncryptionTargetBundle")?) };
        let public_key = self.new_key().await?;
        let attempt = Attempt::Otp {
            contact: address.clone(),
            otp_type: otp_type.to_owned(),
            target_bundle,
            verification_token: None,
        };
        self.begin(&otp_id, Some(public_key), attempt).await?;
        Ok(OtpRequest { otp_id })
    }

    /// Logs in with the code that the user has received. After anything but a wrong code and
    /// [`ClientError::UnknownAttempt`] the same call can be made again, although the code is spent.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidOtpCode`]: the user may try again, three times in all.
    /// [`ClientError::NoAccount`] with [`Account::Existing`].
    pub async fn complete_otp(
        &self,
        otp_id: &str,
        code: &str,
        account: &Account,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        check_name(&log_in.session)?;
        let mut pending = self.pending(otp_id).await?;
        let public_key = pending.public_key.clone().ok_or(ClientError::UnknownAttempt)?;
        let Attempt::Otp { contact, otp_type, target_bundle, verification_token } =
            &mut pending.what
        else {
            return Err(ClientError::UnknownAttempt);
        };
        let token = if let Some(token) = verification_token {
            token.clone()
        } else {
            let bundle = target_bundle.as_deref();
            let token = self.verify_otp(otp_id, code.trim(), bundle, &public_key).await?;
            verification_token.insert(token).clone()
        };
        let (contact, is_email, is_plain) =
            (contact.clone(), otp_type == EMAIL, target_bundle.is_none());
        self.put_pending(otp_id, &pending).await?;

        let organization_id = if let Some(id) = &log_in.organization_id {
            id.clone()
        } else {
            let filter = if is_email { "EMAIL" } else { "PHONE_NUMBER" };
            match (self.account(filter, &contact, Some(&token)).await?, account) {
                (Some(id), _) => id,
                (None, Account::Existing) => return Err(ClientError::NoAccount),
                (None, Account::OrNew(sign_up)) => {
                    let proven = Proven { contact, is_email, is_plain, token: &token };
                    self.sign_up_with_token(sign_up, proven, &public_key).await?
                }
            }
        };
        let scheme = AttestedScheme::VerificationToken;
        let log_in = LogIn { organization_id: Some(organization_id), ..log_in.clone() };
        let session = self.log_in_attested(scheme, token, public_key, "otp", &log_in).await?;
        self.finish(otp_id).await?;
        Ok(session)
    }

    /// Registers a key as a session, vouched for by a token that names it.
    pub(crate) async fn log_in_attested(
        &self,
        scheme: AttestedScheme,
        token: String,
        public_key: String,
        method: &str,
        log_in: &LogIn,
    ) -> Result<Session, ClientError> {
        let keys = self.inner.ports.keys.clone();
        let stamper = AttestedStamper { keys, public_key: public_key.clone(), scheme, token };
        self.open(&stamper, &public_key, method, log_in).await
    }

    /// Exchanges a code for a token that vouches for the key.
    async fn verify_otp(
        &self,
        otp_id: &str,
        code: &str,
        target_bundle: Option<&str>,
        public_key: &str,
    ) -> Result<String, ClientError> {
        let (path, body) = match target_bundle {
            None => {
                let body = json!({ "otpId": otp_id, "otpCode": code, "publicKey": public_key });
                ("otp_verify", body)
            }
            Some(bundle) => {
                let sealed =
                    seal_code(bundle, &self.otp_signer().await?, code, &point(public_key)?)?;
                ("otp_verify_v2", json!({ "otpId": otp_id, "encryptedOtpBundle": sealed }))
            }
        };
        match self.ask_proxy(path, &body).await {
            Ok(verified) => json::text(&verified, "verificationToken"),
            // A wrong code is the one refusal of this request that has no name of its own; a malformed one
            // cannot be right.
            Err(ClientError::Refused(refusal))
                if refusal.status == 400
                    && (refusal.turnkey_error_code.is_none() || refusal.is("REQUEST_INVALID")) =>
            {
                Err(ClientError::InvalidOtpCode)
            }
            Err(other) => Err(other),
        }
    }

    async fn sign_up_with_token(
        &self,
        sign_up: &SignUp,
        proven: Proven<'_>,
        public_key: &str,
    ) -> Result<String, ClientError> {
        let Proven { contact, is_email, is_plain, token } = proven;
        let mut sign_up = sign_up.clone();
        let place = if is_email { &mut sign_up.user_email } else { &mut sign_up.user_phone_number };
        *place = Some(contact.clone());
        let token_id = token_id(token).ok_or_else(|| {
            ClientError::Unintelligible("a verification token that is none".to_owned())
        })?;
        let message = sign_up_message(
            &token_id,
            &SignUpContent {
                usage: if is_plain { SignUpUsage::V1 } else { SignUpUsage::V2 },
                api_keys: &[],
                authenticators: &[],
                oauth_providers: &[],
                email: is_email.then_some(&contact),
                phone_number: (!is_email).then_some(&contact),
            },
        );
        let signature = self.inner.ports.keys.sign(public_key, message.as_bytes()).await?;
        let credentials = Credentials {
            verification_token: Some(token.to_owned()),
            is_older_token: is_plain,
            client_signature: Some(client_signature(&point(public_key)?, message, &signature)),
            ..Credentials::default()
        };
        self.sign_up(&sign_up, credentials).await
    }

    /// The key that signs what codes are encrypted to.
    async fn otp_signer(&self) -> Result<P256PublicKey, ClientError> {
        let text = if let Some(text) = &self.inner.config.otp_signer_public_key {
            text.clone()
        } else {
            let response = self.get("/.well-known/keyward.json").await?;
            let known = json::read(&response.body)?;
            let key = json::optional_text(&known, "otpSignerPublicKey");
            key.ok_or(ClientError::NotConfigured("the OTP signer's key"))?
        };
        point(&text)
    }
}

/// A public key in hex.
fn point(text: &str) -> Result<P256PublicKey, ClientError> {
    P256PublicKey::from_sec1(&hex::decode(text).unwrap_or_default())
        .map_err(|_| ClientError::InvalidInput("not a P-256 public key in hex".to_owned()))
}

/// Encrypts a code so that only the server reads it, which also learns whom it is for.
fn seal_code(
    bundle: &str,
    signer: &P256PublicKey,
    code: &str,
    public_key: &P256PublicKey,
) -> Result<String, ClientError> {
    let unintelligible = |reason: String| ClientError::Unintelligible(reason);
    let target = read_otp_target(bundle, signer).map_err(|e| unintelligible(e.to_string()))?;
    let sealed = seal_otp_code(&target, code, public_key, &mut os_rng());
    Ok(sealed.map_err(|e| unintelligible(e.to_string()))?.to_string())
}
