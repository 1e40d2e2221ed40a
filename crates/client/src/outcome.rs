//! What came of a submission.

use serde_json::Value;

use crate::error::ClientError;
use crate::json;

/// Reads the answer to a submission: the content of its result.
///
/// # Errors
///
/// By its status, when it was not carried out.
pub(crate) fn read(answer: &[u8]) -> Result<Value, ClientError> {
    let mut answer = json::read(answer)?;
    let activity = answer.get_mut("activity").map(Value::take).unwrap_or_default();
    let activity_id = json::text(&activity, "id")?;
    let fingerprint = json::optional_text(&activity, "fingerprint").unwrap_or_default();
    match json::text(&activity, "status")?.as_str() {
        "ACTIVITY_STATUS_COMPLETED" => {
            let Some(Value::Object(result)) = activity.get("result") else {
                return Ok(Value::Null);
            };
            // One member, named for the version.
            Ok(result.values().next().cloned().unwrap_or_default())
        }
        "ACTIVITY_STATUS_CONSENSUS_NEEDED" => {
            Err(ClientError::ConsensusNeeded { activity_id, fingerprint })
        }
        "ACTIVITY_STATUS_AUTHENTICATORS_NEEDED" => {
            let organization_id = json::text(&activity, "organizationId")?;
            Err(ClientError::MfaNeeded { activity_id, fingerprint, organization_id })
        }
        "ACTIVITY_STATUS_FAILED" => {
            let failure = activity.get("failure").unwrap_or(&Value::Null);
            let message = json::optional_text(failure, "message").unwrap_or_default();
            Err(ClientError::ActivityFailed { activity_id, message })
        }
        "ACTIVITY_STATUS_REJECTED" => Err(ClientError::ActivityRejected { activity_id }),
        "ACTIVITY_STATUS_CREATED" | "ACTIVITY_STATUS_PENDING" => {
            Err(ClientError::ActivityPending { activity_id })
        }
        other => Err(ClientError::Unintelligible(format!("an activity with status {other}"))),
    }
}
