//! The command itself, in processes of its own, on temporary directories and free ports.

#[cfg(test)]
mod client;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod process;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod session;
