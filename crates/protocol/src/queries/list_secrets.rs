//! `list_secrets`: what is known of the secrets that are kept; never the secrets themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::{Page, RequestError},
};

use crate::wire::Pagination;
use crate::wire::objects::SecretMetadata;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSecrets {
    /// The organization.
    pub organization_id: String,
    /// Which page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination_options: Option<Pagination>,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ListSecretsResponse {
    /// Newest first.
    pub secrets: Vec<SecretMetadata>,
}

impl Query for ListSecrets {
    const ROUTE: &'static str = "list_secrets";
    type Response = ListSecretsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListSecrets {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListSecretsResponse, RequestError> {
        let page = Page::try_from(self.pagination_options)?;
        let wanted =
            view.organization.secrets.iter().rev().filter(|secret| page.holds(secret.id.0));
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        Ok(ListSecretsResponse { secrets: wanted.take(limit).map(view::secret).collect() })
    }
}
