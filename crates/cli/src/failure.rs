//! Why a command failed, and the exit code that says so.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use keyward_protocol::wire::RequestError;
use keyward_server::fetch::FetchError;
use keyward_server::keyring::KeyringError;
use keyward_server::{BeginningError, ConfigError};
use keyward_store::StoreError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// A file or directory can't be used.
    #[error("{path} can't be used")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{path} is not what this command writes there")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The directory holds a server already.
    #[error("{0} holds a server already; nothing was changed")]
    HasBegun(PathBuf),
    /// The directory holds nothing.
    #[error("{0} holds no server yet: run `keyward init` first")]
    HasNotBegun(PathBuf),
    /// The directory was not begun by `keyward dev`.
    #[error("{0} was not begun by `keyward dev`: use `keyward serve`, or name another directory")]
    NotForDevelopment(PathBuf),
    /// The directory was begun otherwise.
    #[error("{0} was not begun with this seed file: remove it, or name another directory")]
    OtherSeed(PathBuf),
    /// There is no beginning.
    #[error(transparent)]
    Beginning(#[from] BeginningError),
    /// A root organization could not be made.
    #[error("the root organization can't be made")]
    Root(#[source] RequestError),
    /// There is no master key.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// It is no address of an identity provider.
    #[error("--private-issuer takes an address such as http://127.0.0.1:4000")]
    PrivateIssuer(#[source] FetchError),
    /// There is no configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database can't be opened.
    #[error("the database can't be opened")]
    Store(#[from] StoreError),
    /// What is to be logged is not understood.
    #[error("what to log is not understood")]
    LogFilter(#[from] tracing_subscriber::filter::ParseError),
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// The server stopped, or never started.
    #[error("the server can't run")]
    Run(#[source] io::Error),
    /// What was to be printed can't be.
    #[error("the output can't be written")]
    Output(#[source] io::Error),
    /// An option that is needed is nowhere.
    #[error("{option} is missing: give it, or {variable}, or --env-file with {line}")]
    Missing {
        /// `--…`.
        option: &'static str,
        /// `KEYWARD_…`.
        variable: &'static str,
        /// Its name in an env file.
        line: &'static str,
    },
    /// The private key is none. Its text is not repeated.
    #[error("the API private key is not a private key of this curve: 64 hex digits")]
    PrivateKey,
    /// The path names no activity that can be wrapped.
    #[error(
        "no activity is known for submit/{0}: give a whole request body, with `type` and `parameters`"
    )]
    UnknownActivity(String),
    /// The body from a file or the standard input is no object.
    #[error("the body is not a JSON object")]
    Body(#[source] serde_json::Error),
    /// The trusted certificates can't be read.
    #[error("the system's trusted certificates can't be read")]
    Certificates(#[source] keyward_server::tls::Error),
    /// No answer came.
    #[error("no answer from {base_url}")]
    Unreachable {
        /// Where it was asked.
        base_url: String,
        /// What went wrong.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server refused.
    #[error("{message} ({code})")]
    Refused {
        /// HTTP status, and the `turnkeyErrorCode` where there is one.
        code: String,
        /// What the server says.
        message: String,
        /// The answer as it came.
        body: String,
        /// Whether to print that instead.
        is_for_machines: bool,
    },
    /// A file holds no policies.
    #[error("{path} is not a JSON file of policies")]
    Policies {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A policy of a file could not be made.
    #[error("the policies of {0} can't be made as they are")]
    PoliciesWrong(PathBuf),
    /// The activity was recorded, and did not happen.
    #[error("the activity ended as {0}")]
    ActivityEnded(String),
    /// An answer is not what the server sends.
    #[error("the answer is not what a server sends")]
    Answer(#[source] serde_json::Error),
}

impl Failure {
    /// 2 for a wrong call, 1 for everything else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Missing { .. } | Self::PrivateKey | Self::UnknownActivity(_) => 2,
            _ => 1,
        }
    }
}
