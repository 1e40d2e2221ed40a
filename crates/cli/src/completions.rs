//! `keyward completions`: what a shell needs to complete this command's words.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::{Arguments, output};

/// Print a shell's completions
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "keyward", &mut script);
        output::text(&String::from_utf8_lossy(&script))
    }
}
