//! What is kept of an activity, and how it is shown.

use keyward_crypto::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::authenticate::{Caller, Credential, Home};
use super::model::{CredentialId, Organization};
use super::sessions::Event;
use super::verification_token::is_unbound;
use super::{explain, view};
use crate::activities::{REGISTRY, Request};
use crate::wire::enums::{
    ActivityStatus, AuthenticationType, CredentialType, Outcome, VoteSelection,
};
use crate::wire::envelope::Envelope;
use crate::wire::id::{
    ActivityId, OrganizationId, PolicyEvaluationId, PolicyId, SessionProfileId, UserId, VoteId,
};
use crate::wire::objects::{Activity, Failure, Vote};
use crate::wire::{RequestError, Status, Timestamp};

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
    /// The unsigned transaction that was decided on, hex, where the state of a chain was needed to complete it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// What it did to sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What the policies said, after each vote that they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evaluations: Vec<Evaluation>,
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
    /// What it was cast with; nothing is known of votes that an earlier release recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cast_with: Option<CastWith>,
}

/// What a vote was cast with, as policies see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CastWith {
    /// The credential.
    pub credential: CredentialId,
    /// How it proves who the user is.
    pub method: AuthenticationType,
    /// What kind of key it is, of an API key.
    pub kind: Option<CredentialType>,
    /// Of a session's key: what the session is limited to, the nil profile where it is not.
    pub session_profile: Option<SessionProfileId>,
}

/// What the policies said after one vote.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Evaluation {
    /// Its id.
    pub id: PolicyEvaluationId,
    /// The vote.
    pub vote: VoteId,
    /// What became of each policy.
    pub outcomes: Vec<(PolicyId, Outcome)>,
    /// When.
    pub created_at: Timestamp,
}

impl VoteRecord {
    /// How long an approval counts, in seconds.
    pub const LASTS_SECONDS: u64 = 24 * 3_600;

    /// A vote of the caller by a body that it stamped.
    pub fn new(
        caller: &Caller,
        selection: VoteSelection,
        message: &str,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Self {
        let credential = &caller.credential;
        Self {
            id: VoteId::generate(now, rng),
            user: caller.user,
            selection,
            message: message.to_owned(),
            public_key: credential.public_key.clone(),
            signature: credential.signature.clone(),
            scheme: credential.scheme.to_owned(),
            created_at: now,
            cast_with: Some(CastWith {
                credential: credential.id,
                method: credential.method,
                kind: credential.kind,
                session_profile: credential.session_profile,
            }),
        }
    }

    /// Whether it approves, and not so long ago that it no longer counts.
    pub fn approves(&self, now: Timestamp) -> bool {
        self.selection == VoteSelection::Approved
            && self.created_at.plus_seconds(Self::LASTS_SECONDS) > now
    }

    /// Who cast it, as the sender of its body. `None` where the user is gone, or what it was cast with is not
    /// known.
    pub fn caller(
        &self,
        organization: &Organization,
        parent: Option<&Organization>,
    ) -> Option<Caller> {
        let home = if organization.user(self.user).is_ok() { Home::Own } else { Home::Parent };
        let belongs_to = match home {
            Home::Own => organization,
            Home::Parent => parent.filter(|parent| parent.user(self.user).is_ok())?,
        };
        let with = self.cast_with.as_ref()?;
        Some(Caller {
            user: self.user,
            organization: belongs_to.id,
            home,
            credential: Credential {
                id: with.credential,
                public_key: self.public_key.clone(),
                signature: self.signature.clone(),
                scheme: "",
                method: with.method,
                kind: with.kind,
                session_profile: with.session_profile,
            },
        })
    }
}

impl ActivityRecord {
    /// The request that was stamped to make it, with the transaction that was decided on.
    ///
    /// # Errors
    ///
    /// Where this release does not read it any more.
    pub fn request(&self) -> Result<Request, RequestError> {
        let body = self.votes.first().map(|vote| vote.message.as_bytes()).unwrap_or_default();
        let envelope = Envelope::parse(body)?;
        let entry = REGISTRY.iter().find(|entry| entry.accepts(&envelope.kind));
        let entry = entry.ok_or_else(|| RequestError::Unimplemented(self.kind.clone().into()))?;
        let mut request = entry.parse(&envelope.kind, envelope.parameters)?;
        if let Some(transaction) = &self.transaction {
            request.complete(transaction)?;
        }
        Ok(request)
    }

    /// The user who submitted it.
    pub fn proposer(&self) -> Option<UserId> {
        self.votes.first().map(|vote| vote.user)
    }

    /// Whether it waits for somebody.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status,
            ActivityStatus::ConsensusNeeded | ActivityStatus::AuthenticatorsNeeded
        )
    }

    /// As the caller sees it. Bearer secrets in its result are shown only where `reveal` says so: to
    /// whoever submitted it, in the first answer and those to the same body soon after.
    pub fn show(
        &self,
        organization: &Organization,
        caller: &Caller,
        reveal: bool,
        now: Timestamp,
    ) -> Activity {
        let is_member = caller.home == Home::Own && caller.organization == self.organization;
        let mut own = self.votes.iter().filter(|vote| vote.user == caller.user);
        let has_approved = own.clone().any(|vote| vote.approves(now));
        let has_rejected = own.any(|vote| vote.selection == VoteSelection::Rejected);
        Activity {
            can_approve: self.is_open() && is_member && !has_approved,
            can_reject: is_member && !has_rejected,
            ..self.show_to_anybody(organization, reveal)
        }
    }

    /// As whoever is no user of the organization sees it.
    pub fn show_to_anybody(&self, organization: &Organization, reveal: bool) -> Activity {
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
            can_approve: false,
            can_reject: false,
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
        let mut details = details.unwrap_or_default();
        // It is found again when it is asked for, and under the policies of then.
        details
            .retain(|detail| detail.get("@type").is_none_or(|kind| kind != explain::DETAIL_TYPE));
        Self { code: status.code.numbers().0, message: status.message.clone(), details }
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
