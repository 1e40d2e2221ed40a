//! `keyward policy replay`: what the policies of a file would have made of what was done.

use std::path::PathBuf;

use clap::Args;
use keyward_protocol::queries::replay_policy::{ReplayPolicy, ReplayPolicyResponse};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::enums::{Outcome, ReplayMode};
use keyward_protocol::wire::replay::{Difference, Flip};

use super::file;
use crate::connection::ConnectionOptions;
use crate::failure::Failure;
use crate::output;
use crate::request::query;

/// Try the policies of a file on recorded activities, and list every decision that would flip
///
/// FILE is as for `check`. A policy takes the place of the one that is called the same, and otherwise comes to those
/// that there are. Nothing is changed.
#[derive(Args)]
pub(crate) struct Replay {
    /// The file; - for the standard input
    file: PathBuf,
    /// How many of the newest activities to try, up to 100000
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    last: u32,
    /// Only activities of this type, `ACTIVITY_TYPE_…`; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Leave all policies that there are out
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    connection: ConnectionOptions,
}

impl Replay {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let path = self.file;
        let mut policies = Vec::new();
        for entry in file::read(&path)? {
            policies.push(entry.draft.map_err(|_| Failure::PoliciesWrong(path.clone()))?);
        }
        let connection = self.connection.connect()?;
        let mode = if self.replace { ReplayMode::Replace } else { ReplayMode::Add };
        let answer = query(
            &connection,
            &ReplayPolicy {
                organization_id: connection.organization_id()?.to_owned(),
                policies,
                mode: Some(mode),
                last: Some(self.last.to_string()),
                created_after: None,
                filter_by_type: (!self.types.is_empty()).then_some(self.types),
            },
        )?;
        if is_for_machines {
            return output::answer(&answer, true);
        }
        let told: ReplayPolicyResponse = serde_json::from_str(&answer).map_err(Failure::Answer)?;
        let lines: Vec<String> = told.flips.iter().map(line).collect();
        output::text(&lines.concat())?;
        let (replayed, skipped, flipped) = (told.replayed, told.skipped, told.flipped);
        output::note(&format!(
            "{flipped} of {replayed} activities would end otherwise; {skipped} were skipped."
        ));
        Ok(())
    }
}

fn line(flip: &Flip) -> String {
    let millis = flip.created_at.seconds.parse().unwrap_or(0u64).saturating_mul(1_000);
    let verdict = |name: &'static str| name.trim_start_matches("VERDICT_").to_ascii_lowercase();
    let because: Vec<String> = flip.because.iter().map(because).collect();
    format!(
        "{}  {}  {}  {} → {}  {}\n",
        Timestamp::from_millis(millis).to_rfc3339(),
        flip.activity_id,
        flip.kind.trim_start_matches("ACTIVITY_TYPE_"),
        verdict(flip.now.as_str()),
        verdict(flip.draft.as_str()),
        because.join("; "),
    )
}

fn because(policy: &Difference) -> String {
    let name = |outcome: Option<Outcome>| {
        outcome.map_or("absent", |outcome| outcome.as_str().trim_start_matches("OUTCOME_"))
    };
    format!("{}: {} → {}", policy.policy_name, name(policy.present), name(policy.draft))
}
