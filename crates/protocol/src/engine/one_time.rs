//! One-time codes, and the tokens that a correct one is exchanged for: what is kept of them.

use keyward_crypto::{P256PrivateKey, SecretBytes};
use serde::{Deserialize, Serialize};

use super::otp::OtpCode;
use super::record::{Record, RecordKey, SERVER};
use crate::wire::enums::OtpType;
use crate::wire::id::{OrganizationId, OtpId, TokenId, UserId};
use crate::wire::{RequestError, Timestamp};

/// Wrong codes after which the right one does not count any more.
pub const ATTEMPTS: u8 = 3;
/// Bundles that don't open after which the code does not count any more. They are no guesses, so there
/// may be more of them.
pub const UNREADABLE_BUNDLES: u8 = 20;
/// Codes for one contact that are good at a time.
pub const ACTIVE_CODES: usize = 3;
/// Codes that may be asked for in [`PERIOD_SECONDS`] under one `userIdentifier`.
pub const REQUESTS_PER_IDENTIFIER: usize = 3;
/// See [`REQUESTS_PER_IDENTIFIER`].
pub const PERIOD_SECONDS: u64 = 180;
/// Messages that one contact may get from one organization in an hour.
pub const MESSAGES_PER_HOUR: usize = 20;

/// A code that was sent.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Otp {
    /// How it was sent; `None` in a record that does not exist.
    pub kind: Option<OtpType>,
    /// Where it was sent.
    pub contact: String,
    /// The code.
    pub code: String,
    /// When it stops being good.
    pub expires_at: u64,
    /// The user it logs in, of one made by `INIT_OTP_AUTH`.
    pub logs_in: Option<UserId>,
    /// The key that an encrypted code is sealed to, hex.
    pub target_key: Option<String>,
    /// Wrong codes so far.
    pub wrong: u8,
    /// Bundles that did not open so far.
    pub unreadable: u8,
}

impl Otp {
    /// Where the code with this id is kept.
    pub fn key(organization: OrganizationId, id: OtpId) -> RecordKey {
        RecordKey { organization, id: id.0 }
    }

    /// Whether the code may still be tried.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.kind.is_some()
            && now.as_millis() < self.expires_at
            && self.wrong < ATTEMPTS
            && self.unreadable < UNREADABLE_BUNDLES
    }

    /// Whether this is the code, and it may still be tried. Takes the same time either way.
    pub fn accepts(&self, given: &str, now: Timestamp) -> bool {
        let is_right = OtpCode::from_text(&self.code).is_some_and(|code| code.matches(given));
        is_right & self.is_open(now)
    }

    /// The key that encrypted codes are sealed to.
    pub fn target_key(&self) -> Option<P256PrivateKey> {
        let bytes = SecretBytes::new(hex::decode(self.target_key.as_ref()?).ok()?);
        P256PrivateKey::from_bytes(bytes.expose().try_into().ok()?).ok()
    }
}

/// What was sent to a contact.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Contact {
    /// Codes that are good, with their ends in milliseconds.
    pub active: Vec<(OtpId, u64)>,
    /// When messages were sent in the last hour, in milliseconds.
    pub sent: Vec<u64>,
}

impl Contact {
    /// Notes that another code is sent.
    ///
    /// # Errors
    ///
    /// [`RequestError::MaxOtpInitiated`].
    pub fn add(
        &mut self,
        id: OtpId,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        self.active.retain(|(_, end)| *end > now.as_millis());
        self.note(now)?;
        if self.active.len() >= ACTIVE_CODES {
            return Err(RequestError::MaxOtpInitiated);
        }
        self.active.push((id, expires_at.as_millis()));
        Ok(())
    }

    /// Notes that a message is sent.
    ///
    /// # Errors
    ///
    /// [`RequestError::MaxOtpInitiated`].
    pub fn note(&mut self, now: Timestamp) -> Result<(), RequestError> {
        self.sent.retain(|at| *at > now.minus_seconds(3600).as_millis());
        if self.sent.len() >= MESSAGES_PER_HOUR {
            return Err(RequestError::MaxOtpInitiated);
        }
        self.sent.push(now.as_millis());
        Ok(())
    }

    /// Notes that a code is good no more.
    pub fn remove(&mut self, id: OtpId) {
        self.active.retain(|(known, _)| *known != id);
    }
}

/// When codes were asked for under an identifier, in milliseconds.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Requests(Vec<u64>);

impl Requests {
    /// Notes another one.
    ///
    /// # Errors
    ///
    /// [`RequestError::MaxOtpInitiated`].
    pub fn add(&mut self, now: Timestamp) -> Result<(), RequestError> {
        self.0.retain(|at| *at > now.minus_seconds(PERIOD_SECONDS).as_millis());
        if self.0.len() >= REQUESTS_PER_IDENTIFIER {
            return Err(RequestError::MaxOtpInitiated);
        }
        self.0.push(now.as_millis());
        Ok(())
    }
}

/// What a verification token was given for, and used for. A token without such a record is good for
/// nothing.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct TokenUse {
    /// The organization that verified the contact; `None` in a record that does not exist.
    pub organization: Option<OrganizationId>,
    /// Whether somebody logged in with it: it is good for nothing any more.
    pub logged_in: bool,
    /// Whether somebody signed up with it.
    pub signed_up: bool,
    /// Whether it verified a changed contact.
    pub changed_contact: bool,
}

impl TokenUse {
    /// Where the use of a token is kept. Tokens of the older form don't say whose they are.
    pub fn key(id: TokenId) -> RecordKey {
        RecordKey { organization: SERVER, id: id.0 }
    }
}

/// A code and what else its use changes.
pub struct OtpFacts {
    /// The code.
    pub otp: Record<Otp>,
    /// What was sent to the same contact.
    pub contact: Record<Contact>,
}

impl OtpFacts {
    /// Uses the code up: what changes with that.
    pub fn spend(mut self, id: OtpId) -> Result<[super::record::RecordChange; 2], RequestError> {
        self.contact.value.remove(id);
        let until = self.contact.value.sent.last().copied().unwrap_or_default();
        let until = Timestamp::from_millis(until).plus_seconds(3600);
        Ok([self.otp.delete(), self.contact.write(Some(until))?])
    }

    /// Notes a wrong code.
    pub fn miss(mut self) -> Result<super::record::RecordChange, RequestError> {
        self.otp.value.wrong = self.otp.value.wrong.saturating_add(1);
        self.otp.write(Some(Timestamp::from_millis(self.otp.value.expires_at)))
    }

    /// Notes a bundle that does not open.
    pub fn stumble(mut self) -> Result<super::record::RecordChange, RequestError> {
        self.otp.value.unreadable = self.otp.value.unreadable.saturating_add(1);
        self.otp.write(Some(Timestamp::from_millis(self.otp.value.expires_at)))
    }
}
