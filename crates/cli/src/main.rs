#![doc = include_str!("../README.md")]

mod completions;
mod connection;
mod data_directory;
mod dev;
mod environment;
mod failure;
mod init;
mod key;
mod keygen;
mod output;
mod policy;
mod request;
mod running;
mod serve;
mod session;
mod whoami;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Requests hand out and take back memory on several threads, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-hosted wallet sessions and signing.
#[derive(Parser)]
#[command(name = "keyward", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Dev),
    Init(init::Init),
    Serve(serve::Serve),
    Keygen(keygen::Keygen),
    Request(request::Request),
    Whoami(whoami::Whoami),
    Session(session::Session),
    Policy(policy::Policy),
    Completions(completions::Completions),
}

impl Command {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Dev(dev) => dev.run(),
            Self::Init(init) => init.run(),
            Self::Serve(serve) => serve.run(),
            Self::Keygen(keygen) => keygen.run(),
            Self::Request(request) => request.run(),
            Self::Whoami(whoami) => whoami.run(),
            Self::Session(session) => session.run(),
            Self::Policy(policy) => policy.run(),
            Self::Completions(completions) => completions.run(),
        }
    }
}

fn main() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
