#![doc = include_str!("../README.md")]

pub mod activities;
pub mod bundle;
pub mod client_signature;
pub mod otp_message;
pub mod parameters;
pub mod queries;
pub mod stamp;
pub mod wire;

#[cfg(feature = "engine")]
pub mod address;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod payload;
#[cfg(feature = "engine")]
pub mod transaction;
