#![doc = include_str!("../README.md")]

mod activities;
mod analysis;
mod bindings;
mod budget;
mod checker;
mod consensus;
mod decision;
mod demand;
mod error;
mod evaluator;
mod explanation;
mod expression;
mod lexer;
mod lints;
mod mfa;
mod parser;
mod possible;
mod printer;
mod program;
mod schema;
mod scope;
pub mod syntax;
mod time;
mod value;
mod view;

pub use activities::{ACTIVITY_TYPES, ActivityType};
pub use analysis::{Answer, Inquiry, Witness, can_anybody};
pub use bindings::{Bindings, Keyword};
pub use budget::{Asset, AssetCap, Budget, BudgetError, BudgetRefusal, Charge, Ledger, Spent};
pub use decision::{
    Approval, Decision, Effect, OnError, Outcome, Policy, PolicyTrace, Question, RootQuorum,
    Verdict, Voter, decide, may_vote, trace,
};
pub use error::{EvaluationError, EvaluationErrorKind, ExpressionError, Span};
pub use expression::{Dialect, Expression, Trace};
pub use lints::{Warning, mfa_warnings, policy_warnings, scope_warnings};
pub use mfa::{MfaMethod, MfaMethodKind, MfaPolicy, MfaStanding, RequiredMethod, standing};
pub use parser::place;
pub use scope::{ScopeVerdict, judge_scope};
pub use value::{Instant, Int, Value};
