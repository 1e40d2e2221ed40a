//! What holds for every set of policies.

#[cfg(test)]
mod properties;
