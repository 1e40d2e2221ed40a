//! `CREATE_INVITATIONS`: asks people by e-mail to join the organization.
//!
//! The protocol has no public way to accept: whoever invited makes the user once the credentials are
//! known, and with the first user that has the invited address the invitation counts as accepted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::credentials::check_tags,
    crate::engine::message::{Content, Email, EmailPurpose, Message, Sender},
    crate::engine::model::{self, limits},
    crate::engine::{Caller, Context},
    crate::wire::enums::{Action, Resource, TagType},
    crate::wire::id::{InvitationId, MessageId},
    crate::wire::{RequestError, Timestamp},
    std::collections::BTreeMap,
};

use crate::wire::enums::AccessType;
use crate::wire::id::{TagId, UserId};
use crate::wire::{InvalidRequest, value};

/// Seconds that an e-mail which could not be delivered is tried again.
#[cfg(feature = "engine")]
const MAIL_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateInvitationsIntent {
    /// The people.
    pub invitations: Vec<InvitationParams>,
}

/// Somebody to be invited.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationParams {
    /// The name the user is to have.
    pub receiver_user_name: String,
    /// Where the invitation goes.
    pub receiver_user_email: String,
    /// Ids of the tags that the user is to carry.
    pub receiver_user_tags: Vec<String>,
    /// How the user may come in.
    pub access_type: AccessType,
    /// Who invites: the user that asks for this.
    pub sender_user_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateInvitationsResult {
    /// The invitations, in order.
    pub invitation_ids: Vec<String>,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateInvitations {
    invitations: Vec<NewInvitation>,
}

#[derive(Clone, Debug, PartialEq)]
struct NewInvitation {
    name: String,
    email: String,
    tags: Vec<TagId>,
    access: AccessType,
    sender: UserId,
}

impl TryFrom<CreateInvitationsIntent> for CreateInvitations {
    type Error = InvalidRequest;

    fn try_from(intent: CreateInvitationsIntent) -> Result<Self, InvalidRequest> {
        if intent.invitations.is_empty() {
            return Err(InvalidRequest::new("invalid invitations: must not be empty"));
        }
        let invitations = intent.invitations.into_iter().map(|params| {
            let email = value::email(Some(params.receiver_user_email))?
                .ok_or_else(|| InvalidRequest::new("invalid email: must not be empty"))?;
            Ok(NewInvitation {
                name: value::label("receiverUserName", params.receiver_user_name)?,
                email,
                tags: value::ids("receiverUserTags", &params.receiver_user_tags)?,
                access: params.access_type,
                sender: value::id("senderUserId", &params.sender_user_id)?,
            })
        });
        Ok(Self { invitations: invitations.collect::<Result<_, InvalidRequest>>()? })
    }
}

impl Activity for CreateInvitations {
    const ROUTE: &'static str = "create_invitations";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<CreateInvitationsIntent>(
        "ACTIVITY_TYPE_CREATE_INVITATIONS",
        "createInvitationsIntent",
        "createInvitationsResult",
    )];
    type Intent = CreateInvitationsIntent;
    type Output = CreateInvitationsResult;
}

#[cfg(feature = "engine")]
impl Execute for CreateInvitations {
    const POLICY: Option<(Resource, Action)> = Some((Resource::Invitation, Action::Create));

    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<CreateInvitationsResult, RequestError> {
        let now = context.now;
        let (organization, changes, rng) = context.edit_with();
        let sender = organization.user(caller.user)?.name.clone();
        // Those taken back within a day still count, so that nobody mails without end.
        organization.invitations.retain(|invitation| invitation.counts(now));
        let mut ids = Vec::with_capacity(self.invitations.len());
        for new in self.invitations {
            if new.sender != caller.user {
                let reason = "invalid senderUserId: must be the user that asks";
                return Err(InvalidRequest::new(reason).into());
            }
            check_tags(organization, TagType::User, &new.tags)?;
            if organization.users.iter().any(|user| user.has_email(&new.email)) {
                let reason = format!("a user with email {} already exists", new.email);
                return Err(RequestError::AlreadyExists(reason));
            }
            let same = |known: &model::Invitation| {
                !known.revoked && known.email.eq_ignore_ascii_case(&new.email)
            };
            if organization.invitations.iter().any(same) {
                let reason = format!("an invitation for {} already exists", new.email);
                return Err(RequestError::AlreadyExists(reason));
            }
            if organization.invitations.len() >= limits::INVITATIONS {
                let reason = "organization has exceeded maximum invitations";
                return Err(RequestError::LimitReached(reason.into()));
            }
            let id = InvitationId::generate(now, rng);
            let email = mail(&organization.name, &sender, &new);
            changes.messages.push(Message {
                id: MessageId::generate(now, rng),
                organization: organization.id,
                expires_at: now.plus_seconds(MAIL_LIFETIME_SECONDS),
                content: email,
            });
            organization.invitations.push(model::Invitation {
                id,
                user_name: new.name,
                email: new.email,
                tags: new.tags,
                access: new.access,
                sender: new.sender,
                created_at: now,
                updated_at: now,
                revoked: false,
            });
            ids.push(id.to_string());
        }
        Ok(CreateInvitationsResult { invitation_ids: ids })
    }
}

#[cfg(feature = "engine")]
fn mail(organization: &str, sender: &str, new: &NewInvitation) -> Content {
    Content::Email(Email {
        to: new.email.clone(),
        purpose: EmailPurpose::Invitation { sender: sender.to_owned() },
        app_name: Some(organization.to_owned()),
        logo_url: None,
        magic_link_template: None,
        template_id: None,
        template_variables: BTreeMap::new(),
        sender: Sender::default(),
    })
}

#[cfg(feature = "engine")]
impl model::Invitation {
    /// Whether it counts against the limit: those that stand, and those sent within a day.
    fn counts(&self, now: Timestamp) -> bool {
        !self.revoked || self.created_at.plus_seconds(MAIL_LIFETIME_SECONDS) > now
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::engine::message::{Content, EmailPurpose};
    use crate::engine::testing::World;
    use crate::engine::{Caller, model::limits};
    use crate::wire::RequestError;

    const KIND: &str = "ACTIVITY_TYPE_CREATE_INVITATIONS";

    pub(crate) fn params(sender: &Caller, email: &str) -> Value {
        json!({
            "receiverUserName": "new", "receiverUserEmail": email, "receiverUserTags": [],
            "accessType": "ACCESS_TYPE_WEB", "senderUserId": sender.user,
        })
    }

    /// Invites somebody. Returns the id of the invitation.
    pub(crate) fn invite(
        world: &mut World,
        sender: &Caller,
        email: &str,
    ) -> Result<String, RequestError> {
        let parameters = json!({ "invitations": [params(sender, email)] });
        let result = world.submit(sender, sender.organization, KIND, parameters)?;
        Ok(result["invitationIds"][0].as_str().unwrap().to_owned())
    }

    pub(crate) fn shown(world: &mut World, caller: &Caller) -> Value {
        let organization = caller.organization;
        let mut shown = world.query(caller, organization, "get_organization", json!({})).unwrap();
        shown["organizationData"]["invitations"].take()
    }

    #[test]
    fn mails_the_person_and_shows_until_a_user_has_the_address() {
        let mut world = World::new();
        let root = world.root();
        let id = invite(&mut world, &root, "new@example.com").unwrap();
        let Content::Email(email) = &world.messages.last().unwrap().content else { panic!() };
        assert_eq!(email.to, "new@example.com");
        assert!(matches!(&email.purpose, EmailPurpose::Invitation { sender } if sender == "user"));
        let invitations = shown(&mut world, &root);
        assert_eq!(invitations[0]["invitationId"], id);
        assert_eq!(invitations[0]["status"], "INVITATION_STATUS_CREATED");
        assert_eq!(invitations[0]["senderUserId"], root.user.to_string());
        let user = world.user(root.organization).user;
        world.edit(root.organization).user_mut(user).unwrap().email =
            Some("NEW@example.com".to_owned());
        assert_eq!(shown(&mut world, &root)[0]["status"], "INVITATION_STATUS_ACCEPTED");
        let refusal = invite(&mut world, &root, "new@example.com").unwrap_err();
        assert!(matches!(refusal, RequestError::AlreadyExists(_)), "{refusal}");
    }

    #[test]
    fn refuses_what_cannot_be_and_then_sends_nothing() {
        let mut world = World::new();
        let root = world.root();
        let other = world.user(world.parent());
        invite(&mut world, &root, "new@example.com").unwrap();
        let tagged = |mut params: Value| {
            params["receiverUserTags"] = json!(["00000000-0000-4000-8000-000000000000"]);
            params
        };
        let good = params(&root, "good@example.com");
        for invitations in [
            json!([]),
            json!([good, params(&root, "nobody")]),
            json!([good, params(&root, "new@EXAMPLE.com")]),
            json!([good, params(&root, "Good@example.com")]),
            json!([good, params(&other, "third@example.com")]),
            json!([good, tagged(params(&root, "third@example.com"))]),
        ] {
            let parameters = json!({ "invitations": invitations });
            world.submit(&root, root.organization, KIND, parameters).unwrap_err();
        }
        assert_eq!(world.messages.len(), 1);
        assert_eq!(shown(&mut world, &root).as_array().unwrap().len(), 1);
        let refusal = invite(&mut world, &other, "third@example.com").unwrap_err();
        assert!(matches!(refusal, RequestError::PermissionDenied), "{refusal}");
    }

    #[test]
    fn refuses_the_hundred_and_first() {
        let mut world = World::new();
        let root = world.root();
        for number in 0..limits::INVITATIONS {
            invite(&mut world, &root, &format!("{number}@example.com")).unwrap();
        }
        let refusal = invite(&mut world, &root, "more@example.com").unwrap_err();
        assert_eq!(refusal.status().http_status(), 429);
    }
}
