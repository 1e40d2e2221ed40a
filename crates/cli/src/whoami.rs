//! `keyward whoami`: for whom the API key or session speaks.

use clap::Args;
use keyward_protocol::queries::whoami;
use serde::Serialize;

use crate::connection::ConnectionOptions;
use crate::failure::Failure;
use crate::output;

/// Show the organization and user that the API key or session speaks for
#[derive(Args)]
pub(crate) struct Whoami {
    #[command(flatten)]
    connection: ConnectionOptions,
}

impl Whoami {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        let asked = whoami::Whoami { organization_id: connection.organization_id()?.to_owned() };
        let body = to_json(&asked)?;
        let answer = connection.post("/public/v1/query/whoami", &body)?;
        if is_for_machines {
            return output::answer(&answer, true);
        }
        let known: whoami::WhoamiResponse =
            serde_json::from_str(&answer).map_err(Failure::Answer)?;
        output::text(&format!(
            "organization  {} ({})\nuser          {} ({})\n",
            known.organization_id, known.organization_name, known.user_id, known.username
        ))
    }
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(Failure::Body)
}
