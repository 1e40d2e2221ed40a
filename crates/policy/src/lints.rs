//! What an author probably did not mean. Advice only: nothing here refuses a policy.
//!
//! Source: policy language §18 and §19, sessions §7.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::activities::{ACTIVITY_TYPES, ActivityType};
use crate::bindings::{Bindings, Keyword};
use crate::consensus::{Effort, is_reachable};
use crate::decision::{Approval, Effect, OnError, Policy, Voter};
use crate::error::Span;
use crate::expression::{Dialect, Expression};
use crate::mfa::{MfaMethod, MfaMethodKind, MfaPolicy, RequiredMethod};
use crate::possible::{Form, activity_value, forms};
use crate::program::Quantifier;
use crate::syntax::Comparison;
use crate::value::Value;
use crate::view::{Node, View};

/// Something that an author should look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning {
    /// What kind of thing: words joined by hyphens, always the same.
    pub code: &'static str,
    /// What it is, and what would help.
    pub message: String,
    /// Of which expression.
    pub dialect: Dialect,
    /// Where in it; `None` when it is about the whole.
    pub span: Option<Span>,
}

/// What is odd about a policy. `users` are those of its organization.
pub fn policy_warnings(policy: &Policy, users: &[Voter]) -> Vec<Warning> {
    let mut found = Vec::new();
    let readable = |expression: &'_ Option<Result<std::sync::Arc<Expression>, ()>>| {
        expression.as_ref().and_then(|expression| expression.as_ref().ok()).cloned()
    };
    let (condition, consensus) = (readable(&policy.condition), readable(&policy.consensus));
    match condition.as_deref().map(Expression::view) {
        Some(root) => {
            condition_warnings(root, &mut found);
            if policy.effect == Effect::Deny {
                guard_warnings(root, policy.on_error, &mut found);
            }
        }
        None if policy.condition.is_none() => found.push(everything(policy.effect, None)),
        None => {}
    }
    match consensus.as_deref().map(Expression::view) {
        Some(root) => {
            if let Some(consensus) = consensus.as_deref() {
                consensus_warnings(consensus, root, policy.effect, users, &mut found);
            }
        }
        None if policy.consensus.is_none() && policy.effect == Effect::Allow => {
            found.push(anybody(None));
        }
        None => {}
    }
    found
}

/// What is odd about the scope of a session profile.
pub fn scope_warnings(scope: &Expression) -> Vec<Warning> {
    let mut found = Vec::new();
    let root = scope.view();
    condition_warnings(root, &mut found);
    let widening: Vec<&str> = forms()
        .filter(|(activity, form)| {
            makes_credentials(activity) && {
                let known = Bindings::default().with(Keyword::Activity, unscoped(activity));
                let form =
                    Form { activity: Some(activity), bound: Some(form.clone()), known: &known };
                form.possible(root).is_true
            }
        })
        .map(|(activity, _)| activity.name)
        .collect();
    if let Some(example) = widening.first() {
        found.push(Warning {
            code: "scope-can-widen",
            message: format!(
                "a session of this profile may do {}: make a session or a credential that the scope does not \
                 limit; leave out resources AUTH and CREDENTIAL, or ask for MFA there",
                and_more(example, widening.len())
            ),
            dialect: Dialect::Condition,
            span: None,
        });
    }
    found
}

/// What is odd about the MFA policies of one user, all of them, in the order they were made. `available` are the
/// factors it could show: its credentials and contacts. Sessions are taken to be available.
pub fn mfa_warnings(policies: &[MfaPolicy], available: &[MfaMethod]) -> Vec<(Uuid, Warning)> {
    let mut found = Vec::new();
    for policy in policies {
        if let Some(root) = policy.condition.as_ref().ok().map(|condition| condition.view()) {
            let mut warnings = Vec::new();
            condition_warnings(root, &mut warnings);
            // Meant: a catch-all for what earlier policies leave.
            warnings.retain(|warning| warning.code != "condition-true");
            found.extend(warnings.into_iter().map(|warning| (policy.id, warning)));
        }
        let has = |required: &RequiredMethod| {
            required.kind == MfaMethodKind::Session
                || available.iter().any(|method| required.accepts(method))
        };
        if let Some(place) = policy.steps.iter().position(|step| !step.iter().any(has)) {
            let message = format!(
                "the user can't take step {}: it has none of its factors, and nobody can get past it without them",
                place + 1
            );
            found.push((policy.id, mfa_warning("mfa-locks-out", message)));
        }
    }
    found.extend(log_in_warnings(policies));
    found
}

fn mfa_warning(code: &'static str, message: String) -> Warning {
    Warning { code, message, dialect: Dialect::Condition, span: None }
}

/// Policies that ask for a session to log in. Source: sessions §7, item 7.
fn log_in_warnings(policies: &[MfaPolicy]) -> Vec<(Uuid, Warning)> {
    let mut ordered: Vec<&MfaPolicy> = policies.iter().collect();
    ordered.sort_by_key(|policy| policy.order);
    let needs_session = |policy: &MfaPolicy| {
        let is_session = |method: &RequiredMethod| method.kind == MfaMethodKind::Session;
        policy.steps.iter().any(|step| step.iter().all(is_session))
    };
    let mut found: Vec<(Uuid, Warning)> = Vec::new();
    for activity in ACTIVITY_TYPES.iter().filter(|activity| is_log_in(activity)) {
        let known = Bindings::default().with(Keyword::Activity, unscoped(activity));
        let form = Form { activity: Some(activity), bound: Some(Vec::new()), known: &known };
        for policy in &ordered {
            let Some(root) = policy.condition.as_ref().ok().map(|condition| condition.view())
            else {
                break;
            };
            let possible = form.possible(root);
            if possible.is_true && needs_session(policy) {
                if found.iter().all(|(id, _)| *id != policy.id) {
                    let message = format!(
                        "it is also about logging in ({}), which no session can stamp: the user could never log in \
                         again; make a policy of a lower order for activity.resource == 'AUTH'",
                        activity.name
                    );
                    found.push((policy.id, mfa_warning("mfa-locks-out-log-in", message)));
                }
                break;
            }
            if possible.is_true && !possible.is_false && !possible.fails {
                break;
            }
        }
    }
    found
}

fn is_log_in(activity: &ActivityType) -> bool {
    matches!(activity.kind, Some("STAMP_LOGIN" | "OTP_LOGIN" | "OAUTH_LOGIN"))
}

/// Whether it makes a session or a credential.
fn makes_credentials(activity: &ActivityType) -> bool {
    let makes_session = is_log_in(activity)
        || matches!(
            activity.kind,
            Some(
                "CREATE_READ_WRITE_SESSION" | "OTP_AUTH" | "EMAIL_AUTH" | "OAUTH" | "RECOVER_USER"
            )
        );
    makes_session || (activity.is_credential_management() && activity.action == Some("CREATE"))
}

/// `activity` of a log-in that asks for no profile.
fn unscoped(activity: &ActivityType) -> Value {
    let mut fields = match activity_value(activity) {
        Value::Struct(fields) => fields.to_vec(),
        _ => Vec::new(),
    };
    if is_log_in(activity) {
        fields.push(("params", Value::structure([("session_profile_id", Value::text(""))])));
    }
    Value::structure(fields)
}

fn and_more(example: &str, of: usize) -> String {
    match of.saturating_sub(1) {
        0 => example.to_owned(),
        1 => format!("{example} and one more"),
        more => format!("{example} and {more} more"),
    }
}

fn everything(effect: Effect, span: Option<Span>) -> Warning {
    let does = if effect == Effect::Allow { "allows" } else { "denies" };
    Warning {
        code: "condition-true",
        message: format!("it {does} everything: say which activities are meant"),
        dialect: Dialect::Condition,
        span,
    }
}

fn anybody(span: Option<Span>) -> Warning {
    Warning {
        code: "any-user",
        message: "any user may do it: a policy that allows should say who, in its consensus"
            .to_owned(),
        dialect: Dialect::Consensus,
        span,
    }
}

/// What is odd about a condition, whatever it is for.
fn condition_warnings(root: Node<'_>, found: &mut Vec<Warning>) {
    let mut warn = |code, span, message| {
        found.push(Warning { code, message, dialect: Dialect::Condition, span: Some(span) });
    };
    if matches!(root.view(), View::Bool(true)) {
        warn(
            "condition-true",
            root.span(),
            "it is true for everything: say which activities are meant".to_owned(),
        );
        return;
    }
    let counted = counted(root);
    let mut knows_names = true;
    root.walk(&mut |node| match node.view() {
        View::Compare(Comparison::Equal | Comparison::NotEqual, left, right) => {
            for (subject, literal) in [(left, right), (right, left)] {
                knows_names &= literal_warnings(subject, literal, &mut warn);
            }
        }
        View::In(subject, list) | View::Contains(list, subject) => {
            if let View::List(literals) = list.view() {
                for literal in literals {
                    knows_names &= literal_warnings(subject, literal, &mut warn);
                }
            }
        }
        View::Quantified(Quantifier::All, list, _) if !counted.contains(list.text()) => {
            let list = list.text();
            let message = format!(
                "all of nothing is true: it also holds when {list} is empty; add {list}.count() > 0"
            );
            warn("all-without-count", node.span(), message);
        }
        View::Index(list, place) => {
            if let View::Int(place) = place.view()
                && is_batchable(list)
                && !counted.contains(list.text())
            {
                let list = list.text();
                let message = format!(
                    "only element {place} of {list} is looked at, and there can be others; say all of them, or how \
                     many there are"
                );
                warn("fixed-index", node.span(), message);
            }
        }
        _ => {}
    });
    form_warnings(root, knows_names, &mut warn);
}

/// Lists whose length the expression looks at, as written.
fn counted(root: Node<'_>) -> BTreeSet<&str> {
    let mut counted = BTreeSet::new();
    root.walk(&mut |node| {
        if let View::Count(list) = node.view() {
            counted.insert(list.text());
        }
    });
    counted
}

/// Whether a list can hold more than an author thinks of: what a transaction or a message carries several of.
fn is_batchable(list: Node<'_>) -> bool {
    match list.view() {
        View::Field(_, name) => matches!(
            name,
            "instructions"
                | "top_level_instructions"
                | "transfers"
                | "spl_transfers"
                | "account_keys"
                | "static_account_keys"
                | "program_keys"
                | "top_level_program_keys"
                | "address_table_lookups"
                | "calls"
                | "inputs"
                | "outputs"
                | "user_ids"
                | "api_key_ids"
                | "signatures"
        ),
        View::Root(keyword) => keyword == Keyword::Wallets,
        // A list in typed data: its structs are maps.
        View::Index(of, key) => {
            matches!(key.view(), View::Text(..)) && {
                let mut is_typed_data = false;
                of.walk(&mut |node| {
                    is_typed_data |= matches!(node.view(), View::Root(Keyword::EthEip712));
                });
                is_typed_data
            }
        }
        _ => false,
    }
}

/// What is odd about comparing something with a literal. Returns whether an activity of that name exists.
fn literal_warnings(
    subject: Node<'_>,
    literal: Node<'_>,
    warn: &mut impl FnMut(&'static str, Span, String),
) -> bool {
    let View::Text(text, ignores_case) = literal.view() else { return true };
    match subject.view() {
        View::Slice(_, from, to) => {
            if let (View::Int(from), View::Int(to)) = (from.view(), to.view())
                && let (Some(from), Some(to)) = (from.to_usize(), to.to_usize())
                && let Some(length) = to.checked_sub(from)
                && length != text.chars().count()
            {
                let message = format!(
                    "a slice of {length} characters never equals a text of {}",
                    text.chars().count()
                );
                warn("slice-length", literal.span(), message);
            }
        }
        View::Field(of, name) if matches!(of.view(), View::Root(Keyword::Activity)) => {
            return activity_warnings(name, text, literal, warn);
        }
        View::Field(of, "address")
            if matches!(of.view(), View::Root(Keyword::WalletAccount))
                && !ignores_case
                && is_address_without_checksum(text) =>
        {
            let message = "the address of an account is compared exactly, and is written with its checksum \
                           (EIP-55): this never equals it";
            warn("address-case", literal.span(), message.to_owned());
        }
        View::Field(of, "data") if matches!(of.view(), View::Root(Keyword::EthTx)) => {
            lower_hex_warning(text, ignores_case, literal, warn);
        }
        View::Field(_, "instruction_data_hex") => {
            lower_hex_warning(text, ignores_case, literal, warn);
        }
        _ => {}
    }
    true
}

fn lower_hex_warning(
    text: &str,
    ignores_case: bool,
    literal: Node<'_>,
    warn: &mut impl FnMut(&'static str, Span, String),
) {
    if !ignores_case && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let message =
            "this is compared exactly, and its digits are lower case: it never equals this";
        warn("hex-case", literal.span(), message.to_owned());
    }
}

/// `0x` and 40 hex digits whose letters are all of one case: a checksum mixes them, all but never leaves them alike.
fn is_address_without_checksum(text: &str) -> bool {
    let Some(digits) = text.strip_prefix("0x") else { return false };
    let letters = || digits.bytes().filter(u8::is_ascii_alphabetic);
    digits.len() == 40
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && letters().count() > 0
        && (letters().all(|byte| byte.is_ascii_lowercase())
            || (letters().count() > 8 && letters().all(|byte| byte.is_ascii_uppercase())))
}

/// Names of activities that do not exist, and exact versions.
fn activity_warnings(
    field: &str,
    text: &str,
    literal: Node<'_>,
    warn: &mut impl FnMut(&'static str, Span, String),
) -> bool {
    let names: BTreeSet<&'static str> = ACTIVITY_TYPES
        .iter()
        .filter_map(|activity| match field {
            "type" => Some(activity.name),
            "kind" => activity.kind,
            "resource" => activity.resource,
            "action" => activity.action,
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return true;
    }
    if !names.contains(text) {
        let distance = |name: &&&'static str| strsim::levenshtein(name, text);
        let nearest = names.iter().min_by_key(distance);
        let near = nearest.filter(|name| distance(name) <= 3.max(text.len() / 3));
        let hint = near.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
        warn("unknown-name", literal.span(), format!("no activity has the {field} '{text}'{hint}"));
        return false;
    }
    if field == "type"
        && let Some(kind) = ActivityType::named(text).and_then(|activity| activity.kind)
    {
        let versions: Vec<&str> = ACTIVITY_TYPES
            .iter()
            .filter(|other| other.kind == Some(kind) && other.name != text)
            .map(|other| other.name)
            .collect();
        if let Some(other) = versions.first() {
            let message = format!(
                "this is one version: {} is the same to a client; activity.kind == '{kind}' is all of them",
                and_more(other, versions.len())
            );
            warn("exact-type", literal.span(), message);
        }
    }
    true
}

/// Conditions that hold for no form a request can have.
fn form_warnings(
    root: Node<'_>,
    knows_names: bool,
    warn: &mut impl FnMut(&'static str, Span, String),
) {
    let (mut can_hold, mut has_value) = (false, false);
    for (activity, bound) in forms() {
        let known = Bindings::default().with(Keyword::Activity, activity_value(activity));
        let form = Form { activity: Some(activity), bound: Some(bound), known: &known };
        let possible = form.possible(root);
        can_hold |= possible.is_true;
        has_value |= possible.is_true || possible.is_false;
    }
    if !has_value {
        let message = "no request has everything this reads, so it always fails: signing is with an account of a \
                       wallet or with a private key, and of one kind of transaction";
        warn("always-fails", root.span(), message.to_owned());
    } else if !can_hold && knows_names {
        let message =
            "no activity makes this true: what fits its names does not have what it reads";
        warn("never-true", root.span(), message.to_owned());
    }
}

/// What keeps a policy that denies from denying.
fn guard_warnings(root: Node<'_>, on_error: OnError, found: &mut Vec<Warning>) {
    let mut missing: Vec<(&str, Span, Vec<&'static str>)> = Vec::new();
    let mut others: BTreeSet<&'static str> = BTreeSet::new();
    let mut unsure: Option<Span> = None;
    for (activity, bound) in forms() {
        let known = Bindings::default().with(Keyword::Activity, activity_value(activity));
        let form = Form { activity: Some(activity), bound: Some(bound), known: &known };
        let possible = form.possible(root);
        if !possible.fails {
            continue;
        }
        if !form.is_meant(root) {
            others.insert(activity.name);
            continue;
        }
        if let Some(node) = form.missing(root) {
            let text = node.text();
            match missing.iter_mut().find(|(known, ..)| *known == text) {
                Some((_, _, names)) if names.contains(&activity.name) => {}
                Some((_, _, names)) => names.push(activity.name),
                None => missing.push((text, node.span(), vec![activity.name])),
            }
        } else if possible.is_true && unsure.is_none() {
            root.walk(&mut |node| {
                if unsure.is_none() && form.is_unsure(node) {
                    unsure = Some(node.span());
                }
            });
        }
    }
    let mut warn = |code, span, message| {
        found.push(Warning { code, message, dialect: Dialect::Condition, span });
    };
    if on_error == OnError::Deny {
        if let Some(example) = others.first() {
            let message = format!(
                "it fails for activities that it is not about, and then denies them: {}; nothing is short-circuited, \
                 so the names of activities do not keep it from reading the rest",
                and_more(example, others.len())
            );
            warn("deny-catches-others", None, message);
        }
        return;
    }
    for (text, span, names) in missing {
        let example = names.first().copied().unwrap_or_default();
        let message = format!(
            "{text} is not there for every request this may be meant for ({}), and a policy that fails denies \
             nothing: let its errors deny, or deny those in a policy of their own",
            and_more(example, names.len())
        );
        warn("deny-fails-open", Some(span), message);
    }
    if let Some(span) = unsure {
        let message = "this can be missing or out of range in a request that the policy is meant for, and a policy \
                       that fails denies nothing: let its errors deny";
        warn("deny-fails-open", Some(span), message.to_owned());
    }
}

fn consensus_warnings(
    consensus: &Expression,
    root: Node<'_>,
    effect: Effect,
    users: &[Voter],
    found: &mut Vec<Warning>,
) {
    if matches!(root.view(), View::Bool(true)) {
        if effect == Effect::Allow {
            found.push(anybody(Some(root.span())));
        }
        return;
    }
    let effort = Effort::default();
    if !users.is_empty() && !users.iter().any(|user| could_satisfy(consensus, users, user, &effort))
    {
        found.push(Warning {
            code: "consensus-unreachable",
            message: "no users of this organization can satisfy it".to_owned(),
            dialect: Dialect::Consensus,
            span: None,
        });
    }
    let counted = counted(root);
    root.walk(&mut |node| {
        // There is always an approver, but a list of tags may be empty.
        if let View::Quantified(Quantifier::All, list, _) = node.view()
            && matches!(list.view(), View::Field(..) | View::Quantified(..))
            && !counted.contains(list.text())
        {
            let list = list.text();
            found.push(Warning {
                code: "all-without-count",
                message: format!(
                    "all of nothing is true: it also holds when {list} is empty; add {list}.count() > 0"
                ),
                dialect: Dialect::Consensus,
                span: Some(node.span()),
            });
        }
    });
}

/// Whether a request of a user can come to satisfy a consensus.
fn could_satisfy(consensus: &Expression, users: &[Voter], user: &Voter, effort: &Effort) -> bool {
    if is_reachable(consensus, users, &[], user.id, effort) {
        return true;
    }
    // Also where the user adds nothing to it: `approvers.count() < 3`.
    user.credentials.iter().any(|credential| {
        let approval = Approval { user: user.id, credential: credential.clone() };
        let bindings = Bindings::default()
            .with(Keyword::Approvers, Value::list([user.user.clone()]))
            .with(Keyword::Credentials, Value::list([approval.credential]));
        consensus.evaluate(&bindings) == Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn parse(source: &str, dialect: Dialect) -> Arc<Expression> {
        Arc::new(Expression::parse(source, dialect).expect(source))
    }

    fn users() -> Vec<Voter> {
        let user = |n: u128, tag: &str| {
            let id = Uuid::from_u128(n);
            Voter {
                id,
                user: Value::structure([
                    ("id", Value::text(id.to_string())),
                    ("tags", Value::list([Value::text(tag)])),
                    ("email", Value::text("")),
                    ("alias", Value::text("")),
                ]),
                credentials: vec![Value::structure([(
                    "type",
                    Value::text("CREDENTIAL_TYPE_API_KEY_P256"),
                )])],
            }
        };
        vec![user(1, "ops"), user(2, "ops"), user(3, "sec")]
    }

    fn policy(
        effect: Effect,
        condition: &str,
        consensus: Option<&str>,
        on_error: OnError,
    ) -> Policy {
        Policy {
            id: Uuid::nil(),
            effect,
            condition: Some(Ok(parse(condition, Dialect::Condition))),
            consensus: consensus.map(|source| Ok(parse(source, Dialect::Consensus))),
            time: None,
            on_error,
        }
    }

    const SOMEBODY: &str = "approvers.any(user, user.tags.contains('ops'))";

    fn codes(warnings: &[Warning]) -> Vec<&'static str> {
        warnings.iter().map(|warning| warning.code).collect()
    }

    fn allow(condition: &str) -> Vec<&'static str> {
        codes(&policy_warnings(
            &policy(Effect::Allow, condition, Some(SOMEBODY), OnError::Skip),
            &users(),
        ))
    }

    fn deny(condition: &str, on_error: OnError) -> Vec<Warning> {
        policy_warnings(&policy(Effect::Deny, condition, None, on_error), &users())
    }

    fn consensus(consensus: &str) -> Vec<&'static str> {
        let condition = "activity.action == 'SIGN'";
        codes(&policy_warnings(
            &policy(Effect::Allow, condition, Some(consensus), OnError::Skip),
            &users(),
        ))
    }

    #[test]
    fn what_is_usual_is_not_warned_of() {
        for condition in [
            "activity.resource == 'WALLET' && activity.action == 'CREATE'",
            "activity.action == 'SIGN' && eth.tx.to == '0x08d2b0a37f869ff76bacb5bab3278e26ab7067b7'",
            "eth.tx.data[0..10] == '0xa9059cbb' && eth.tx.value == 0",
            "activity.kind == 'SIGN_TRANSACTION' && wallet.id == 'x'",
            "solana.tx.transfers.count() == 1 && solana.tx.transfers[0].to == 'x'",
            "wallets.count() > 0 && wallets.all(wallet, wallet.id == 'x')",
            "wallet_account.address == '0x08d2b0a37F869FF76BACB5Bab3278E26ab7067B7'",
        ] {
            assert_eq!(allow(condition), [""; 0], "{condition}");
        }
        assert_eq!(consensus("approvers.filter(u, u.tags.contains('ops')).count() >= 2"), [""; 0]);
        assert_eq!(consensus("approvers.all(u, u.tags.contains('ops'))"), [""; 0]);
        assert_eq!(codes(&deny("activity.resource == 'USER'", OnError::Skip)), [""; 0]);
    }

    #[test]
    fn a_deny_that_fails_open() {
        let value = deny("eth.tx.value > 1000", OnError::Skip);
        assert_eq!(codes(&value), ["deny-fails-open"]);
        assert!(value[0].message.starts_with("eth.tx is not there"), "{}", value[0].message);
        assert_eq!(value[0].span, Some(Span(0..6)));
        let of_type = "activity.type == 'ACTIVITY_TYPE_ETH_SEND_TRANSACTION_V2' \
                       && eth.tx.contract_call_args['value'] > 5";
        assert_eq!(codes(&deny(of_type, OnError::Skip)), ["exact-type", "deny-fails-open"]);
        assert_eq!(
            codes(&deny("activity.params.user_id == 'x'", OnError::Skip)),
            ["deny-fails-open"]
        );
        let slice = "activity.kind == 'ETH_SEND_TRANSACTION' && eth.tx.data[0..10] == '0xa9059cbb'";
        assert_eq!(codes(&deny(slice, OnError::Skip)), ["deny-fails-open"]);
    }

    #[test]
    fn a_deny_whose_errors_deny_catches_others() {
        let condition = "activity.kind == 'ETH_SEND_TRANSACTION' && eth.tx.value > 5";
        assert_eq!(codes(&deny(condition, OnError::Skip)), [""; 0]);
        assert_eq!(codes(&deny(condition, OnError::Deny)), ["deny-catches-others"]);
        assert_eq!(codes(&deny("eth.tx.value > 5", OnError::Deny)), [""; 0]);
    }

    #[test]
    fn conditions_that_are_odd() {
        for (condition, expected) in [
            ("true", "condition-true"),
            ("solana.tx.transfers.all(t, t.to == 'x')", "all-without-count"),
            ("solana.tx.instructions[0].program_key == 'x'", "fixed-index"),
            ("eth.eip_712.message['permitted'][0]['token'] == 'x'", "fixed-index"),
            ("eth.tx.data[0..4] == '0xa9059cbb'", "slice-length"),
            ("eth.tx.data[0..4] in ['0xa9059cbb']", "slice-length"),
            (
                "wallet_account.address == '0x08d2b0a37f869ff76bacb5bab3278e26ab7067b7'",
                "address-case",
            ),
            ("eth.tx.data[0..10] == '0xA9059CBB' && eth.tx.data == '0xAB'", "hex-case"),
            ("activity.resource == 'WALLETS'", "unknown-name"),
            ("activity.action in ['SIGN', 'SIGNS']", "unknown-name"),
            ("activity.type == 'ACTIVITY_TYPE_SIGN_TRANSACTION_V2'", "exact-type"),
            ("wallet.id == 'x' || private_key.id == 'y'", "always-fails"),
            ("eth.tx.value > 5 && solana.tx.transfers.count() == 1", "always-fails"),
            ("activity.resource == 'USER' && eth.tx.value > 5", "never-true"),
            ("activity.resource == 'USER' && activity.action == 'SIGN'", "never-true"),
        ] {
            assert_eq!(allow(condition), [expected], "{condition}");
        }
    }

    #[test]
    fn the_nearest_name_is_told() {
        let told =
            policy(Effect::Allow, "activity.resource == 'WALLETS'", Some(SOMEBODY), OnError::Skip);
        let warnings = policy_warnings(&told, &users());
        assert!(warnings[0].message.contains("did you mean 'WALLET'?"), "{}", warnings[0].message);
        assert_eq!(warnings[0].span, Some(Span(21..30)));
    }

    #[test]
    fn consensuses_that_are_odd() {
        for (source, expected) in [
            ("true", "any-user"),
            ("approvers.count() >= 4", "consensus-unreachable"),
            ("approvers.any(u, u.id == 'nobody')", "consensus-unreachable"),
            ("approvers.filter(u, u.tags.contains('sec')).count() >= 2", "consensus-unreachable"),
            (
                "credentials.any(c, c.type == 'CREDENTIAL_TYPE_WEBAUTHN_AUTHENTICATOR')",
                "consensus-unreachable",
            ),
            (
                "approvers.filter(u, u.tags.contains('ops')).all(u, u.email == '')",
                "all-without-count",
            ),
        ] {
            assert_eq!(consensus(source), [expected], "{source}");
        }
        let open = policy(Effect::Allow, "activity.action == 'SIGN'", None, OnError::Skip);
        assert_eq!(codes(&policy_warnings(&open, &users())), ["any-user"]);
        let everything = Policy { condition: None, ..open };
        assert_eq!(codes(&policy_warnings(&everything, &users())), ["condition-true", "any-user"]);
    }

    #[test]
    fn a_scope_that_can_mint_a_wider_session() {
        let scope = |source: &str| {
            codes(&scope_warnings(&Expression::parse(source, Dialect::Condition).unwrap()))
        };
        assert_eq!(scope("activity.action == 'SIGN'"), [""; 0]);
        assert_eq!(scope("activity.action != 'EXPORT'"), ["scope-can-widen"]);
        assert_eq!(scope("activity.resource == 'CREDENTIAL'"), ["scope-can-widen"]);
        assert_eq!(scope("activity.kind == 'STAMP_LOGIN'"), ["scope-can-widen"]);
        let one_profile =
            "activity.kind == 'STAMP_LOGIN' && activity.params.session_profile_id == 'p'";
        assert_eq!(scope(one_profile), [""; 0]);
    }

    fn mfa(order: i64, condition: &str, steps: &[&[MfaMethodKind]]) -> MfaPolicy {
        let method = |kind: &MfaMethodKind| RequiredMethod { kind: *kind, id: None };
        MfaPolicy {
            id: Uuid::from_u128(u128::try_from(order).unwrap()),
            condition: Ok(Arc::new(Expression::parse(condition, Dialect::Condition).unwrap())),
            steps: steps.iter().map(|step| step.iter().map(method).collect()).collect(),
            order,
        }
    }

    #[test]
    fn mfa_policies_that_lock_their_user_out() {
        use MfaMethodKind::{EmailOtp, Passkey, Session};
        let passkey = [MfaMethod { kind: Passkey, id: Some(Uuid::from_u128(9)) }];
        let warned = |policies: &[MfaPolicy]| -> Vec<(u128, &'static str)> {
            let warnings = mfa_warnings(policies, &passkey);
            warnings.into_iter().map(|(id, warning)| (id.as_u128(), warning.code)).collect()
        };
        let catch_all = mfa(3, "true", &[&[Session]]);
        let log_in = mfa(1, "activity.resource == 'AUTH'", &[&[Passkey]]);
        assert_eq!(warned(std::slice::from_ref(&catch_all)), [(3, "mfa-locks-out-log-in")]);
        assert_eq!(warned(&[log_in.clone(), catch_all.clone()]), []);
        let some_log_ins = mfa(1, "activity.kind == 'STAMP_LOGIN'", &[&[Passkey]]);
        assert_eq!(warned(&[catch_all.clone(), some_log_ins]), [(3, "mfa-locks-out-log-in")]);
        let mail = mfa(2, "activity.action == 'SIGN'", &[&[Passkey], &[EmailOtp]]);
        assert_eq!(warned(&[log_in.clone(), mail]), [(2, "mfa-locks-out")]);
        let either = mfa(2, "activity.action == 'SIGN'", &[&[Passkey, EmailOtp]]);
        assert_eq!(warned(&[either]), []);
        let upgrade = "activity.resource == 'AUTH' && activity.params.session_profile_id == 'p'";
        let upgrade = mfa(0, upgrade, &[&[Session], &[Passkey]]);
        assert_eq!(warned(&[upgrade, log_in, catch_all]), []);
    }
}
