//! Policies that do not exist yet, to check and to try.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::budget::BudgetParams;
use super::enums::Effect;

/// A policy as it could be made.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDraft {
    /// Its name. A draft takes the place of the policy that is called the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// What it does where it matches.
    pub effect: Effect,
    /// What it is about; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Who; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<String>,
    /// When; always when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What it lets through in a while; only of a policy that allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetParams>,
    /// `ON_ERROR_DENY` has a policy that denies deny also where it errs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
}

/// Something odd about a policy that was made all the same.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyWarning {
    /// What kind of thing: words joined by hyphens, always the same.
    pub code: String,
    /// What it is, and what would help.
    pub message: String,
    /// `condition`, `consensus` or `time`.
    pub member: String,
    /// Where in it: the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Where in it: the column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}
