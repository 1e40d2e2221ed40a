//! What a condition can come to when only part of the request is known.

use crate::activities::{ACTIVITY_TYPES, ActivityType};
use crate::bindings::{Bindings, Keyword};
use crate::value::Value;
use crate::view::{Node, View};

/// What a condition can come to: more than it does, never less.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Possible {
    pub(crate) is_true: bool,
    pub(crate) is_false: bool,
    pub(crate) fails: bool,
}

impl Possible {
    const FAILS: Self = Self { is_true: false, is_false: false, fails: true };

    fn only(value: bool) -> Self {
        Self { is_true: value, is_false: !value, fails: false }
    }

    fn not(self) -> Self {
        Self { is_true: self.is_false, is_false: self.is_true, fails: self.fails }
    }

    /// Nothing is short-circuited: what fails on either side fails.
    fn and(self, other: Self) -> Self {
        Self {
            is_true: self.is_true && other.is_true,
            is_false: (self.is_false && (other.is_true || other.is_false))
                || (other.is_false && (self.is_true || self.is_false)),
            fails: self.fails || other.fails,
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// A request of which something is known.
pub(crate) struct Form<'a> {
    /// Its activity; `None` where it can be any.
    pub(crate) activity: Option<&'static ActivityType>,
    /// The keywords that it binds beside `activity`; `None` where it can be any.
    pub(crate) bound: Option<Vec<Keyword>>,
    /// What is known. `activity` has no `params` here where those are not.
    pub(crate) known: &'a Bindings,
}

/// `activity` of a type, without what the type does not say.
pub(crate) fn activity_value(activity: &ActivityType) -> Value {
    let field = |name, text: Option<&'static str>| Some((name, Value::text(text?)));
    let fields = [
        field("type", Some(activity.name)),
        field("kind", activity.kind),
        field("resource", activity.resource),
        field("action", activity.action),
    ];
    Value::structure(fields.into_iter().flatten())
}

/// Every form that a request judged by policies can have: its activity with the keywords it binds.
pub(crate) fn forms() -> impl Iterator<Item = (&'static ActivityType, Vec<Keyword>)> {
    let judged = ACTIVITY_TYPES.iter().filter(|activity| activity.kind.is_some());
    judged.flat_map(|activity| activity.forms().into_iter().map(move |form| (activity, form)))
}

impl Form<'_> {
    fn has_params(&self) -> bool {
        let Some(Value::Struct(fields)) = self.known.get(Keyword::Activity) else { return false };
        fields.iter().any(|(name, _)| *name == "params")
    }

    /// What a condition can come to.
    pub(crate) fn possible(&self, node: Node<'_>) -> Possible {
        match node.view() {
            View::Bool(value) => Possible::only(value),
            View::Not(of) => self.possible(of).not(),
            View::And(parts) => self.fold(&parts, true, Possible::and),
            View::Or(parts) => self.fold(&parts, false, Possible::or),
            _ if self.always_fails(node) => Possible::FAILS,
            _ if self.is_closed(node) => match node.evaluate(self.known) {
                Ok(value) => Possible::only(value),
                Err(_) => Possible::FAILS,
            },
            _ => Possible { is_true: true, is_false: true, fails: self.can_fail(node) },
        }
    }

    /// Whether a condition is not false whatever its failing clauses stand for: whether it was meant for such
    /// a request.
    pub(crate) fn is_meant(&self, node: Node<'_>) -> bool {
        self.meant(node).is_true
    }

    fn meant(&self, node: Node<'_>) -> Possible {
        match node.view() {
            View::Not(of) => self.meant(of).not(),
            View::And(parts) => parts.iter().fold(Possible::only(true), |sum, part| {
                let part = self.meant(*part);
                Possible {
                    is_true: sum.is_true && part.is_true,
                    is_false: sum.is_false || part.is_false,
                    fails: false,
                }
            }),
            View::Or(parts) => parts.iter().fold(Possible::only(false), |sum, part| {
                let part = self.meant(*part);
                Possible {
                    is_true: sum.is_true || part.is_true,
                    is_false: sum.is_false && part.is_false,
                    fails: false,
                }
            }),
            _ => {
                let possible = self.possible(node);
                if possible.is_true || possible.is_false {
                    possible
                } else {
                    Possible { is_true: true, is_false: true, fails: false }
                }
            }
        }
    }

    fn fold(
        &self,
        parts: &[Node<'_>],
        unit: bool,
        join: impl Fn(Possible, Possible) -> Possible,
    ) -> Possible {
        parts.iter().fold(Possible::only(unit), |sum, part| join(sum, self.possible(*part)))
    }

    /// The first keyword or parameter, in reading order, that is read in any case and that the request does not have.
    pub(crate) fn missing<'n>(&self, node: Node<'n>) -> Option<Node<'n>> {
        if self.lacks(node) {
            return Some(node);
        }
        match node.view() {
            // The predicate is not looked at when the list is empty.
            View::Quantified(_, list, _) => self.missing(list),
            _ => node.parts().into_iter().find_map(|part| self.missing(part)),
        }
    }

    fn always_fails(&self, node: Node<'_>) -> bool {
        self.missing(node).is_some()
    }

    fn lacks(&self, node: Node<'_>) -> bool {
        match node.view() {
            View::Root(Keyword::Activity) => false,
            View::Root(keyword) => {
                self.known.get(keyword).is_none()
                    && self.bound.as_ref().is_some_and(|bound| !bound.contains(&keyword))
            }
            View::Field(of, name) if is_params(of) && !self.has_params() => {
                self.activity.is_some_and(|activity| !activity.params().contains(&name))
            }
            _ => false,
        }
    }

    /// Whether everything it reads is known.
    fn is_closed(&self, node: Node<'_>) -> bool {
        let mut is_closed = true;
        node.walk(&mut |part| match part.view() {
            View::Root(keyword) => is_closed &= self.known.get(keyword).is_some(),
            View::Field(of, "params") if matches!(of.view(), View::Root(Keyword::Activity)) => {
                is_closed &= self.has_params();
            }
            _ => {}
        });
        is_closed
    }

    /// Whether something it reads may be missing, out of range or of another type, or can't be told.
    fn can_fail(&self, node: Node<'_>) -> bool {
        let mut can_fail = false;
        node.walk(&mut |part| {
            can_fail |= self.lacks(part) || self.is_unsure(part);
        });
        can_fail
    }

    /// Whether reading this node itself can fail though its keyword is bound.
    pub(crate) fn is_unsure(&self, node: Node<'_>) -> bool {
        match node.view() {
            View::Root(keyword) if keyword != Keyword::Activity => {
                self.known.get(keyword).is_none() && self.bound.is_none()
            }
            View::Index(..)
            | View::Slice(..)
            | View::Field(_, "contract_call_args" | "parsed_instruction_data") => true,
            View::Field(of, "kind") => {
                self.activity.is_none() && matches!(of.view(), View::Root(Keyword::Activity))
            }
            View::Field(of, _) if is_params(of) => self.activity.is_none() && !self.has_params(),
            // Fields of a Tron contract depend on its type.
            View::Field(of, name) => {
                !matches!(name, "type" | "permission_id" | "owner_address") && is_tron_contract(of)
            }
            _ => false,
        }
    }
}

fn is_params(node: Node<'_>) -> bool {
    matches!(node.view(), View::Field(of, "params") if matches!(of.view(), View::Root(Keyword::Activity)))
}

fn is_tron_contract(node: Node<'_>) -> bool {
    matches!(node.view(), View::Index(of, _) if matches!(of.view(), View::Field(_, "contract")))
}
