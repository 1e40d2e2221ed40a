//! What the crate promises, seen from outside, against vectors shared by the whole project.

#[cfg(test)]
mod bundles;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod wallets;
