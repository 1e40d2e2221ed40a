//! `keyward policy can`: whether any user outside the root quorum can do something.

use clap::Args;
use keyward_protocol::queries::can_anybody::{CanAnybody, CanAnybodyResponse};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::enums::{Action, Possibility, Resource};

use crate::connection::ConnectionOptions;
use crate::failure::Failure;
use crate::output;
use crate::request::query;

/// Answer whether any user outside the root quorum can do something, with a way or a no
///
/// RESOURCE and ACTION are those of policies: `PRIVATE_KEY SIGN`, `WALLET EXPORT`.
#[derive(Args)]
pub(crate) struct Can {
    /// What it is about
    #[arg(value_parser = resource)]
    resource: Resource,
    /// What is done to it
    #[arg(value_parser = action)]
    action: Action,
    /// Only this type of activity, `ACTIVITY_TYPE_…`
    #[arg(long = "type", value_name = "TYPE")]
    activity_type: Option<String>,
    #[command(flatten)]
    connection: ConnectionOptions,
}

fn resource(text: &str) -> Result<Resource, String> {
    let wanted = text.to_ascii_uppercase();
    let mut all = Resource::ALL.iter().copied();
    all.find(|known| known.as_str() == wanted)
        .ok_or_else(|| one_of(Resource::ALL, Resource::as_str))
}

fn action(text: &str) -> Result<Action, String> {
    let wanted = text.to_ascii_uppercase();
    let mut all = Action::ALL.iter().copied();
    all.find(|known| known.as_str() == wanted).ok_or_else(|| one_of(Action::ALL, Action::as_str))
}

fn one_of<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> String {
    let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
    format!("expected one of {}", names.join(", "))
}

impl Can {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        let answer = query(
            &connection,
            &CanAnybody {
                organization_id: connection.organization_id()?.to_owned(),
                resource: self.resource,
                action: self.action,
                activity_type: self.activity_type,
            },
        )?;
        if is_for_machines {
            return output::answer(&answer, true);
        }
        let told: CanAnybodyResponse = serde_json::from_str(&answer).map_err(Failure::Answer)?;
        output::text(&text(&told))
    }
}

fn text(told: &CanAnybodyResponse) -> String {
    let because = told.because.as_deref().map(|because| format!(": {because}")).unwrap_or_default();
    let Some(way) = told.witness.as_ref().filter(|_| told.answer == Possibility::Yes) else {
        let word = if told.answer == Possibility::No { "no" } else { "unknown" };
        return format!("{word}{because}\n");
    };
    let millis = way.at.seconds.parse().unwrap_or(0u64).saturating_mul(1_000);
    let mut text = format!(
        "yes: {}\nusers     {}\npolicies  {}\nat        {}\n",
        way.activity_type,
        way.user_ids.join(", "),
        if way.policy_ids.is_empty() {
            "none needed".to_owned()
        } else {
            way.policy_ids.join(", ")
        },
        Timestamp::from_millis(millis).to_rfc3339(),
    );
    for value in &way.values {
        text = format!("{text}          {} = {}\n", value.name, value.value);
    }
    text
}
