//! Messages to people: rendered, sent, and tried again until they are of no use any more.
//!
//! An activity commits its messages with its change; [`Outbox`] takes them from the store afterwards and
//! hands them to a [`Delivery`]: [`Sending`] in production, [`Inbox`] for a developer.

mod inbox;
mod mail;
mod outbox;
mod sms;
pub(crate) mod template;
pub(crate) mod webhooks;

use std::fmt;

use async_trait::async_trait;
use keyward_protocol::engine::message::{Content, Message};

use crate::config::{Config, ConfigError};

pub use inbox::{Inbox, inbox_routes};
pub use mail::Mail;
pub use outbox::{GiveUp, Next, Outbox, Queue, next};
pub use sms::SmsWebhook;
pub use template::{Rendered, Renderer, TemplateError, sms_text};

/// How a message travels.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Channel {
    /// By e-mail.
    Email,
    /// As a text message.
    Sms,
    /// To a chain, as a transaction.
    Chain,
}

impl Channel {
    /// The channel of a message.
    pub fn of(message: &Message) -> Self {
        match message.content {
            Content::Email(_) => Self::Email,
            Content::Sms(_) => Self::Sms,
            Content::Transaction(_) => Self::Chain,
        }
    }

    /// `email`, `sms` or `chain`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Chain => "chain",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where rendered messages go.
#[async_trait]
pub trait Delivery: Send + Sync {
    /// Renders a message and passes it on: to a mail server, to a provider of text messages, or into the
    /// inbox of a development server.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Temporary`] when another try may succeed, [`DeliveryError::Permanent`] when none
    /// will, [`DeliveryError::NotConfigured`] when the operator has set up no such channel.
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError>;

    /// Whether messages of this channel can be sent at all.
    fn sends(&self, channel: Channel) -> bool;

    /// Whether the operator has an e-mail template of this id.
    fn knows_template(&self, id: &str) -> bool;
}

/// Why a message was not delivered. No variant holds an address, a code or what another server wrote.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// Another try may succeed.
    #[error("{0}")]
    Temporary(Obstacle),
    /// No try will succeed.
    #[error("{0}")]
    Permanent(Obstacle),
    /// The operator has set up no such channel.
    #[error("no way to send {0} messages is configured")]
    NotConfigured(Channel),
    /// It is on its way; to be looked after again in so many seconds, however often.
    #[error("on its way")]
    UnderWay(u64),
}

/// What stood in the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The mail server or the provider refused, with this SMTP or HTTP status.
    #[error("the other server answered {0}")]
    Answered(u16),
    /// There was no connection, or it broke.
    #[error("the other server could not be reached")]
    Unreachable,
    /// The other server's certificate is not trusted, or TLS failed otherwise.
    #[error("no secure connection to the other server")]
    Tls,
    /// The other server was too slow.
    #[error("the other server did not answer in time")]
    TooSlow,
    /// The other server speaks the protocol in a way that is not understood, or lacks what is needed.
    #[error("the other server does not understand us, or we not it")]
    Protocol,
    /// The recipient's address cannot be written to.
    #[error("the recipient's address is not valid")]
    Recipient,
    /// The message names a template that is not configured.
    #[error("failed to get email template contents")]
    UnknownTemplate,
    /// The template of the text message has no place for the code.
    #[error("the text message's template does not contain {{{{.OtpCode}}}}")]
    SmsTemplate,
    /// The magic link's template is not an http(s) address with one `%s`.
    #[error("invalid magic link template")]
    MagicLink,
    /// The sending code itself failed.
    #[error("sending failed inside the server")]
    Crashed,
}

/// The delivery of production: whatever is configured.
pub struct Sending {
    mail: Option<Mail>,
    sms: Option<SmsWebhook>,
}

impl Sending {
    /// Reads the templates and prepares the connections; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// What is wrong with the `mail` or the `sms` section of the configuration.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            mail: config.mail.as_ref().map(Mail::new).transpose()?,
            sms: config.sms.as_ref().map(SmsWebhook::new).transpose()?,
        })
    }
}

#[async_trait]
impl Delivery for Sending {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError> {
        match &message.content {
            Content::Email(email) => {
                let mail = self.mail.as_ref();
                let mail = mail.ok_or(DeliveryError::NotConfigured(Channel::Email))?;
                mail.send(message.id, email).await
            }
            Content::Sms(text) => {
                let sms = self.sms.as_ref();
                let sms = sms.ok_or(DeliveryError::NotConfigured(Channel::Sms))?;
                sms.send(message.id, message.organization, text).await
            }
            Content::Transaction(_) => Err(DeliveryError::NotConfigured(Channel::Chain)),
        }
    }

    fn sends(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.mail.is_some(),
            Channel::Sms => self.sms.is_some(),
            Channel::Chain => false,
        }
    }

    fn knows_template(&self, id: &str) -> bool {
        self.mail.as_ref().is_some_and(|mail| mail.renderer().knows_template(id))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use keyward_protocol::engine::message::{Email, EmailPurpose, Sender, Sms};
    use keyward_protocol::wire::Timestamp;
    use keyward_protocol::wire::id::{MessageId, OrganizationId};
    use uuid::Uuid;

    use super::*;

    /// 2026-01-02T03:04:05Z.
    pub(super) const MADE: Timestamp = Timestamp::from_millis(1_767_323_045_000);

    pub(super) fn email(purpose: EmailPurpose) -> Email {
        Email {
            to: "someone@example.org".to_owned(),
            purpose,
            app_name: Some("Acme".to_owned()),
            logo_url: None,
            magic_link_template: None,
            template_id: None,
            template_variables: BTreeMap::new(),
            sender: Sender::default(),
        }
    }

    pub(super) fn otp() -> Email {
        email(EmailPurpose::Otp { code: "A1B2C3".to_owned() })
    }

    pub(super) fn sms() -> Sms {
        Sms {
            to: "+15550123456".to_owned(),
            code: "A1B2C3".to_owned(),
            app_name: None,
            template: None,
        }
    }

    /// A message made `number` milliseconds after [`MADE`], for five minutes.
    pub(super) fn message(number: u64, content: Content) -> Message {
        let made = Timestamp::from_millis(MADE.as_millis() + number);
        Message {
            id: MessageId::generate(made, &mut keyward_crypto::os_rng()),
            organization: OrganizationId(Uuid::from_u128(7)),
            expires_at: MADE.plus_seconds(300),
            content,
        }
    }

    #[tokio::test]
    async fn says_which_channel_is_missing() {
        let sending = Sending::new(&Config::default()).unwrap();
        for (content, channel) in
            [(Content::Email(otp()), Channel::Email), (Content::Sms(sms()), Channel::Sms)]
        {
            assert!(!sending.sends(channel));
            let refused = sending.deliver(&message(0, content)).await;
            assert_eq!(refused, Err(DeliveryError::NotConfigured(channel)));
        }
        assert!(!sending.knows_template("welcome"));
    }
}
