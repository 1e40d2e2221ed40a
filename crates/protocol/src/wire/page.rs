//! Pages: `paginationOptions` as it travels and as it is meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::InvalidRequest;

/// Most rows on a page.
pub const MAXIMUM_LIMIT: u32 = 100;
const DEFAULT_LIMIT: u32 = 10;

/// `paginationOptions` as it travels; all members are strings.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Rows wanted, 1 to 100; 10 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Only rows made before the one with this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Only rows made after the one with this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Which rows of a list are wanted. Both bounds are open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// Most rows to return.
    pub limit: u32,
    /// Only ids below this one.
    pub before: Option<Uuid>,
    /// Only ids above this one.
    pub after: Option<Uuid>,
}

impl Page {
    /// Everything, without a limit.
    pub const ALL: Self = Self { limit: u32::MAX, before: None, after: None };

    /// Whether a row with this id is between the bounds.
    pub fn holds(&self, id: Uuid) -> bool {
        self.before.is_none_or(|before| id < before) && self.after.is_none_or(|after| id > after)
    }
}

impl TryFrom<Option<Pagination>> for Page {
    type Error = InvalidRequest;

    fn try_from(travels: Option<Pagination>) -> Result<Self, InvalidRequest> {
        let Pagination { limit, before, after } = travels.unwrap_or_default();
        let limit = match limit.as_deref() {
            None | Some("") => DEFAULT_LIMIT,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=MAXIMUM_LIMIT).contains(limit)).ok_or_else(
                    || InvalidRequest::new("invalid pagination limit: must be 1 to 100"),
                )?
            }
        };
        let cursor = |text: Option<String>| match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| InvalidRequest::new("invalid pagination cursor: must be an id")),
        };
        Ok(Self { limit, before: cursor(before)?, after: cursor(after)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(limit: &str) -> Result<Page, InvalidRequest> {
        Page::try_from(Some(Pagination { limit: Some(limit.to_owned()), ..Default::default() }))
    }

    #[test]
    fn ten_rows_when_nothing_is_said() {
        assert_eq!(Page::try_from(None).unwrap().limit, 10);
    }

    #[test]
    fn refuses_limits_outside_one_to_a_hundred() {
        for bad in ["0", "101", "-1", "ten", "1.5"] {
            assert!(limited(bad).is_err(), "{bad}");
        }
        assert_eq!(limited("100").unwrap().limit, 100);
    }
}
