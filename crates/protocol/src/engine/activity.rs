//! What is kept of an activity, and how it is shown.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::authenticate::{Caller, Home};
use super::model::Organization;
use super::sessions::Event;
use super::verification_token::is_unbound;
use super::view;
use crate::wire::enums::{ActivityStatus, VoteSelection};
use crate::wire::id::{ActivityId, OrganizationId, UserId, VoteId};
use crate::wire::objects::{Activity, Failure, Vote};
use crate::wire::{Status, Timestamp};

/// An activity as it is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ActivityRecord {
    /// Its id.
    pub id: ActivityId,
    /// The organization it changed.
    pub organization: OrganizationId,
    /// `ACTIVITY_TYPE_…`.
    pub kind: String,
    /// Where it stands.
    pub status: ActivityStatus,
    /// One member, named for the type.
    pub intent: Box<RawValue>,
    /// One member, named for the type, once completed.
    pub result: Option<Box<RawValue>>,
    /// `sha256:` and the hash of the body that made it.
    pub fingerprint: String,
    /// The proposer's first.
    pub votes: Vec<VoteRecord>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// What it did to sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// A vote as it is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct VoteRecord {
    /// Its id.
    pub id: VoteId,
    /// Whose it is.
    pub user: UserId,
    /// For or against.
    pub selection: VoteSelection,
    /// The body that was stamped.
    pub message: String,
    /// As in the stamp.
    pub public_key: String,
    /// As in the stamp.
    pub signature: String,
    /// `SIGNATURE_SCHEME_…`.
    pub scheme: String,
    /// When it was cast.
    pub created_at: Timestamp,
}

impl ActivityRecord {
    /// The user who submitted it.
    pub fn proposer(&self) -> Option<UserId> {
        self.votes.first().map(|vote| vote.user)
    }

    /// As the caller sees it. Bearer secrets in its result are shown only where `reveal` says so: to
    /// whoever submitted it, in the first answer and those to the same body soon after.
    pub fn show(&self, organization: &Organization, caller: &Caller, reveal: bool) -> Activity {
        let open = matches!(
            self.status,
            ActivityStatus::ConsensusNeeded | ActivityStatus::AuthenticatorsNeeded
        );
        let is_member = caller.home == Home::Own && caller.organization == self.organization;
        let voted = |selection| {
            self.votes.iter().any(|vote| vote.user == caller.user && vote.selection == selection)
        };
        Activity {
            id: self.id.to_string(),
            organization_id: self.organization.to_string(),
            status: self.status,
            kind: self.kind.clone(),
            intent: if reveal { self.intent.clone() } else { without_tokens(&self.intent) },
            result: if reveal {
                self.result.clone()
            } else {
                self.result.as_deref().map(without_bearers)
            },
            votes: self
                .votes
                .iter()
                .map(|vote| self.show_vote(vote, organization, reveal))
                .collect(),
            fingerprint: self.fingerprint.clone(),
            can_approve: open && is_member && !voted(VoteSelection::Approved),
            can_reject: is_member && !voted(VoteSelection::Rejected),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
            failure: self.failure.clone(),
        }
    }

    fn show_vote(&self, vote: &VoteRecord, organization: &Organization, reveal: bool) -> Vote {
        let user = organization
            .users
            .iter()
            .find(|user| user.id == vote.user)
            .map_or_else(|| view::deleted_user(vote.user, vote.created_at), view::user);
        Vote {
            id: vote.id.to_string(),
            user_id: vote.user.to_string(),
            user,
            activity_id: self.id.to_string(),
            selection: vote.selection,
            message: if reveal { vote.message.clone() } else { without_token(&vote.message) },
            public_key: vote.public_key.clone(),
            signature: vote.signature.clone(),
            scheme: vote.scheme.clone(),
            created_at: vote.created_at.into(),
        }
    }
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        let body = status.to_json();
        let details = body.get("details").and_then(|details| details.as_array().cloned());
        Self {
            code: status.code.numbers().0,
            message: status.message.clone(),
            details: details.unwrap_or_default(),
        }
    }
}

/// The members of results whose holder could act with them.
const BEARERS: [(&str, &str); 3] = [
    ("createReadOnlySessionResult", "session"),
    ("verifyOtpResult", "verificationToken"),
    ("oauth2AuthenticateResult", "oidcToken"),
];

/// A result whose holder could act with it, made harmless: the secret member is emptied.
fn without_bearers(result: &RawValue) -> Box<RawValue> {
    let bearer = BEARERS.iter().find(|(name, _)| result.get().contains(name));
    let Some((name, member)) = bearer else { return result.to_owned() };
    let blanked =
        serde_json::from_str::<serde_json::Value>(result.get()).ok().and_then(|mut value| {
            let secret = value.get_mut(name)?.get_mut(member)?;
            *secret = serde_json::Value::String(String::new());
            serde_json::value::to_raw_value(&value).ok()
        });
    blanked.unwrap_or_else(|| RawValue::NULL.to_owned())
}

/// An intent without a verification token that is bound to no key: whoever has that can log in.
fn without_tokens(intent: &RawValue) -> Box<RawValue> {
    let text = without_token(intent.get());
    if text == intent.get() {
        return intent.to_owned();
    }
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// An intent, or the body it came from, likewise. Nothing else is changed: most of what is signed stays
/// as it was signed.
fn without_token(json: &str) -> String {
    const MEMBER: &str = "verificationToken";
    // However the name is escaped, it is no other's.
    if !json.contains(MEMBER) && !json.contains("\\u") {
        return json.to_owned();
    }
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(json) else {
        return json.to_owned();
    };
    let mut is_changed = false;
    for content in value.as_object_mut().into_iter().flatten().map(|(_, content)| content) {
        let token = content.get_mut(MEMBER);
        if let Some(token) = token.filter(|token| token.as_str().is_some_and(is_unbound)) {
            *token = serde_json::Value::String(String::new());
            is_changed = true;
        }
    }
    if is_changed { value.to_string() } else { json.to_owned() }
}
