//! `kill -9` while clients write: what was acknowledged is there once, the rest is whole or absent, and a budget is kept.

#[cfg(test)]
mod budget;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod server;
