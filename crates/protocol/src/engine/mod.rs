//! What requests mean: the organization model, who a caller is, what it may do, and doing it.
//!
//! Pure: everything a decision needs is an argument, and what it changes is returned.

pub mod activity;
pub mod attested;
pub mod auth_proxy;
pub mod authenticate;
pub mod authorize;
pub mod budgets;
pub mod chains;
pub mod client_signature;
pub mod context;
pub mod credentials;
pub mod draft;
pub mod explain;
pub mod imports;
pub mod interfaces;
pub mod ip_allowlist;
pub mod items;
pub mod jwt;
pub mod message;
pub mod mfa;
pub mod model;
pub mod oidc;
pub mod one_time;
pub mod otp;
pub mod policies;
pub mod proofs;
pub mod record;
pub mod replay;
pub mod reverts;
pub mod scopes;
pub mod sending;
pub mod session_token;
pub mod sessions;
#[cfg(test)]
pub(crate) mod testing;
pub mod verification_token;
pub mod view;
pub mod wallets;
pub mod webhooks;

pub use activity::{ActivityRecord, Evaluation, VoteRecord};
pub use attested::Attested;
pub use authenticate::{Caller, Client, Credential, Home, Stamped, authenticate};
pub use authorize::{Decision, Hearing, Permit, Rule, Ruling, Sessions, authorize};
pub use context::{Changes, Context, Facts, Needs, ServerKeys, Settings, Signer};
pub use model::Organization;
