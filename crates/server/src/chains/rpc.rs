//! JSON-RPC 2.0 over HTTP: one call, to the first of a chain's nodes that answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keyward_protocol::wire::{ChainId, RequestError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::config::Endpoint;
use crate::fetch::{FetchError, FetchLimits, Fetcher};

/// Characters of what a node says that are passed on.
const LONGEST_MESSAGE: usize = 500;

/// What a call may take. Much shorter than a request, which makes several.
pub(super) const LIMITS: FetchLimits = FetchLimits {
    timeout: Duration::from_secs(5),
    wait: Duration::from_secs(5),
    answer_bytes: 4 * 1024 * 1024,
    concurrent: 32,
};

/// Why a call has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum RpcError {
    /// No node answers.
    #[error("no node of {chain} answers {method}: {source}")]
    Unreachable {
        /// The chain.
        chain: ChainId,
        /// What was asked for.
        method: &'static str,
        /// Why the last of them does not.
        source: FetchError,
    },
    /// A node answered with an error.
    #[error("{chain} refuses {method}: {}", .refusal.message)]
    Refused {
        /// The chain.
        chain: ChainId,
        /// What was asked for.
        method: &'static str,
        /// What it said.
        refusal: Refusal,
    },
    /// A node answered with something else than what was asked for.
    #[error("{chain} answers {method} with something else")]
    Malformed {
        /// The chain.
        chain: ChainId,
        /// What was asked for.
        method: &'static str,
    },
}

impl RpcError {
    /// What the node said, where it said something.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Unreachable { .. } | Self::Malformed { .. } => None,
        }
    }
}

impl From<RpcError> for RequestError {
    fn from(error: RpcError) -> Self {
        Self::RpcCall(error.to_string())
    }
}

/// An error as nodes tell it. Source: JSON-RPC 2.0 §5.1.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Refusal {
    /// What kind of error.
    pub(crate) code: i64,
    /// In words.
    #[serde(default)]
    pub(crate) message: String,
    /// More of it.
    #[serde(default)]
    pub(crate) data: Value,
}

/// An answer. Source: JSON-RPC 2.0 §5.
#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
    id: Value,
}

/// The nodes of one chain.
pub(crate) struct Rpc {
    chain: ChainId,
    fetcher: Fetcher,
    endpoints: Vec<Endpoint>,
    /// The one that answered last.
    preferred: AtomicUsize,
}

impl Rpc {
    pub(super) fn new(chain: ChainId, endpoints: Vec<Endpoint>, fetcher: Fetcher) -> Self {
        Self { chain, fetcher, endpoints, preferred: AtomicUsize::new(0) }
    }

    /// A node answered with something else than what was asked for.
    pub(super) fn malformed(&self, method: &'static str) -> RpcError {
        RpcError::Malformed { chain: self.chain.clone(), method }
    }

    /// Calls a method. Where a node can't be reached or is not able to answer, the next one is asked; what one refuses,
    /// the others would, too.
    ///
    /// # Errors
    ///
    /// [`RpcError`].
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, RpcError> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = request.to_string().into_bytes();
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failure = FetchError::InvalidUrl;
        for turn in 0..self.endpoints.len() {
            let place = (first + turn) % self.endpoints.len();
            let Some(Endpoint(url)) = self.endpoints.get(place) else { continue };
            match self.ask(url, request.clone()).await {
                Ok(response) => {
                    self.preferred.store(place, Ordering::Relaxed);
                    return self.read(method, response);
                }
                Err(error) => {
                    tracing::warn!(chain = %self.chain, node = place, method, %error, "a node does not answer");
                    failure = error;
                }
            }
        }
        Err(RpcError::Unreachable { chain: self.chain.clone(), method, source: failure })
    }

    /// An answer of JSON-RPC, whatever it says. Some nodes give it another status than 200.
    async fn ask(&self, url: &crate::fetch::Url, request: Vec<u8>) -> Result<Response, FetchError> {
        let answer = self.fetcher.post_json(url, request).await?;
        let (status, body) = (answer.status, answer.body);
        if matches!(status, 429 | 500..) {
            return Err(FetchError::Status(status));
        }
        match serde_json::from_slice::<Response>(body.expose()) {
            Ok(response) if response.id == 1 || response.error.is_some() => Ok(response),
            _ if status != 200 => Err(FetchError::Status(status)),
            _ => Err(FetchError::Malformed),
        }
    }

    fn read<T: DeserializeOwned>(
        &self,
        method: &'static str,
        response: Response,
    ) -> Result<T, RpcError> {
        if let Some(mut refusal) = response.error {
            refusal.message = refusal.message.chars().take(LONGEST_MESSAGE).collect();
            return Err(RpcError::Refused { chain: self.chain.clone(), method, refusal });
        }
        serde_json::from_value(response.result).map_err(|_| self.malformed(method))
    }
}
