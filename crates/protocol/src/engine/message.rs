//! What leaves the server after a commit: for a person an e-mail or a text message, as it is meant; for a chain a
//! transaction.
//!
//! An activity puts messages among its changes; they are committed with it, and rendered and sent
//! afterwards. They hold one-time codes and bundles, so they are stored sealed and print nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::Timestamp;
use crate::wire::id::{MessageId, OrganizationId, SendTransactionStatusId};

/// One message to one person, or one transaction to a chain.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The organization that has it sent.
    pub organization: OrganizationId,
    /// When what it carries is of no use any more: it is not sent after this.
    pub expires_at: Timestamp,
    /// How it travels, and what it says.
    pub content: Content,
}

/// How a message travels, and what it says.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub enum Content {
    /// By e-mail.
    Email(Email),
    /// As a text message.
    Sms(Sms),
    /// To a chain: the transaction of the organization that is kept under this id, until it is known what became of it.
    Transaction(SendTransactionStatusId),
}

/// An e-mail before it is rendered.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct Email {
    /// Address of the person.
    pub to: String,
    /// What it is for.
    pub purpose: EmailPurpose,
    /// Name of the application, for the subject and the text.
    pub app_name: Option<String>,
    /// Address of a PNG of at most 340 × 124 pixels.
    pub logo_url: Option<String>,
    /// An http(s) address with one `%s`, where the code or the bundle goes.
    pub magic_link_template: Option<String>,
    /// The operator's template to render instead of the built-in one.
    pub template_id: Option<String>,
    /// What that template may refer to.
    pub template_variables: BTreeMap<String, String>,
    /// Who it comes from, where the application says; heeded only on domains the operator allows.
    pub sender: Sender,
}

/// Who an e-mail says it comes from.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Sender {
    /// Address.
    pub address: Option<String>,
    /// Name; `Notifications` when absent.
    pub name: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
}

/// What an e-mail is for, with the secret that it carries.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub enum EmailPurpose {
    /// A one-time code.
    Otp {
        /// The code.
        code: String,
    },
    /// A credential bundle that logs in.
    Auth {
        /// The bundle.
        bundle: String,
    },
    /// A request to join an organization: no secret.
    Invitation {
        /// Name of the user who asks.
        sender: String,
    },
    /// A credential bundle that adds a passkey.
    Recovery {
        /// The bundle.
        bundle: String,
    },
}

/// A text message before it is rendered.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct Sms {
    /// Phone number of the person, E.164.
    pub to: String,
    /// The one-time code.
    pub code: String,
    /// Name of the application.
    pub app_name: Option<String>,
    /// The application's own text, with `{{.OtpCode}}` where the code goes.
    pub template: Option<String>,
}

impl fmt::Debug for Message {
    /// The id and no more: what it carries stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}
