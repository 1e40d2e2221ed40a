//! What requests mean: the organization model, who a caller is, what it may do, and doing it.
//!
//! Pure: everything a decision needs is an argument, and what it changes is returned.

pub mod activity;
pub mod authenticate;
pub mod authorize;
pub mod context;
pub mod credentials;
pub mod message;
pub mod model;
pub mod record;
pub mod session_token;
#[cfg(test)]
pub(crate) mod testing;
pub mod view;
pub mod wallets;

pub use activity::{ActivityRecord, VoteRecord};
pub use authenticate::{Caller, Credential, Home, Stamped, authenticate};
pub use authorize::{Decision, Permit, Rule, authorize};
pub use context::{Changes, Context, Facts, Needs, ServerKeys, Signer};
pub use model::Organization;
