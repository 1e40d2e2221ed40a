//! What the server knows of every activity that [`for_each_activity`](crate::for_each_activity) names.

use std::fmt;

use schemars::{Schema, SchemaGenerator};
use serde_json::value::{RawValue, to_raw_value};

use super::Activity;
use keyward_policy::Value;

use crate::engine::items::Concerns;
use crate::engine::sending::Draft;
use crate::engine::{Caller, Context, Needs, Permit, Rule};
use crate::wire::enums::{Action, Resource, VoteSelection};
use crate::wire::{InvalidRequest, Namespace, RequestError};

/// The rows, each by its module and its type.
macro_rules! entries {
    ($($module:ident::$row:ident,)+) => {
        /// Every activity, by route.
        pub static REGISTRY: &[Entry] = &[$(Entry::of::<super::$module::$row>()),+];
    };
}
crate::for_each_activity!(entries);

/// What an activity means. Private to this crate: only a [`Permit`] executes.
pub(crate) trait Execute: Activity {
    /// What it is to policies; `None` where only the root quorum decides, and for votes. Source: policy
    /// language §13.
    const POLICY: Option<(Resource, Action)>;

    /// What policies see of its parameters: `activity.params`.
    fn params(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// What it is about.
    fn concerns(&self) -> Concerns<'_> {
        Concerns::Nothing
    }

    /// The vote on another activity that it is, and nothing else.
    fn ballot(&self) -> Option<Ballot> {
        None
    }

    /// Who may ask, beside the root quorum.
    fn rule(&self) -> Rule {
        Rule::RootQuorum
    }

    /// The transaction that the state of a chain is needed to complete, which comes before anybody decides on it.
    ///
    /// # Errors
    ///
    /// What this server does not send.
    fn draft(&self) -> Result<Option<Draft>, RequestError> {
        Ok(None)
    }

    /// Takes the completed transaction, unsigned, hex.
    ///
    /// # Errors
    ///
    /// One that can't be read.
    fn complete(&mut self, _transaction: &str) -> Result<(), RequestError> {
        Ok(())
    }

    /// What to fetch before it can run.
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    /// Does it.
    fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Self::Output, RequestError>;
}

/// A vote on an activity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ballot {
    /// SHA-256 of the body that made the activity.
    pub digest: [u8; 32],
    /// For or against.
    pub selection: VoteSelection,
}

/// A row of the registry.
pub struct Entry {
    /// The first segments of its path.
    pub namespace: Namespace,
    /// Last segment of its path.
    pub route: &'static str,
    /// Whether it may name a parent and mean the one sub-organization that knows its sender.
    pub finds_sub_organization: bool,
    versions: fn() -> Vec<VersionInfo>,
    parse: fn(&str, &RawValue) -> Option<Result<Request, InvalidRequest>>,
    output: fn(&mut SchemaGenerator) -> Schema,
}

/// What can be said of a version of an activity without knowing its shape.
pub struct VersionInfo {
    /// `ACTIVITY_TYPE_…`.
    pub kind: &'static str,
    /// The member of `intent`.
    pub intent: &'static str,
    /// The member of `result`.
    pub result: &'static str,
    /// The schema of its parameters.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Entry {
    const fn of<A: Execute>() -> Self {
        Self {
            namespace: A::NAMESPACE,
            route: A::ROUTE,
            finds_sub_organization: A::FINDS_SUB_ORGANIZATION,
            versions: || {
                A::VERSIONS
                    .iter()
                    .map(|version| VersionInfo {
                        kind: version.kind,
                        intent: version.intent,
                        result: version.result,
                        schema: version.schema,
                    })
                    .collect()
            },
            parse: parse::<A>,
            output: SchemaGenerator::subschema_for::<A::Output>,
        }
    }

    /// The entry of a route in a namespace.
    pub fn find(namespace: Namespace, route: &str) -> Option<&'static Self> {
        REGISTRY.iter().find(|entry| entry.namespace == namespace && entry.route == route)
    }

    /// Its versions, the current one first.
    pub fn versions(&self) -> Vec<VersionInfo> {
        (self.versions)()
    }

    /// The schema of the content of its result.
    pub fn output_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.output)(generator)
    }

    /// Whether its route takes activities of this type.
    pub fn accepts(&self, kind: &str) -> bool {
        self.versions().iter().any(|version| version.kind == kind)
    }

    /// Reads the parameters of an activity of type `kind`.
    pub fn parse(&self, kind: &str, parameters: &RawValue) -> Result<Request, InvalidRequest> {
        (self.parse)(kind, parameters).unwrap_or_else(|| {
            Err(InvalidRequest::new(format!("activity type {kind} does not belong to this path")))
        })
    }
}

fn parse<A: Execute>(kind: &str, parameters: &RawValue) -> Option<Result<Request, InvalidRequest>> {
    let version = A::VERSIONS.iter().find(|version| version.kind == kind)?;
    Some((version.parse)(parameters).map(|(activity, intent)| Request {
        kind: version.kind,
        intent_name: version.intent,
        result_name: version.result,
        intent,
        activity: Box::new(activity),
    }))
}

/// A request that means something, whatever activity it is for.
pub struct Request {
    kind: &'static str,
    intent_name: &'static str,
    result_name: &'static str,
    intent: Box<RawValue>,
    activity: Box<dyn Erased>,
}

impl Request {
    /// `ACTIVITY_TYPE_…`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Who may ask, beside the root quorum.
    pub fn rule(&self) -> Rule {
        self.activity.rule()
    }

    /// What it is to policies; `None` where only the root quorum decides, and for votes.
    pub fn policy(&self) -> Option<(Resource, Action)> {
        self.activity.policy()
    }

    /// What policies see of its parameters.
    pub fn params(&self) -> Vec<(&'static str, Value)> {
        self.activity.params()
    }

    /// What it is about.
    pub fn concerns(&self) -> Concerns<'_> {
        self.activity.concerns()
    }

    /// The vote on another activity that it is, and nothing else.
    pub fn ballot(&self) -> Option<Ballot> {
        self.activity.ballot()
    }

    /// The transaction that the state of a chain is needed to complete, which comes before anybody decides on it.
    ///
    /// # Errors
    ///
    /// What this server does not send.
    pub fn draft(&self) -> Result<Option<Draft>, RequestError> {
        self.activity.draft()
    }

    /// Takes the completed transaction, unsigned, hex; the last one counts.
    ///
    /// # Errors
    ///
    /// One that can't be read.
    pub fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        self.activity.complete(transaction)
    }

    /// What to fetch before it can run.
    pub fn needs(&self) -> Needs {
        self.activity.needs()
    }

    /// The intent as recorded: one member, named for the version.
    pub fn intent(&self) -> Box<RawValue> {
        wrap(self.intent_name, &self.intent)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Permit {
    /// Does what was allowed. Returns the result as recorded: one member, named for the version.
    ///
    /// # Errors
    ///
    /// Whatever the activity finds wrong with the organization as it stands.
    pub fn execute(
        self,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Box<RawValue>, RequestError> {
        let Request { result_name, activity, .. } = self.into_request();
        let output = activity.execute(caller, context)?;
        Ok(wrap(result_name, &output))
    }
}

/// `{"<name>":<content>}`.
fn wrap(name: &str, content: &RawValue) -> Box<RawValue> {
    #[expect(
        clippy::expect_used,
        reason = "an object with one plain name around valid JSON is JSON"
    )]
    RawValue::from_string(format!("{{\"{name}\":{}}}", content.get())).expect("JSON in JSON")
}

/// [`Execute`] without its type.
trait Erased: Send + Sync {
    fn rule(&self) -> Rule;
    fn policy(&self) -> Option<(Resource, Action)>;
    fn params(&self) -> Vec<(&'static str, Value)>;
    fn concerns(&self) -> Concerns<'_>;
    fn ballot(&self) -> Option<Ballot>;
    fn draft(&self) -> Result<Option<Draft>, RequestError>;
    fn complete(&mut self, transaction: &str) -> Result<(), RequestError>;
    fn needs(&self) -> Needs;
    fn execute(
        self: Box<Self>,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Box<RawValue>, RequestError>;
}

impl<A: Execute> Erased for A {
    fn rule(&self) -> Rule {
        Execute::rule(self)
    }

    fn policy(&self) -> Option<(Resource, Action)> {
        A::POLICY
    }

    fn params(&self) -> Vec<(&'static str, Value)> {
        Execute::params(self)
    }

    fn concerns(&self) -> Concerns<'_> {
        Execute::concerns(self)
    }

    fn ballot(&self) -> Option<Ballot> {
        Execute::ballot(self)
    }

    fn draft(&self) -> Result<Option<Draft>, RequestError> {
        Execute::draft(self)
    }

    fn complete(&mut self, transaction: &str) -> Result<(), RequestError> {
        Execute::complete(self, transaction)
    }

    fn needs(&self) -> Needs {
        Execute::needs(self)
    }

    fn execute(
        self: Box<Self>,
        caller: &Caller,
        context: &mut Context<'_>,
    ) -> Result<Box<RawValue>, RequestError> {
        let output = Execute::execute(*self, caller, context)?;
        to_raw_value(&output).map_err(RequestError::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_has_its_row() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/activities");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod" && name != "registry")
            .collect();
        let rows: BTreeSet<String> = REGISTRY.iter().map(|entry| entry.route.to_owned()).collect();
        assert_eq!(files, rows);
    }

    #[test]
    fn a_route_stands_in_one_namespace() {
        let routes: BTreeSet<&str> = REGISTRY.iter().map(|entry| entry.route).collect();
        assert_eq!(routes.len(), REGISTRY.len());
        assert!(Entry::find(Namespace::Turnkey, "stamp_login").is_some());
        assert!(Entry::find(Namespace::Keyward, "stamp_login").is_none());
        assert!(Entry::find(Namespace::Keyward, "revoke_session").is_some());
    }

    #[test]
    fn a_type_belongs_to_one_route() {
        let mut kinds = BTreeSet::new();
        for version in REGISTRY.iter().flat_map(Entry::versions) {
            assert!(kinds.insert(version.kind), "{} stands twice", version.kind);
        }
    }
}
