//! Policies of the shared vectors: every decision, MFA standing and scope.
//!
//! They are read from the folder named by `KEYWARD_VECTORS`, or from `tests/vectors` of the repository. The file
//! is data: nothing here knows a case by its name.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod context;
#[cfg(test)]
mod json;
