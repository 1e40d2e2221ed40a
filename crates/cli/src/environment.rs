//! The one place that reads environment variables which no option stands for.

/// The variable's value; `None` when it is unset, empty or not Unicode.
pub(crate) fn variable(name: &'static str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}

/// What is logged when nobody says, and the variable that says.
pub(crate) fn log_filter() -> String {
    variable("KEYWARD_LOG").unwrap_or_else(|| "info".to_owned())
}
