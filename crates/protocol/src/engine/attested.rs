//! What the token of an attested stamp proves, and whose it is.

use super::model::{CredentialId, IndexKey, Organization, User};
use crate::wire::RequestError;
use crate::wire::enums::{AuthenticationType, FeatureName, OtpType};
use crate::wire::id::{OrganizationId, UserId};

/// Somebody that a token vouches for. Made only after the token, its binding to the stamp's key and the
/// stamp itself were checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Attested {
    /// Whoever has this e-mail address or phone number.
    Contact {
        /// Which of them it is.
        kind: OtpType,
        /// The address or number.
        contact: String,
        /// The organization that verified it: it counts there, and in its sub-organizations.
        organization: OrganizationId,
    },
    /// Whoever has this account at an identity provider.
    Identity {
        /// `iss`.
        issuer: String,
        /// `aud`, all of them.
        audiences: Vec<String>,
        /// `sub`.
        subject: String,
    },
}

impl Attested {
    /// How that proves who somebody is.
    pub fn method(&self) -> AuthenticationType {
        match self {
            Self::Contact { kind: OtpType::Email, .. } => AuthenticationType::EmailOtp,
            Self::Contact { kind: OtpType::Sms, .. } => AuthenticationType::SmsOtp,
            Self::Identity { .. } => AuthenticationType::Oauth,
        }
    }

    /// Refuses a contact where the organization of its owner has log-ins with codes off: what `OTP_LOGIN`
    /// refuses is not to be had with a stamp.
    ///
    /// # Errors
    ///
    /// [`RequestError::FeatureDisabled`].
    pub fn check_feature(&self, owner: &Organization) -> Result<(), RequestError> {
        let Self::Contact { kind, .. } = self else { return Ok(()) };
        let feature = match kind {
            OtpType::Email => FeatureName::OtpEmailAuth,
            OtpType::Sms => FeatureName::SmsAuth,
        };
        if owner.features.contains_key(&feature) {
            return Ok(());
        }
        Err(RequestError::FeatureDisabled { feature: feature.as_str(), organization: owner.id })
    }

    /// The one user of `organization` that it speaks of, and what the user has of it.
    ///
    /// # Errors
    ///
    /// [`RequestError::CredentialConflict`] when there are several.
    pub fn owner(
        &self,
        organization: &Organization,
    ) -> Result<Option<(UserId, CredentialId)>, RequestError> {
        let owned: Vec<(UserId, CredentialId)> = match self {
            Self::Contact { kind, contact, organization: verified_by } => {
                if organization.id != *verified_by && organization.parent != Some(*verified_by) {
                    return Ok(None);
                }
                let id = match kind {
                    OtpType::Email => CredentialId::Email,
                    OtpType::Sms => CredentialId::PhoneNumber,
                };
                users_with(organization, *kind, contact).map(|user| (user.id, id)).collect()
            }
            Self::Identity { issuer, audiences, subject } => organization
                .users
                .iter()
                .flat_map(|user| user.oauth_providers.iter().map(move |known| (user.id, known)))
                .filter(|(_, known)| {
                    known.issuer == *issuer
                        && known.subject == *subject
                        && audiences.contains(&known.audience)
                })
                .map(|(user, known)| (user, CredentialId::OauthProvider(known.id)))
                .collect(),
        };
        match owned.split_first() {
            None => Ok(None),
            Some((first, rest)) if rest.iter().all(|(user, _)| *user == first.0) => {
                Ok(Some(*first))
            }
            Some(_) => Err(RequestError::CredentialConflict(self.what())),
        }
    }

    /// What to look it up by among the sub-organizations of a parent; any of these.
    pub fn index_keys(&self) -> Vec<IndexKey> {
        match self {
            Self::Contact { kind, contact, .. } => vec![contact_key(*kind, contact)],
            Self::Identity { issuer, audiences, subject } => audiences
                .iter()
                .map(|audience| IndexKey::identity(issuer, audience, subject))
                .collect(),
        }
    }

    /// What it is called when several have it.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Contact { .. } => "contact",
            Self::Identity { .. } => "oauth provider",
        }
    }

    /// The refusal where nobody is known by it.
    pub fn not_found(&self, organization: OrganizationId) -> RequestError {
        RequestError::AttestedNotFound { what: self.what(), organization }
    }
}

/// The one user of `organization` with this address or number, and how the user wrote it. Messages go
/// there: letters that compare alike need not reach the same mailbox.
///
/// # Errors
///
/// [`RequestError::NotFound`] when nobody has it, and when several do: none of them is picked.
pub fn user_with<'a>(
    organization: &'a Organization,
    kind: OtpType,
    contact: &str,
) -> Result<(UserId, &'a str), RequestError> {
    let what = match kind {
        OtpType::Email => "email",
        OtpType::Sms => "phone number",
    };
    let mut found = users_with(organization, kind, contact);
    let (first, second) = (found.next(), found.next());
    match (first.and_then(|user| Some((user.id, kept_contact(user, kind)?))), second) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => Err(RequestError::NotFound(format!(
            "more than one user has this {what} in organization {}",
            organization.id
        ))),
        (None, _) => Err(RequestError::NotFound(format!(
            "unable to find one user with this {what} in organization {}",
            organization.id
        ))),
    }
}

/// Notes that a user proved to have its address or number.
pub fn note_verified(user: &mut User, kind: OtpType) {
    match kind {
        OtpType::Email => user.email_verified = true,
        OtpType::Sms => user.phone_number_verified = true,
    }
}

/// The users of `organization` with this address or number.
pub fn users_with<'a>(
    organization: &'a Organization,
    kind: OtpType,
    contact: &str,
) -> impl Iterator<Item = &'a User> {
    let wanted = contact.to_ascii_lowercase();
    organization.users.iter().filter(move |user| {
        kept_contact(user, kind).is_some_and(|known| known.to_ascii_lowercase() == wanted)
    })
}

fn kept_contact(user: &User, kind: OtpType) -> Option<&str> {
    match kind {
        OtpType::Email => user.email.as_deref(),
        OtpType::Sms => user.phone_number.as_deref(),
    }
}

/// What an address or number is looked up by.
pub fn contact_key(kind: OtpType, contact: &str) -> IndexKey {
    match kind {
        OtpType::Email => IndexKey::Email(contact.to_ascii_lowercase()),
        OtpType::Sms => IndexKey::PhoneNumber(contact.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::testing::{ISSUER, World};

    const ADDRESS: &str = "a@example.com";
    const NUMBER: &str = "+15551234567";

    fn contact(contact: &str, organization: OrganizationId) -> Attested {
        let kind = if contact.contains('@') { OtpType::Email } else { OtpType::Sms };
        Attested::Contact { kind, contact: contact.to_owned(), organization }
    }

    fn identity(audiences: &[&str]) -> Attested {
        Attested::Identity {
            issuer: ISSUER.to_owned(),
            audiences: audiences.iter().map(|it| (*it).to_owned()).collect(),
            subject: "subject".to_owned(),
        }
    }

    /// A sub-organization with two users, of whom the first has the contacts.
    fn world() -> (World, OrganizationId, [UserId; 2]) {
        let mut world = World::new();
        let (sub, root) = world.sub_organization();
        let other = world.user(sub);
        let user = &mut world.edit(sub).users[0];
        user.email = Some("A@Example.com".to_owned());
        user.phone_number = Some(NUMBER.to_owned());
        (world, sub, [root.user, other.user])
    }

    #[test]
    fn a_contact_is_its_users_in_either_case() {
        let (world, sub, [user, _]) = world();
        let organization = world.organization(sub);
        for given in [ADDRESS, "A@EXAMPLE.COM"] {
            let owner = contact(given, sub).owner(organization).unwrap();
            assert_eq!(owner, Some((user, CredentialId::Email)));
        }
        let owner = contact(NUMBER, sub).owner(organization).unwrap();
        assert_eq!(owner, Some((user, CredentialId::PhoneNumber)));
        assert_eq!(contact("b@example.com", sub).owner(organization).unwrap(), None);
    }

    #[test]
    fn an_address_that_was_verified_as_a_number_is_nobodys() {
        let (world, sub, _) = world();
        let odd = Attested::Contact {
            kind: OtpType::Sms,
            contact: ADDRESS.to_owned(),
            organization: sub,
        };
        assert_eq!(odd.owner(world.organization(sub)).unwrap(), None);
    }

    #[test]
    fn a_contact_counts_where_it_was_verified_and_one_level_below() {
        let (mut world, sub, [user, _]) = world();
        let (sibling, _) = world.sub_organization();
        let parent = world.parent();
        world.edit(parent).users[0].email = Some(ADDRESS.to_owned());
        let owner = |verified_by, organization| {
            contact(ADDRESS, verified_by).owner(world.organization(organization)).unwrap()
        };
        assert_eq!(owner(parent, sub), Some((user, CredentialId::Email)));
        assert!(owner(parent, parent).is_some());
        assert_eq!(owner(sub, parent), None);
        assert_eq!(owner(sibling, sub), None);
    }

    #[test]
    fn what_several_users_have_is_a_conflict() {
        let (mut world, sub, [user, other]) = world();
        world.edit(sub).users[1].email = Some(ADDRESS.to_owned());
        let refusal = contact(ADDRESS, sub).owner(world.organization(sub)).unwrap_err();
        assert!(matches!(refusal, RequestError::CredentialConflict("contact")), "{refusal}");
        let first = world.link_identity(sub, user, "one", "subject");
        world.link_identity(sub, user, "two", "subject");
        world.link_identity(sub, other, "three", "subject");
        let owner = identity(&["two", "one"]).owner(world.organization(sub)).unwrap();
        assert_eq!(owner, Some((user, CredentialId::OauthProvider(first))));
        let refusal = identity(&["one", "three"]).owner(world.organization(sub)).unwrap_err();
        assert!(matches!(refusal, RequestError::CredentialConflict("oauth provider")), "{refusal}");
        assert_eq!(identity(&["four"]).owner(world.organization(sub)).unwrap(), None);
        assert_eq!(identity(&[]).owner(world.organization(sub)).unwrap(), None);
    }

    #[test]
    fn sub_organizations_are_found_by_what_their_users_have() {
        let (mut world, sub, [user, _]) = world();
        world.link_identity(sub, user, "two", "subject");
        let indexed = world.organization(sub).index_keys();
        for attested in
            [contact("a@EXAMPLE.com", sub), contact(NUMBER, sub), identity(&["one", "two"])]
        {
            let keys = attested.index_keys();
            assert!(keys.iter().any(|key| indexed.contains(key)), "{attested:?}");
        }
        assert_eq!(identity(&["one", "two"]).index_keys().len(), 2);
        for attested in [contact("b@example.com", sub), identity(&["one"])] {
            let keys = attested.index_keys();
            assert!(!keys.iter().any(|key| indexed.contains(key)), "{attested:?}");
        }
    }

    #[test]
    fn says_what_it_is_and_how_it_proves_it() {
        let (_, sub, _) = world();
        for (attested, what, method) in [
            (contact(ADDRESS, sub), "contact", AuthenticationType::EmailOtp),
            (contact(NUMBER, sub), "contact", AuthenticationType::SmsOtp),
            (identity(&["one"]), "oauth provider", AuthenticationType::Oauth),
        ] {
            assert_eq!((attested.what(), attested.method()), (what, method));
            let refusal = attested.not_found(sub).status().to_json();
            assert_eq!(refusal["code"], json!(16));
            let text = format!(
                "could not find {what} in organization or its parent organization \
                 organizationId={sub}"
            );
            assert_eq!(refusal["message"], json!(text));
        }
    }
}
