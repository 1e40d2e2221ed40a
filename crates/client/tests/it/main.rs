//! The client against a real server, over files, in memory and in keyrings.

#[cfg(test)]
mod key_stores;
#[cfg(test)]
mod log_ins;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod world;
