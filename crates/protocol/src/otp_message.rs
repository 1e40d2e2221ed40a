//! A one-time code or a bundle to be sent: what several activities ask for alike.

use std::collections::BTreeMap;

use keyward_crypto::P256PublicKey;

#[cfg(feature = "engine")]
use {
    crate::bundle,
    crate::engine::attested::user_with,
    crate::engine::message::{Content, Email, EmailPurpose, Message, Sms},
    crate::engine::model::{ApiKey, CredentialId},
    crate::engine::one_time::Otp,
    crate::engine::otp::OtpCode,
    crate::engine::record::Record,
    crate::engine::sessions::{LogIn, Opening},
    crate::engine::{Context, Needs},
    crate::wire::RequestError,
    crate::wire::enums::AuthenticationType,
    crate::wire::id::{ApiKeyId, MessageId, OtpId, UserId},
    keyward_crypto::P256PrivateKey,
};

use crate::parameters;
use crate::wire::enums::{FeatureName, OtpType};
use crate::wire::objects::{EmailCustomizationParams, SmsCustomizationParams};
use crate::wire::{InvalidRequest, value};

/// Seconds a code is good when nobody says.
const DEFAULT_LIFETIME_SECONDS: u64 = 300;
/// Longest life of a code.
const LONGEST_LIFETIME_SECONDS: u64 = 600;
/// Characters of a code.
const LENGTHS: std::ops::RangeInclusive<u8> = 6..=9;
/// Longest text of an SMS, template included.
const LONGEST_SMS: usize = 1_000;
/// Longest address in an e-mail.
const LONGEST_URL: usize = 2_048;
/// Where the code goes in the text of an SMS.
const SMS_PLACEHOLDER: &str = "{{.OtpCode}}";

/// The parameters as they travel, all versions at once.
pub(crate) struct OtpMessageParams {
    pub(crate) kind: OtpType,
    pub(crate) contact: String,
    pub(crate) app_name: Option<String>,
    pub(crate) length: u8,
    pub(crate) alphanumeric: bool,
    pub(crate) expiration_seconds: Option<String>,
    pub(crate) email_customization: Option<EmailCustomizationParams>,
    pub(crate) sms_customization: Option<SmsCustomizationParams>,
    pub(crate) user_identifier: Option<String>,
    pub(crate) send_from_email_address: Option<String>,
    pub(crate) send_from_email_sender_name: Option<String>,
    pub(crate) reply_to_email_address: Option<String>,
}

/// A code to be sent, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct OtpMessage {
    /// How.
    pub kind: OtpType,
    /// Where to.
    pub contact: String,
    length: u8,
    alphanumeric: bool,
    lifetime_seconds: u64,
    identifier: Option<String>,
    email: EmailLook,
    sms_template: Option<String>,
}

/// How an e-mail looks and who it is from, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmailLook {
    /// Name of the application.
    pub app_name: Option<String>,
    logo_url: Option<String>,
    magic_link_template: Option<String>,
    template_id: Option<String>,
    template_variables: BTreeMap<String, String>,
    address: Option<String>,
    name: Option<String>,
    reply_to: Option<String>,
}

impl OtpMessageParams {
    pub(crate) fn check(self) -> Result<OtpMessage, InvalidRequest> {
        let contact = match self.kind {
            OtpType::Email => value::email(Some(self.contact))?,
            OtpType::Sms => value::phone_number(Some(self.contact))?,
        }
        .ok_or_else(|| InvalidRequest::new("invalid contact: must not be empty"))?;
        if !LENGTHS.contains(&self.length) {
            return Err(InvalidRequest::new("invalid otpLength: must be 6 to 9"));
        }
        let lifetime_seconds =
            value::expiration_seconds(self.expiration_seconds)?.unwrap_or(DEFAULT_LIFETIME_SECONDS);
        if lifetime_seconds > LONGEST_LIFETIME_SECONDS {
            return Err(InvalidRequest::new("invalid expirationSeconds: must be at most 600"));
        }
        let identifier = self.user_identifier.filter(|identifier| !identifier.is_empty());
        Ok(OtpMessage {
            kind: self.kind,
            contact,
            length: self.length,
            alphanumeric: self.alphanumeric,
            lifetime_seconds,
            identifier: value::optional_label("userIdentifier", identifier)?,
            email: EmailLook::check(
                self.app_name,
                self.email_customization,
                self.send_from_email_address,
                self.send_from_email_sender_name,
                self.reply_to_email_address,
            )?,
            sms_template: sms_template(self.sms_customization)?,
        })
    }
}

/// Checks what requests say of a text message: its template, where there is one.
pub(crate) fn sms_template(
    customization: Option<SmsCustomizationParams>,
) -> Result<Option<String>, InvalidRequest> {
    let template = customization.and_then(|sms| sms.template);
    let template = template.filter(|template| !template.is_empty());
    if let Some(template) = &template
        && (!template.replace(' ', "").contains(SMS_PLACEHOLDER)
            || template.len() > LONGEST_SMS
            || template.chars().any(|c| c.is_control() && c != '\n'))
    {
        return Err(InvalidRequest::new("invalid SMS template: must contain {{.OtpCode}}"));
    }
    Ok(template)
}

impl EmailLook {
    /// Checks what requests say of an e-mail. The name of the application may stand in two places.
    pub(crate) fn check(
        app_name: Option<String>,
        customization: Option<EmailCustomizationParams>,
        address: Option<String>,
        name: Option<String>,
        reply_to: Option<String>,
    ) -> Result<Self, InvalidRequest> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let custom = customization.unwrap_or(EmailCustomizationParams {
            app_name: None,
            logo_url: None,
            magic_link_template: None,
            template_variables: None,
            template_id: None,
        });
        let app_name = match app_name {
            // A name that the version demands may not be empty.
            Some(name) => Some(value::label("appName", name)?),
            None => value::optional_label("appName", given(custom.app_name))?,
        };
        let magic_link_template = given(custom.magic_link_template);
        if magic_link_template
            .as_ref()
            .is_some_and(|link| !is_web_address(link) || link.matches("%s").count() != 1)
        {
            return Err(InvalidRequest::new("invalid magic link template"));
        }
        let logo_url = given(custom.logo_url);
        if logo_url.as_ref().is_some_and(|url| !is_web_address(url)) {
            return Err(InvalidRequest::new("invalid logoUrl: must be an http or https address"));
        }
        let template_variables = match given(custom.template_variables) {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(&text)
                .map_err(|_| InvalidRequest::new("failed to unmarshal template variables"))?,
        };
        Ok(Self {
            app_name,
            logo_url,
            magic_link_template,
            template_id: value::optional_label("templateId", given(custom.template_id))?,
            template_variables,
            address: value::email(address)?,
            name: value::optional_label("sendFromEmailSenderName", given(name))?,
            reply_to: value::email(reply_to)?,
        })
    }

    /// The e-mail.
    ///
    /// # Errors
    ///
    /// A template that there is not.
    #[cfg(feature = "engine")]
    pub fn email(
        self,
        to: String,
        purpose: EmailPurpose,
        context: &Context<'_>,
    ) -> Result<Email, RequestError> {
        let known = &context.settings.email_templates;
        if self.template_id.as_ref().is_some_and(|id| !known.contains(id)) {
            return Err(InvalidRequest::new("failed to get email template contents").into());
        }
        Ok(Email {
            to,
            purpose,
            app_name: self.app_name,
            logo_url: self.logo_url,
            magic_link_template: self.magic_link_template,
            template_id: self.template_id,
            template_variables: self.template_variables,
            sender: crate::engine::message::Sender {
                address: self.address,
                name: self.name,
                reply_to: self.reply_to,
            },
        })
    }
}

/// The key of a session to be mailed, sealed, to the user with an address; checked.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleMail {
    email: String,
    target: P256PublicKey,
    look: EmailLook,
}

impl BundleMail {
    pub(crate) fn check(
        email: String,
        target_public_key: &str,
        look: EmailLook,
    ) -> Result<Self, InvalidRequest> {
        let email = value::email(Some(email))?
            .ok_or_else(|| InvalidRequest::new("invalid email: must not be empty"))?;
        Ok(Self { email, target: parameters::p256_key(target_public_key)?, look })
    }

    /// What was sent to the address before.
    #[cfg(feature = "engine")]
    pub(crate) fn needs(&self) -> Needs {
        Needs::Contact { kind: OtpType::Email, contact: self.email.clone(), identifier: None }
    }

    /// Opens the session that `opening` says for the user with the address, and mails its key: the
    /// user, and the id of the key. The mail ends with the session.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotFound`] unless one user has the address; [`RequestError::MaxOtpInitiated`]; a
    /// template that there is not.
    #[cfg(feature = "engine")]
    pub(crate) fn send(
        self,
        opening: impl FnOnce(UserId) -> Opening,
        purpose: impl FnOnce(String) -> EmailPurpose,
        context: &mut Context<'_>,
    ) -> Result<(UserId, ApiKeyId), RequestError> {
        let now = context.now;
        let (user, to) = user_with(context.organization(), OtpType::Email, &self.email)?;
        let to = to.to_owned();
        let (mut contact, _) = context.take_contact()?;
        contact.value.note(now)?;
        let written = contact.write(Some(now.plus_seconds(3600)))?;
        let log_in = LogIn::proven(AuthenticationType::Email, Some(CredentialId::Email), now);
        let (key, bundle) = opening(user).for_bundle(&self.target, log_in, context)?;
        let email = self.look.email(to, purpose(bundle), context)?;
        let organization = context.organization();
        let keys = &organization.user(user)?.api_keys;
        let ends = keys.iter().find(|known| known.id == key).and_then(ApiKey::expires_at);
        let message = Message {
            id: MessageId::generate(now, context.rng),
            organization: context.organization().id,
            expires_at: ends.unwrap_or(now),
            content: Content::Email(email),
        };
        context.changes.messages.push(message);
        context.changes.records.push(written);
        Ok((user, key))
    }
}

/// An http(s) address that can stand in a message.
fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text.len() <= LONGEST_URL
        && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>`".contains(c))
}

/// A code that was sent.
#[cfg(feature = "engine")]
pub(crate) struct Sent {
    /// Its id.
    pub(crate) id: OtpId,
    /// The signed key that it is to be encrypted to, where that was asked for.
    pub(crate) target_bundle: Option<String>,
}

impl OtpMessage {
    /// The feature that an organization must have switched on.
    pub fn feature(&self) -> FeatureName {
        otp_feature(self.kind)
    }
}

/// The feature that an organization must have switched on for codes sent like this.
pub(crate) fn otp_feature(kind: OtpType) -> FeatureName {
    match kind {
        OtpType::Email => FeatureName::OtpEmailAuth,
        OtpType::Sms => FeatureName::SmsAuth,
    }
}

#[cfg(feature = "engine")]
impl OtpMessage {
    /// What was sent to the contact before.
    pub(crate) fn needs(&self) -> Needs {
        Needs::Contact {
            kind: self.kind,
            contact: self.contact.clone(),
            identifier: self.identifier.clone(),
        }
    }

    /// Makes a code and sends it. `logs_in` is the user it is for, if it is to log in by itself.
    ///
    /// # Errors
    ///
    /// [`RequestError::MaxOtpInitiated`]; a template that there is not.
    pub(crate) fn send(
        self,
        logs_in: Option<UserId>,
        is_encrypted: bool,
        context: &mut Context<'_>,
    ) -> Result<Sent, RequestError> {
        let now = context.now;
        let organization = context.organization().id;
        let (mut contact, requests) = context.take_contact()?;
        let id = OtpId::generate(now, context.rng);
        let ends = now.plus_seconds(self.lifetime_seconds);
        contact.value.add(id, ends, now)?;
        let mut records = vec![contact.write(Some(now.plus_seconds(3600)))?];
        if let Some(mut requests) = requests {
            requests.value.add(now)?;
            records.push(requests.write(Some(now.plus_seconds(3600)))?);
        }
        let is_sandbox = context.settings.sandbox_otp && self.is_sandbox();
        let code = if is_sandbox {
            OtpCode::from_text(SANDBOX_CODE)
        } else {
            OtpCode::generate(self.length, self.alphanumeric, context.rng)
        }
        .ok_or_else(|| InvalidRequest::new("invalid otpLength: must be 6 to 9"))?;
        let target = is_encrypted.then(|| P256PrivateKey::generate(context.rng));
        let target_bundle = target.as_ref().map(|target| {
            bundle::otp_target_bundle(&target.public_key(), organization, &context.keys.otp_signer)
        });
        // The code leaves its wrapper for the record and the message, which are sealed.
        let code = code.expose().to_owned();
        let otp = Record {
            key: Otp::key(organization, id),
            revision: 0,
            value: Otp {
                kind: Some(self.kind),
                contact: self.contact.clone(),
                code: code.clone(),
                expires_at: ends.as_millis(),
                logs_in,
                target_key: target.map(|target| hex::encode(target.expose_bytes().expose())),
                wrong: 0,
                unreadable: 0,
            },
        };
        records.push(otp.write(Some(ends))?);
        if !is_sandbox {
            let said = match self.kind {
                OtpType::Email => Content::Email(self.email.email(
                    self.contact,
                    EmailPurpose::Otp { code },
                    context,
                )?),
                OtpType::Sms => Content::Sms(Sms {
                    to: self.contact,
                    code,
                    app_name: self.email.app_name,
                    template: self.sms_template,
                }),
            };
            let id = MessageId::generate(now, context.rng);
            let message = Message { id, organization, expires_at: ends, content: said };
            context.changes.messages.push(message);
        }
        context.changes.records.extend(records);
        Ok(Sent { id, target_bundle })
    }

    fn is_sandbox(&self) -> bool {
        let is_known = match self.kind {
            OtpType::Email => self.contact == "user@example.com",
            OtpType::Sms => self.contact == "+19999999999",
        };
        is_known && !self.alphanumeric && self.length == 6
    }
}

/// The code of sandbox contacts.
#[cfg(feature = "engine")]
const SANDBOX_CODE: &str = "000000";
