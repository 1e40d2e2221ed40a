//! `kill -9` while eight clients write: what was acknowledged is there once, the rest is whole or absent.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod server;
