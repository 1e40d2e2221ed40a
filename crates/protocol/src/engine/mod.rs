//! What requests mean: the organization model, who a caller is, what it may do, and doing it.
//!
//! Pure: everything a decision needs is an argument, and what it changes is returned.

pub mod activity;
pub mod attested;
pub mod auth_proxy;
pub mod authenticate;
pub mod authorize;
pub mod client_signature;
pub mod context;
pub mod credentials;
pub mod jwt;
pub mod message;
pub mod model;
pub mod oidc;
pub mod one_time;
pub mod otp;
pub mod proofs;
pub mod record;
pub mod session_token;
pub mod sessions;
#[cfg(test)]
pub(crate) mod testing;
pub mod verification_token;
pub mod view;
pub mod wallets;

pub use activity::{ActivityRecord, VoteRecord};
pub use attested::Attested;
pub use authenticate::{Caller, Client, Credential, Home, Stamped, authenticate};
pub use authorize::{Decision, Permit, Rule, Sessions, authorize};
pub use context::{Changes, Context, Facts, Needs, ServerKeys, Settings, Signer};
pub use model::Organization;
