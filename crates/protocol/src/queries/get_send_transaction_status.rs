//! `get_send_transaction_status`: how far a transaction has come that was sent through the server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, Reads, View},
    crate::engine::sending::{Sent, Submission},
    crate::wire::id::{OrganizationId, SendTransactionStatusId},
    crate::wire::{InvalidRequest, RequestError, value},
};

use crate::wire::sending::{TxError, TxStatus};

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSendTransactionStatus {
    /// The organization.
    pub organization_id: String,
    /// What the activity that sent it answered.
    pub send_transaction_status_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetSendTransactionStatusResponse {
    /// How far it has come.
    pub tx_status: TxStatus,
    /// What it is known by on a chain with Ethereum's virtual machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eth: Option<EthSendTransactionStatus>,
    /// What it is known by on Solana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaSendTransactionStatus>,
    /// Why it failed, or did not do what it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_error: Option<String>,
    /// The same, and more of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TxError>,
}

/// What a transaction is known by on a chain with Ethereum's virtual machine.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EthSendTransactionStatus {
    /// `0x` and 64 digits.
    pub tx_hash: String,
}

/// What a transaction is known by on Solana.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct SolanaSendTransactionStatus {
    /// In base58.
    pub signature: String,
}

impl Query for GetSendTransactionStatus {
    const ROUTE: &'static str = "get_send_transaction_status";
    type Response = GetSendTransactionStatusResponse;
}

#[cfg(feature = "engine")]
impl Answer for GetSendTransactionStatus {
    fn reads(&self) -> Result<Reads, InvalidRequest> {
        let organization: OrganizationId = value::id("organizationId", &self.organization_id)?;
        let id: SendTransactionStatusId =
            value::id("sendTransactionStatusId", &self.send_transaction_status_id)?;
        Ok(Reads::Submission(Submission::key(organization, id)))
    }

    fn answer(
        self,
        _: &View<'_>,
        found: Found,
    ) -> Result<GetSendTransactionStatusResponse, RequestError> {
        let Found::Submission(Some(submission)) = found else {
            let id = self.send_transaction_status_id;
            return Err(RequestError::NotFound(format!(
                "could not find send transaction status with ID {id}"
            )));
        };
        let (eth, solana) = match submission.sent {
            Sent::Ethereum { hash, .. } => (Some(EthSendTransactionStatus { tx_hash: hash }), None),
            Sent::Solana { signature, .. } => {
                (None, Some(SolanaSendTransactionStatus { signature }))
            }
        };
        Ok(GetSendTransactionStatusResponse {
            tx_status: submission.status,
            eth,
            solana,
            tx_error: submission.error.as_ref().map(|error| error.message.clone()),
            error: submission.error,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::testing::World;

    #[test]
    fn what_was_not_sent_is_not_found() {
        let world = World::new();
        let query = |id: &str| {
            let body = json!({ "sendTransactionStatusId": id });
            let route = "get_send_transaction_status";
            world.query(&world.root(), world.parent(), route, body).unwrap_err()
        };
        assert_eq!(query(&world.root().user.to_string()).status().http_status(), 404);
        assert_eq!(query("x").status().http_status(), 400);
    }
}
