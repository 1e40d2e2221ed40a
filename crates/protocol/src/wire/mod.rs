//! What both sides agree on: the envelope, identifiers, enums, times, pages and errors.

pub mod budget;
pub mod chain;
pub mod draft;
pub mod enums;
pub mod envelope;
pub mod error;
pub mod explanation;
pub mod id;
pub mod namespace;
pub mod objects;
pub mod page;
pub mod replay;
pub mod sending;
pub mod time;
pub mod value;

pub use chain::ChainId;
pub use error::{
    Code, Denial, FieldViolation, InvalidRequest, RequestError, Status, TurnkeyErrorCode,
};
pub use namespace::Namespace;
pub use page::{Page, Pagination};
pub use time::{Timestamp, WireTime};
