//! `UPDATE_USER_PHONE_NUMBER`: a user gets another phone number, or none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Activity, Version};
#[cfg(feature = "engine")]
use {
    super::Execute,
    crate::engine::context::Proofs,
    crate::engine::{Caller, Context, Needs, credentials},
    crate::wire::RequestError,
    crate::wire::enums::OtpType,
    crate::wire::enums::{Action, Resource},
};

use crate::wire::id::UserId;
use crate::wire::{InvalidRequest, value};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserPhoneNumberIntent {
    /// The user.
    pub user_id: String,
    /// The new number, E.164; empty to remove it.
    pub user_phone_number: String,
    /// Proof that it is the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_token: Option<String>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateUserPhoneNumberResult {
    /// The user.
    pub user_id: String,
}

/// As it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateUserPhoneNumber {
    user: UserId,
    phone_number: Option<String>,
    verification_token: Option<String>,
}

impl TryFrom<UpdateUserPhoneNumberIntent> for UpdateUserPhoneNumber {
    type Error = InvalidRequest;

    fn try_from(intent: UpdateUserPhoneNumberIntent) -> Result<Self, InvalidRequest> {
        Ok(Self {
            user: value::id("userId", &intent.user_id)?,
            phone_number: value::phone_number(Some(intent.user_phone_number))?,
            verification_token: intent.verification_token.filter(|token| !token.is_empty()),
        })
    }
}

impl Activity for UpdateUserPhoneNumber {
    const ROUTE: &'static str = "update_user_phone_number";
    const VERSIONS: &'static [Version<Self>] = &[Version::of::<UpdateUserPhoneNumberIntent>(
        "ACTIVITY_TYPE_UPDATE_USER_PHONE_NUMBER",
        "updateUserPhoneNumberIntent",
        "updateUserPhoneNumberResult",
    )];
    type Intent = UpdateUserPhoneNumberIntent;
    type Output = UpdateUserPhoneNumberResult;
}

#[cfg(feature = "engine")]
impl Execute for UpdateUserPhoneNumber {
    const POLICY: Option<(Resource, Action)> = Some((Resource::User, Action::Update));

    fn needs(&self) -> Needs {
        match self.verification_token.clone() {
            None => Needs::Nothing,
            verification_token => {
                Needs::Proofs(Proofs { verification_token, id_tokens: Vec::new() })
            }
        }
    }

    fn execute(
        self,
        _: &Caller,
        context: &mut Context<'_>,
    ) -> Result<UpdateUserPhoneNumberResult, RequestError> {
        let now = context.now;
        let verified = self
            .verification_token
            .map(|token| context.take_proofs().changed_contact(&token, OtpType::Sms, context))
            .transpose()?;
        if let Some(verified) = &verified
            && self.phone_number.as_ref() != Some(&verified.token.contact)
        {
            let reason = "it is for another contact";
            return Err(RequestError::InvalidVerificationToken(reason.into()));
        }
        credentials::change_user(context.edit(), self.user, now, |user| {
            user.phone_number_verified = verified.is_some();
            user.phone_number = self.phone_number;
        })?;
        if let Some(verified) = verified {
            let used = verified.used(|token| token.changed_contact = true)?;
            context.changes.records.push(used);
        }
        Ok(UpdateUserPhoneNumberResult { user_id: self.user.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::model::CredentialId;
    use crate::engine::testing::World;
    use crate::wire::enums::FeatureName;

    const KIND: &str = "ACTIVITY_TYPE_UPDATE_USER_PHONE_NUMBER";
    const CONTACT: &str = "+15551234567";
    const ANOTHER: &str = "+15551234568";

    #[test]
    fn sets_and_removes_it() {
        let mut world = World::new();
        let root = world.root();
        for (given, kept) in [("+15551234567", Some("+15551234567")), ("", None)] {
            world.now = world.now.plus_seconds(60);
            let contact = json!({ "userId": root.user, "userPhoneNumber": given });
            let result = world.submit(&root, world.parent(), KIND, contact).unwrap();
            assert_eq!(result, json!({ "userId": root.user }));
            let user = &world.organization(world.parent()).users[0];
            assert_eq!((user.phone_number.as_deref(), user.updated_at), (kept, world.now));
        }
    }

    #[test]
    fn refuses_one_that_is_none() {
        let mut world = World::new();
        let root = world.root();
        let contact = json!({ "userId": root.user, "userPhoneNumber": "555" });
        assert!(world.submit(&root, world.parent(), KIND, contact).is_err());
    }

    /// A parent organization that sends codes.
    fn world() -> World {
        let mut world = World::new();
        world.allow_codes(world.parent());
        world
    }

    /// Changes the root user's; the refusal's text, once it is known that nothing was left behind.
    fn change(world: &mut World, to: &str, token: Option<&str>) -> Result<(), String> {
        let (root, parent) = (world.root(), world.parent());
        let mut asked = json!({ "userId": root.user, "userPhoneNumber": to });
        if let Some(token) = token {
            asked["verificationToken"] = json!(token);
        }
        let before = (world.organization(parent).clone(), world.records.clone());
        world.submit(&root, parent, KIND, asked).map(drop).map_err(|refusal| {
            assert_eq!((world.organization(parent), &world.records), (&before.0, &before.1));
            refusal.to_string()
        })
    }

    fn kept(world: &World) -> (Option<&str>, bool) {
        let user = &world.organization(world.parent()).users[0];
        (user.phone_number.as_deref(), user.phone_number_verified)
    }

    #[test]
    fn only_a_token_proves_it() {
        let mut world = world();
        let (_, public) = world.client_key();
        for token in [
            world.token(world.parent(), CONTACT, &public),
            world.older_token(world.parent(), CONTACT, None),
        ] {
            change(&mut world, CONTACT, Some(&token)).unwrap();
            assert_eq!(kept(&world), (Some(CONTACT), true));
            change(&mut world, ANOTHER, Some("")).unwrap();
            assert_eq!(kept(&world), (Some(ANOTHER), false));
        }
    }

    #[test]
    fn a_token_proves_one_change_and_still_logs_in() {
        let mut world = world();
        let token = world.older_token(world.parent(), CONTACT, None);
        change(&mut world, CONTACT, Some(&token)).unwrap();
        let token_use = world.token_use(&token).value;
        assert!(token_use.changed_contact && !token_use.logged_in);
        let text =
            "invalid verification token: it is of another kind, or was used for this already";
        assert_eq!(change(&mut world, CONTACT, Some(&token)), Err(text.to_owned()));
        let log_in = json!({ "verificationToken": token, "publicKey": world.public_key() });
        let root = world.root();
        world.submit(&root, world.parent(), "ACTIVITY_TYPE_OTP_LOGIN", log_in).unwrap();
        let text = "invalid verification token: the token has been used";
        assert_eq!(change(&mut world, CONTACT, Some(&token)), Err(text.to_owned()));
    }

    #[test]
    fn refuses_a_token_for_something_else() {
        let mut world = world();
        let parent = world.parent();
        let (sub, _) = world.sub_organization();
        world.allow_codes(sub);
        for (token, reason) in [
            (world.older_token(parent, ANOTHER, None), "it is for another contact"),
            (
                world.older_token(parent, "alice@example.com", None),
                "it is of another kind, or was used for this already",
            ),
            (world.older_token(sub, CONTACT, None), "the token is for another organization"),
            ("token".to_owned(), "verification token is malformed"),
        ] {
            let text = format!("invalid verification token: {reason}");
            assert_eq!(change(&mut world, CONTACT, Some(&token)), Err(text));
        }
        let token = world.older_token(parent, CONTACT, None);
        let text = "invalid verification token: it is for another contact";
        assert_eq!(change(&mut world, "", Some(&token)), Err(text.to_owned()));
        world.now = world.now.plus_seconds(3600);
        let text = "invalid verification token: verification token has expired";
        assert_eq!(change(&mut world, CONTACT, Some(&token)), Err(text.to_owned()));
    }

    #[test]
    fn the_parents_token_proves_it_in_a_sub_organization() {
        let mut world = world();
        let (sub, root) = world.sub_organization();
        let token = world.older_token(world.parent(), CONTACT, None);
        let asked = json!({
            "userId": root.user, "userPhoneNumber": CONTACT, "verificationToken": token,
        });
        world.submit(&root, sub, KIND, asked).unwrap();
        assert!(world.organization(sub).users[0].phone_number_verified);
    }

    #[test]
    fn read_only_sessions_that_it_opened_go_with_it() {
        let mut world = world();
        let parent = world.parent();
        change(&mut world, CONTACT, None).unwrap();
        let openers = [CredentialId::PhoneNumber, CredentialId::Email];
        for opener in openers {
            let mut caller = world.root();
            caller.credential.id = opener;
            let kind = "ACTIVITY_TYPE_CREATE_READ_ONLY_SESSION";
            world.submit(&caller, parent, kind, json!({})).unwrap();
        }
        let opened_by = |world: &World| -> Vec<CredentialId> {
            let sessions = &world.organization(parent).users[0].read_only_sessions;
            sessions.iter().map(|session| session.opened_by).collect()
        };
        change(&mut world, CONTACT, None).unwrap();
        assert_eq!(opened_by(&world), openers, "it is still the same");
        change(&mut world, ANOTHER, None).unwrap();
        assert_eq!(opened_by(&world), openers[1..]);
    }

    #[test]
    fn a_root_user_keeps_the_only_way_in() {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let organization = world.edit(sub);
        organization.features.insert(FeatureName::SmsAuth, None);
        organization.users[0].phone_number = Some("+15551234567".to_owned());
        organization.users[0].api_keys[0].expiration_seconds = Some(900);
        let removal = json!({ "userId": root.user, "userPhoneNumber": "" });
        let refusal = world.submit(&root, sub, KIND, removal.clone()).unwrap_err();
        assert_eq!(refusal.to_string(), "user missing credential that does not expire: user");
        world.edit(sub).features.clear();
        world.submit(&root, sub, KIND, removal).unwrap();
    }
}
