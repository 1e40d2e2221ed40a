//! `keyward serve`: the server for production.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use keyward_server::delivery::Sending;
use keyward_server::{App, Config, beginning};
use keyward_store::SealedStore;

use crate::data_directory::DataDirectory;
use crate::environment::variable;
use crate::failure::Failure;
use crate::running::{Listening, block_on, log};

/// Run a server that `keyward init` has begun
///
/// Variables go over the configuration file: `KEYWARD_LISTEN`, `KEYWARD_DATA_DIR`, `KEYWARD_PUBLIC_URL`,
/// `KEYWARD_LOG`, `KEYWARD_LOG_JSON`, `KEYWARD_PLAYGROUND`, `KEYWARD_PLAYGROUND_ORGANIZATION_ID`,
/// `KEYWARD_SMTP_URL`, `KEYWARD_MAIL_FROM` and `KEYWARD_SMS_TOKEN`. `KEYWARD_MASTER_KEY` (64 hex digits) stands
/// for the master key's file.
#[derive(Args)]
pub(crate) struct Serve {
    /// Configuration file
    #[arg(long, env = "KEYWARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = Config::load(self.config.as_deref(), variable)?;
        log(&config.log, config.log_json)?;
        block_on(serve(config))
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let delivery = Sending::new(&config)?;
    let directory = DataDirectory::existing(config.data_dir.clone())?;
    let store = directory.open_store()?;
    if !beginning::has_begun(&*store).await? {
        return Err(Failure::HasNotBegun(directory.path().to_owned()));
    }
    let store = SealedStore::new(store, directory.master_key()?);
    let keys = beginning::server_keys(&store).await?;
    let organization = beginning::root_organization(&store).await?;
    let listening = Listening::bind(config.listen).await?;
    tracing::info!(address = %listening.address, %organization, "listening");
    let base_url = format!("http://{}", listening.address);
    let delivery = Arc::new(delivery);
    listening.serve(App::new(store, keys, &config, base_url, delivery)).await
}
