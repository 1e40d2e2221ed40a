//! The server as its clients meet it: requests into the router, answers out of it.

#[cfg(test)]
#[cfg(test)]
mod auth_proxy;
#[cfg(test)]
mod authorization;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod chains;
#[cfg(test)]
mod client;
#[cfg(test)]
mod consensus;
#[cfg(test)]
mod dev_oidc;
#[cfg(test)]
mod disclosure;
#[cfg(test)]
mod factors;
mod frames;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod log_ins;
#[cfg(test)]
mod node;
#[cfg(test)]
mod playground;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod races;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod reset;
#[cfg(test)]
mod rlp;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod time;
#[cfg(test)]
mod wallets;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod well_known;
#[cfg(test)]
mod world;
