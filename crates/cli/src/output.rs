//! What is printed: data to the standard output, everything else to the standard error.
//!
//! Nothing else in this crate prints. A reader that went away is an error here, not a panic.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Prints text as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let line = serde_json::to_string(value).map_err(|source| Failure::Output(source.into()))?;
    text(&format!("{line}\n"))
}

/// Prints a server's JSON: indented for a person, otherwise as it came.
pub(crate) fn answer(answer: &str, is_for_machines: bool) -> Result<(), Failure> {
    let is_for_people = !is_for_machines && io::stdout().is_terminal();
    let indented = is_for_people
        .then(|| serde_json::from_str(answer).ok())
        .flatten()
        .and_then(|value: serde_json::Value| serde_json::to_string_pretty(&value).ok());
    let shown = indented.as_deref().unwrap_or(answer);
    text(&format!("{shown}\n"))
}

/// Says something to whoever sits before it.
pub(crate) fn note(text: &str) {
    // There is nowhere left to say that nobody reads it.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says why it failed: every cause once, the outermost first.
pub(crate) fn failure(failure: &Failure) {
    if let Failure::Refused { body, is_for_machines: true, .. } = failure {
        return note(body);
    }
    let mut text = format!("error: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        let link = error.to_string();
        if !text.ends_with(&link) {
            text.push_str(": ");
            text.push_str(&link);
        }
        cause = error.source();
    }
    note(&text);
}
