//! `keyward keygen`: an API key, made here and registered nowhere.

use clap::Args;
use keyward_crypto::os_rng;
use serde_json::json;

use crate::failure::Failure;
use crate::key::{Curve, KeyPair};
use crate::output;

/// Make an API key pair
#[derive(Args)]
pub(crate) struct Keygen {
    /// Its curve
    #[arg(long, value_enum, default_value_t)]
    curve: Curve,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

impl Keygen {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let key = KeyPair::generate(self.curve, &mut os_rng());
        let (curve, public, private) = (self.curve.as_str(), key.public_key(), key.private_key());
        if self.json {
            output::json(&json!({ "curve": curve, "publicKey": public, "privateKey": private }))
        } else {
            output::text(&format!(
                "curve        {curve}\npublic key   {public}\nprivate key  {private}\n"
            ))
        }
    }
}
