//! Identifiers: one type for each kind of thing, so that one cannot stand for another.
//!
//! All are UUIDs, made as version 7 (RFC 9562 §5.7): they sort in the order they were made, which is
//! what pages rely on. Any version is accepted where one comes from outside.

use std::fmt;
use std::str::FromStr;

use keyward_crypto::CryptoRng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Timestamp;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
        )]
        #[serde(transparent)]
        pub struct $name(#[schemars(with = "String")] pub Uuid);

        impl $name {
            /// A new identifier for something made at `now`.
            pub fn generate(now: Timestamp, rng: &mut dyn CryptoRng) -> Self {
                Self(generate_uuid(now, rng))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+};
}

identifiers! {
    /// A policy.
    PolicyId,
    /// An MFA policy of a user.
    MfaPolicyId,
    /// A session profile.
    SessionProfileId,
    /// The interface of a smart contract.
    SmartContractInterfaceId,
    /// A secret that is kept for its owner.
    SecretId,
    /// An invitation.
    InvitationId,
    /// The decision of the policies after one vote.
    PolicyEvaluationId,
    /// An organization or sub-organization.
    OrganizationId,
    /// A user of one organization.
    UserId,
    /// An activity.
    ActivityId,
    /// One user's vote on an activity.
    VoteId,
    /// A registered API key, session keys included.
    ApiKeyId,
    /// A registered WebAuthn authenticator.
    AuthenticatorId,
    /// A read-only session.
    SessionId,
    /// A user tag or private key tag.
    TagId,
    /// A wallet.
    WalletId,
    /// One account of a wallet.
    WalletAccountId,
    /// A private key that belongs to no wallet.
    PrivateKeyId,
    /// A one-time code that was sent.
    OtpId,
    /// A verification token, and the right to use it once.
    TokenId,
    /// An e-mail or text message.
    MessageId,
    /// A transaction that is sent through the server.
    SendTransactionStatusId,
    /// An OAuth provider of a user.
    OauthProviderId,
    /// An OAuth 2.0 client of a parent organization.
    Oauth2CredentialId,
    /// A webhook endpoint.
    WebhookEndpointId,
    /// Something that webhooks are told of.
    WebhookEventId,
    /// One event on its way to one endpoint.
    WebhookDeliveryId,
}

/// UUID version 7: 48 bits of milliseconds, then 74 random bits. Source: RFC 9562 §5.7.
fn generate_uuid(now: Timestamp, rng: &mut dyn CryptoRng) -> Uuid {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use keyward_crypto::SeededRng;

    use super::*;

    #[test]
    fn later_identifiers_sort_after_earlier_ones() {
        let mut rng = SeededRng::from_seed([7; 32]);
        let earlier = UserId::generate(Timestamp::from_millis(1_000), &mut rng);
        let later = UserId::generate(Timestamp::from_millis(1_001), &mut rng);
        assert!(earlier < later, "{earlier} {later}");
        assert_eq!(earlier.0.get_version_num(), 7);
    }
}
