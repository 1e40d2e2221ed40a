//! The published vectors, case by case.
//!
//! They are read from the folder named by `KEYWARD_VECTORS`, or from `tests/vectors` of the
//! repository. Every file is data: nothing here knows a case by its name.

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod bundles;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod stamps;
#[cfg(test)]
mod tokens;
// Further modules go here, in alphabetical order, each with its `#[cfg(test)]`.
