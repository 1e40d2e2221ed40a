//! Small things that are kept beside organizations for a while: one-time codes, spent tokens, counts.
//!
//! A record has a revision of its own, so that two requests that saw the same state of it can't both
//! change it: of two guesses at a code, one starts again.

use keyward_crypto::{SecretBytes, sha256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::wire::id::OrganizationId;
use crate::wire::{RequestError, Timestamp};

/// Whose records belong to no organization.
pub const SERVER: OrganizationId = OrganizationId(Uuid::nil());

/// Where a record stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RecordKey {
    /// Whose it is; [`SERVER`] for nobody's.
    pub organization: OrganizationId,
    /// Its id.
    pub id: Uuid,
}

impl RecordKey {
    /// Where a record stands that is found by what it is about. Others have ids that were drawn; the hash keeps this one
    /// apart from them.
    pub fn about(organization: OrganizationId, kind: &str, about: &[u8]) -> Self {
        let hash = sha256(&[kind.as_bytes(), b"\0", about].concat());
        // Half a hash collides with nobody else's.
        let (half, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Self { organization, id: uuid::Builder::from_custom_bytes(*half).into_uuid() }
    }
}

/// A record as it was read.
#[derive(Clone, Debug)]
pub struct Record<T> {
    /// Where it stands.
    pub key: RecordKey,
    /// How often it was written; 0 when it does not exist.
    pub revision: u64,
    /// What it says; the default when it does not exist.
    pub value: T,
}

/// A record to be written or deleted, if it still has the revision that was read.
pub struct RecordChange {
    /// Where it stands.
    pub key: RecordKey,
    /// The revision it must have.
    pub expected: u64,
    /// What it says from now on; `None` deletes it.
    pub content: Option<RecordContent>,
}

/// What a record says.
pub struct RecordContent {
    /// When it may be forgotten; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// As JSON.
    pub json: SecretBytes,
}

impl<T: Serialize> Record<T> {
    /// The record with its present value, to be written.
    ///
    /// # Errors
    ///
    /// None in practice: records are plain data.
    pub fn write(&self, expires_at: Option<Timestamp>) -> Result<RecordChange, RequestError> {
        let json = serde_json::to_vec(&self.value).map_err(RequestError::internal)?;
        Ok(RecordChange {
            key: self.key,
            expected: self.revision,
            content: Some(RecordContent { expires_at, json: SecretBytes::new(json) }),
        })
    }

    /// The record, to be deleted.
    pub fn delete(&self) -> RecordChange {
        RecordChange { key: self.key, expected: self.revision, content: None }
    }
}
