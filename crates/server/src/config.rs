//! Configuration: a TOML file, then `KEYWARD_*` variables over it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where the server listens when nobody says.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7400);

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration file {path} can't be read")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML of the right shape.
    #[error("the configuration file {path} is wrong")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A variable does not hold what it should.
    #[error("the variable {0} does not hold a valid value")]
    Variable(&'static str),
}

/// What an operator decides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address to listen on. `KEYWARD_LISTEN`.
    pub listen: SocketAddr,
    /// Where the database and the master key's file are. `KEYWARD_DATA_DIR`.
    pub data_dir: PathBuf,
    /// Log as JSON lines. `KEYWARD_LOG_JSON`, `true` or `false`.
    pub log_json: bool,
    /// What is logged: `error`, `warn`, `info`, `debug`, or directives for parts. `KEYWARD_LOG`.
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            data_dir: PathBuf::from("keyward-data"),
            log_json: true,
            log: "info".to_owned(),
        }
    }
}

impl Config {
    /// Reads the file, where there is one, and the variables.
    pub fn load(
        file: Option<&Path>,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
                toml::from_str(&text).map_err(|source| ConfigError::Malformed {
                    path: path.to_owned(),
                    source: Box::new(source),
                })?
            }
        };
        if let Some(text) = variable("KEYWARD_LISTEN") {
            config.listen = text.parse().map_err(|_| ConfigError::Variable("KEYWARD_LISTEN"))?;
        }
        if let Some(text) = variable("KEYWARD_DATA_DIR") {
            config.data_dir = PathBuf::from(text);
        }
        if let Some(text) = variable("KEYWARD_LOG_JSON") {
            config.log_json =
                text.parse().map_err(|_| ConfigError::Variable("KEYWARD_LOG_JSON"))?;
        }
        if let Some(text) = variable("KEYWARD_LOG") {
            config.log = text;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_go_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.toml");
        std::fs::write(&path, "listen = \"0.0.0.0:80\"\nlog = \"debug\"\n").unwrap();
        let variable = |name| (name == "KEYWARD_LISTEN").then(|| "127.0.0.1:1".to_owned());
        let config = Config::load(Some(&path), variable).unwrap();
        assert_eq!(config.listen, "127.0.0.1:1".parse().unwrap());
        assert_eq!(config.log, "debug");
        assert_eq!(config.data_dir, PathBuf::from("keyward-data"));
    }

    #[test]
    fn refuses_members_it_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyward.toml");
        std::fs::write(&path, "lisen = \"0.0.0.0:80\"\n").unwrap();
        assert!(matches!(Config::load(Some(&path), |_| None), Err(ConfigError::Malformed { .. })));
    }
}
