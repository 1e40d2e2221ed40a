#![doc = include_str!("../README.md")]

mod app;
pub mod beginning;
mod clock;
pub mod config;
mod dev;
pub mod http;
pub mod keyring;
mod metrics;
mod openapi;
mod query;
pub mod seed;
pub mod serve;
mod submit;
mod testing;

pub use app::App;
pub use beginning::{Beginning, BeginningError, Root};
pub use clock::Clock;
pub use config::{Config, ConfigError};
pub use testing::TestServer;
