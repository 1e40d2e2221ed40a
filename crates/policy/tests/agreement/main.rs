//! Whether two evaluators agree, and what holds of any text.

#![cfg_attr(
    test,
    expect(
        clippy::items_after_statements,
        clippy::format_collect,
        clippy::type_complexity,
        clippy::match_same_arms,
        reason = "generators read best where each case stands by itself"
    )
)]

#[cfg(test)]
mod claims;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod random;
