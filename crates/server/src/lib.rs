#![doc = include_str!("../README.md")]

mod app;
mod auth_proxy;
pub mod background;
pub mod beginning;
pub mod chains;
mod clock;
pub mod config;
pub mod delivery;
pub mod dev;
mod facts;
pub mod fetch;
mod frames;
pub mod http;
mod identities;
pub mod keyring;
pub mod limits;
mod metrics;
pub mod oauth2;
pub mod oidc;
mod openapi;
mod playground;
mod query;
mod replay;
pub mod seed;
pub mod serve;
#[cfg(test)]
mod site;
mod submit;
mod testing;
pub mod tls;
mod uses;
mod vote;

pub use app::App;
pub use beginning::{Beginning, BeginningError, Root};
pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use metrics::MessageCounts;
pub use testing::TestServer;
