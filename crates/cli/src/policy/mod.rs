//! `keyward policy`: what is wrong with policies, what they decided, and what others would have decided.

mod can;
mod check;
mod explain;
mod file;
mod replay;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Check, explain and try policies
#[derive(Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Check),
    Explain(explain::Explain),
    Replay(replay::Replay),
    Can(can::Can),
}

impl Policy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Check(check) => check.run(),
            Command::Explain(explain) => explain.run(),
            Command::Replay(replay) => replay.run(),
            Command::Can(can) => can.run(),
        }
    }
}
