//! `keyward request`: any request of the API, stamped.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use keyward_protocol::activities::{self, Activity};
use keyward_protocol::queries::{self, Query};
use keyward_protocol::wire::Namespace;
use keyward_server::Clock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::connection::{Connection, ConnectionOptions};
use crate::failure::Failure;
use crate::output;

/// Send a request and print the answer
///
/// A query is given the organization when it names none. A submission without `type` is taken for the
/// parameters of the current version of the activity.
#[derive(Args)]
pub(crate) struct Request {
    /// What to ask: `query/list_wallets`, `submit/create_wallet`, or a whole path
    path: ApiPath,
    /// The body: JSON, @FILE, or - for the standard input
    #[arg(default_value = "{}")]
    body: Source,
    #[command(flatten)]
    connection: ConnectionOptions,
}

/// `query/<route>` or `submit/<route>`, in a namespace.
#[derive(Clone, Debug, PartialEq)]
struct ApiPath {
    namespace: Namespace,
    is_submission: bool,
    route: String,
}

/// Why a path is none.
#[derive(Debug, thiserror::Error)]
#[error("expected query/<name>, submit/<name>, /public/v1/… or /keyward/v1/…")]
struct InvalidPath;

/// Where a body comes from.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Text(String),
    File(PathBuf),
    StandardInput,
}

/// A JSON object whose members stay as they were written.
type Members = BTreeMap<String, Box<RawValue>>;

/// What is read of an answer to a submission.
#[derive(Deserialize)]
struct Submitted {
    activity: SubmittedActivity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubmittedActivity {
    organization_id: String,
    status: String,
    #[serde(default)]
    result: Option<Members>,
}

/// What a submission that was carried out answers.
pub(crate) struct Done<T> {
    /// The organization it was for; a sub-organization where the parent was named.
    pub(crate) organization_id: String,
    /// The content of its result.
    pub(crate) result: T,
}

/// Asks a query, and returns the answer's text.
pub(crate) fn query<Q: Query + Serialize>(
    connection: &Connection,
    query: &Q,
) -> Result<String, Failure> {
    let path =
        ApiPath { namespace: Q::NAMESPACE, is_submission: false, route: Q::ROUTE.to_owned() };
    connection.post(&path.to_string(), &serde_json::to_string(query).map_err(Failure::Body)?)
}

/// Submits an activity of the current version.
pub(crate) fn submit<A: Activity<Output: DeserializeOwned>>(
    connection: &Connection,
    parameters: &impl Serialize,
) -> Result<Done<A::Output>, Failure> {
    let path = ApiPath { namespace: A::NAMESPACE, is_submission: true, route: A::ROUTE.to_owned() };
    let parameters = read_object(to_raw(parameters)?.get())?;
    let body = complete(parameters, &path, connection)?;
    let body = serde_json::to_string(&body).map_err(Failure::Body)?;
    let answer = connection.post(&path.to_string(), &body)?;
    let Submitted { activity } = serde_json::from_str(&answer).map_err(Failure::Answer)?;
    // One member, named for the version.
    let result = activity.result.and_then(|members| members.into_values().next());
    let result = result.ok_or(Failure::ActivityEnded(activity.status))?;
    let result = serde_json::from_str(result.get()).map_err(Failure::Answer)?;
    Ok(Done { organization_id: activity.organization_id, result })
}

impl Request {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        let members = read_object(&self.body.read()?)?;
        let members = complete(members, &self.path, &connection)?;
        let body = serde_json::to_string(&members).map_err(Failure::Body)?;
        let answer = connection.post(&self.path.to_string(), &body)?;
        output::answer(&answer, is_for_machines)?;
        if self.path.is_submission { check_ended_well(&answer) } else { Ok(()) }
    }
}

/// Adds what was left out of a body.
fn complete(members: Members, path: &ApiPath, connection: &Connection) -> Result<Members, Failure> {
    let mut members = members;
    if path.is_submission {
        if !members.contains_key("type") {
            let parameters = to_raw(&members)?;
            let kind = current_type(path)?;
            members = Members::new();
            members.insert("type".to_owned(), to_raw(&kind)?);
            members.insert("parameters".to_owned(), parameters);
        }
        if !members.contains_key("timestampMs") {
            let now = Clock::default().now().as_millis().to_string();
            members.insert("timestampMs".to_owned(), to_raw(&now)?);
        }
    }
    if !members.contains_key("organizationId") {
        members.insert("organizationId".to_owned(), to_raw(&connection.organization_id()?)?);
    }
    Ok(members)
}

fn current_type(path: &ApiPath) -> Result<&'static str, Failure> {
    let entry = activities::Entry::find(path.namespace, &path.route);
    let versions = entry.map(activities::Entry::versions).unwrap_or_default();
    let current = versions.first().map(|version| version.kind);
    current.ok_or_else(|| Failure::UnknownActivity(path.route.clone()))
}

fn check_ended_well(answer: &str) -> Result<(), Failure> {
    let Submitted { activity } = serde_json::from_str(answer).map_err(Failure::Answer)?;
    match activity.status.as_str() {
        "ACTIVITY_STATUS_FAILED" | "ACTIVITY_STATUS_REJECTED" => {
            Err(Failure::ActivityEnded(activity.status))
        }
        _ => Ok(()),
    }
}

fn read_object(text: &str) -> Result<Members, Failure> {
    serde_json::from_str(text).map_err(Failure::Body)
}

fn to_raw(value: &impl Serialize) -> Result<Box<RawValue>, Failure> {
    to_raw_value(value).map_err(Failure::Body)
}

impl FromStr for ApiPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let path = text.trim_start_matches('/');
        let whole = Namespace::ALL.into_iter().find_map(|namespace| {
            let rest = path.strip_prefix(namespace.as_str())?.strip_prefix('/')?;
            Some((namespace, rest))
        });
        let path = whole.map_or(path, |(_, rest)| rest);
        let (is_submission, route) = match path.split_once('/') {
            Some(("query", route)) => (false, route),
            Some(("submit", route)) => (true, route),
            _ => return Err(InvalidPath),
        };
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        if route.is_empty() || !route.chars().all(is_name) {
            return Err(InvalidPath);
        }
        // A short path means whatever there is under that name, which is in one namespace only.
        let namespace = whole.map(|(namespace, _)| namespace).or_else(|| {
            if is_submission {
                let entry = activities::REGISTRY.iter().find(|entry| entry.route == route);
                entry.map(|entry| entry.namespace)
            } else {
                let entry = queries::REGISTRY.iter().find(|entry| entry.route == route);
                entry.map(|entry| entry.namespace)
            }
        });
        Ok(Self {
            namespace: namespace.unwrap_or_default(),
            is_submission,
            route: route.to_owned(),
        })
    }
}

impl std::fmt::Display for ApiPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_submission { "submit" } else { "query" };
        write!(f, "/{}/{kind}/{}", self.namespace.as_str(), self.route)
    }
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Self::File(PathBuf::from(path)),
            None if text == "-" => Self::StandardInput,
            None => Self::Text(text.to_owned()),
        })
    }
}

impl Source {
    fn read(self) -> Result<String, Failure> {
        match self {
            Self::Text(text) => Ok(text),
            Self::File(path) => {
                std::fs::read_to_string(&path).map_err(|source| Failure::File { path, source })
            }
            Self::StandardInput => io::read_to_string(io::stdin())
                .map_err(|source| Failure::File { path: PathBuf::from("standard input"), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use keyward_protocol::activities::REGISTRY;

    use super::*;

    #[test]
    fn paths_may_be_short_or_whole() {
        let namespace = Namespace::Turnkey;
        let whoami = ApiPath { namespace, is_submission: false, route: "whoami".to_owned() };
        for text in ["query/whoami", "/query/whoami", "/public/v1/query/whoami"] {
            assert_eq!(text.parse::<ApiPath>().unwrap(), whoami, "{text}");
        }
        assert_eq!(whoami.to_string(), "/public/v1/query/whoami");
        for text in ["query/list_sessions", "/keyward/v1/query/list_sessions"] {
            let path: ApiPath = text.parse().unwrap();
            assert_eq!(path.to_string(), "/keyward/v1/query/list_sessions");
        }
        // What this build does not know may be the server's all the same.
        let unknown: ApiPath = "submit/make_coffee".parse().unwrap();
        assert_eq!(unknown.to_string(), "/public/v1/submit/make_coffee");
        for text in [
            "",
            "whoami",
            "query/",
            "ask/whoami",
            "query/a/b",
            "query/a?b",
            "submit/../x",
            "/other/v1/query/whoami",
        ] {
            assert!(text.parse::<ApiPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_activity_has_a_current_type() {
        for entry in REGISTRY {
            let path: ApiPath = format!("submit/{}", entry.route).parse().unwrap();
            assert!(current_type(&path).unwrap().starts_with("ACTIVITY_TYPE_"));
        }
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = r#"{"a":100000000000000000000001,"b":1.50}"#;
        assert_eq!(serde_json::to_string(&read_object(text).unwrap()).unwrap(), text);
    }
}
