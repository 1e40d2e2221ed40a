//! The bindings: the Python one against a live server, the Swift and Kotlin ones against what is committed.

mod bindings;
mod python;
