//! `keyward init`: the beginning of a server for production.

use std::path::PathBuf;

use clap::Args;
use keyward_crypto::os_rng;
use keyward_server::{Beginning, Clock, beginning};
use keyward_store::SealedStore;
use serde_json::json;

use crate::data_directory::DataDirectory;
use crate::failure::Failure;
use crate::output;
use crate::running::block_on;

/// Make the master key, the server's keys, the root organization and its first API key
///
/// The master key is that of `KEYWARD_MASTER_KEY` (64 hex digits) where it is set, otherwise a new one in
/// the file master.key of the data directory.
#[derive(Args)]
pub(crate) struct Init {
    /// Where the database and the master key's file are to be
    #[arg(long, env = "KEYWARD_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// Name of the root organization
    #[arg(long, default_value = "Root organization")]
    name: String,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(crate) fn run(self) -> Result<(), Failure> {
        block_on(self.begin())
    }

    async fn begin(self) -> Result<(), Failure> {
        let directory = DataDirectory::create(self.data_dir)?;
        let store = directory.open_store()?;
        if beginning::has_begun(&*store).await? {
            return Err(Failure::HasBegun(directory.path().to_owned()));
        }
        let store = SealedStore::new(store, directory.new_master_key()?);
        let now = Clock::default().now();
        let beginning =
            Beginning::generate(&self.name, now, &mut os_rng()).map_err(Failure::Root)?;
        let root = beginning.store(&store).await?;
        let (public, private) = (root.api_public_key(), root.api_private_key());
        if self.json {
            output::json(&json!({
                "organizationId": root.organization,
                "userId": root.user,
                "apiPublicKey": public,
                "apiPrivateKey": private,
            }))?;
        } else {
            output::text(&format!(
                "organization     {}\nuser             {}\nAPI public key   {public}\nAPI private key  \
                 {private}\n",
                root.organization, root.user
            ))?;
        }
        output::note("Keep the API private key: it is kept nowhere else and not shown again.");
        output::note("Keep a copy of the master key: without it the data can't be read.");
        Ok(())
    }
}
