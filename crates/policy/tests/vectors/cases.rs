use std::path::PathBuf;
use std::sync::Arc;

use keyward_policy::{
    Approval, Bindings, Dialect, Effect, EvaluationErrorKind, Expression, Instant, Keyword,
    MfaMethod, MfaMethodKind, MfaPolicy, MfaStanding, OnError, Outcome, Policy, Question,
    RequiredMethod, RootQuorum, ScopeVerdict, Value, Verdict, Voter, decide, judge_scope, standing,
};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::context;
use crate::json;

fn file() -> Json {
    let folder = std::env::var_os("KEYWARD_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors"),
        PathBuf::from,
    );
    let path = folder.join("policies.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    json::parse(&text)
}

/// Runs each case of a list; tells all that fail at once.
fn run(list: &str, judge: impl Fn(&Json, &Json) -> Result<(), String>) {
    let file = file();
    let cases = file[list].as_array().unwrap_or_else(|| panic!("no {list}"));
    assert!(!cases.is_empty(), "no case in {list}");
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let failure = judge(case, &file["defaults"]).err()?;
            Some(format!("{}: {failure}", case["name"].as_str().unwrap_or("without a name")))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} {list} fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, expected: &T) -> Result<(), String> {
    if is == expected { Ok(()) } else { Err(format!("{what} is {is:?}, not {expected:?}")) }
}

#[test]
fn policies_decide() {
    run("cases", |case, defaults| {
        let (expected, stage) = (&case["expect"], &case["stage"]);
        let policy = match policy(case, 0) {
            Ok(policy) => policy,
            Err(_) if expected == "error" && stage == "create" => return Ok(()),
            Err(error) => return Err(format!("refused at creation: {error}")),
        };
        if expected == "error" && stage == "create" {
            return Err("accepted at creation".to_owned());
        }
        let mut policies = vec![policy];
        for (other, place) in case["other_policies"].as_array().into_iter().flatten().zip(1..) {
            policies.push(self::policy(other, place)?);
        }
        let request = Request::of(&case["context"], defaults);
        let decision = decide(&policies, &request.question());
        let verdict = match expected.as_str() {
            Some("allow") => Verdict::Allow,
            Some("needs-consensus") => Verdict::Wait,
            Some("deny" | "error") => Verdict::Deny,
            _ => return Err(format!("unknown expectation {expected}")),
        };
        expect("the verdict", &decision.verdict, &verdict)?;
        let outcome = decision.outcomes.first().map(|(_, outcome)| *outcome);
        if let Some(expected) = case["outcome"].as_str() {
            expect("the outcome", &outcome.map(name), &Some(expected))?;
        } else if expected == "error" {
            expect("the outcome", &outcome, &Some(Outcome::Error))?;
        }
        if let Some(expected) = case["error"].as_str() {
            let kind = error_kind(&policies[0], &request);
            expect("the error", &kind.map(|kind| kind.to_string()).as_deref(), &Some(expected))?;
        }
        Ok(())
    });
}

fn policy(json: &Json, place: u128) -> Result<Policy, String> {
    let parse = |field: &str, dialect| match json[field].as_str() {
        None => Ok(None),
        Some(source) => match Expression::parse(source, dialect) {
            Ok(expression) => Ok(Some(Ok(Arc::new(expression)))),
            Err(error) => Err(format!("{field}: {error}")),
        },
    };
    let has = |field: &str| !json[field].is_null();
    if !has("condition") && !has("consensus") {
        return Err("neither condition nor consensus".to_owned());
    }
    let has_time = json["time"].as_str().is_some_and(|time| !time.is_empty());
    Ok(Policy {
        id: Uuid::from_u128(place),
        effect: if json["effect"] == "EFFECT_DENY" { Effect::Deny } else { Effect::Allow },
        condition: parse("condition", Dialect::Condition)?,
        consensus: parse("consensus", Dialect::Consensus)?,
        time: if has_time { parse("time", Dialect::Time)? } else { None },
        on_error: OnError::Skip,
    })
}

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "OUTCOME_ALLOW",
        Outcome::DenyExplicit => "OUTCOME_DENY_EXPLICIT",
        Outcome::DenyImplicit => "OUTCOME_DENY_IMPLICIT",
        Outcome::RequiresConsensus => "OUTCOME_REQUIRES_CONSENSUS",
        Outcome::Rejected => "OUTCOME_REJECTED",
        Outcome::Error => "OUTCOME_ERROR",
        Outcome::RequiresAuthenticators => "OUTCOME_REQUIRES_AUTHENTICATORS",
        Outcome::TimeInactive => "OUTCOME_TIME_INACTIVE",
    }
}

/// The error of a policy's first expression that has one.
fn error_kind(policy: &Policy, request: &Request) -> Option<EvaluationErrorKind> {
    let question = request.question();
    let consensus = request.consensus_bindings();
    let time = Bindings::default().with(Keyword::TimeNow, Value::Instant(question.now));
    let error = |expression: &Option<Result<Arc<Expression>, ()>>, bindings| {
        expression.as_ref()?.as_ref().ok()?.evaluate(bindings).err().map(|error| error.kind)
    };
    let of_condition = question.items.iter().find_map(|item| error(&policy.condition, item));
    of_condition
        .or_else(|| error(&policy.consensus, &consensus))
        .or_else(|| error(&policy.time, &time))
}

/// A request with the organization it is made in.
struct Request {
    items: Vec<Bindings>,
    users: Vec<Voter>,
    approvals: Vec<Approval>,
    submitter: Uuid,
    root_quorum: RootQuorum,
    is_reserved: bool,
    is_own: bool,
    now: Instant,
}

impl Request {
    fn of(context: &Json, defaults: &Json) -> Self {
        let given = |field: &str| {
            if context[field].is_null() { &defaults[field] } else { &context[field] }
        };
        let approvers = context["approvers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let credentials = context["credentials"].as_array().map(Vec::as_slice).unwrap_or_default();
        let users = given("org_users").as_array().map(Vec::as_slice).unwrap_or_default();
        let credential_of = |user: &Json| {
            let own = credentials.iter().find(|credential| credential["user_id"] == user["id"]);
            context::credential(own, user["id"].as_str().unwrap())
        };
        let voter = |user: &Json| Voter {
            id: id(&user["id"]),
            user: context::user(user),
            credentials: vec![credential_of(user)],
        };
        let root = given("root_quorum");
        let activity = &context["activity"];
        let owner = &context["intent_user_id"];
        Self {
            items: context::items(context),
            // An approver is a user, whether or not the case lists it among them.
            users: approvers
                .iter()
                .chain(users.iter().filter(|user| approvers.iter().all(|a| a["id"] != user["id"])))
                .map(voter)
                .collect(),
            approvals: approvers
                .iter()
                .zip(0..)
                .map(|(user, place): (&Json, usize)| Approval {
                    user: id(&user["id"]),
                    credential: if credentials.len() == approvers.len() {
                        context::credential(credentials.get(place), user["id"].as_str().unwrap())
                    } else {
                        credential_of(user)
                    },
                })
                .collect(),
            submitter: id(&context["submitter"]),
            root_quorum: RootQuorum {
                threshold: usize::try_from(root["threshold"].as_u64().unwrap()).unwrap(),
                users: root["user_ids"].as_array().unwrap().iter().map(id).collect(),
            },
            is_reserved: activity["kind"].is_null(),
            is_own: activity["resource"] == "CREDENTIAL" && *owner == context["submitter"],
            now: instant(given("now").as_str().unwrap()),
        }
    }

    fn question(&self) -> Question<'_> {
        Question {
            items: &self.items,
            users: &self.users,
            approvals: &self.approvals,
            submitter: self.submitter,
            root_quorum: &self.root_quorum,
            is_reserved: self.is_reserved,
            is_own: self.is_own,
            now: self.now,
            within_budget: &[],
        }
    }

    fn consensus_bindings(&self) -> Bindings {
        let users = self.approvals.iter().map(|approval| {
            self.users.iter().find(|voter| voter.id == approval.user).unwrap().user.clone()
        });
        let credentials = self.approvals.iter().map(|approval| approval.credential.clone());
        Bindings::default()
            .with(Keyword::Approvers, Value::list(users))
            .with(Keyword::Credentials, Value::list(credentials))
    }
}

/// An id; those that are no UUIDs get one that is theirs.
fn id(json: &Json) -> Uuid {
    let text = json.as_str().unwrap();
    text.parse().unwrap_or_else(|_| {
        let digits = text.bytes().fold(0u128, |sum, byte| sum.wrapping_mul(257) + u128::from(byte));
        Uuid::from_u128(digits)
    })
}

/// RFC 3339 with `Z`, without the language's own reading of it.
fn instant(text: &str) -> Instant {
    let (date, time) = text.strip_suffix('Z').unwrap().split_once('T').unwrap();
    let numbers = |text: &str, by: char| -> Vec<i128> {
        text.split(by).map(|part| part.parse().unwrap()).collect()
    };
    let (date, (time, fraction)) =
        (numbers(date, '-'), time.split_once('.').unwrap_or((time, "0")));
    let time = numbers(time, ':');
    let is_leap = |year: i128| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths =
        |year: i128| [31, 28 + i128::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i128 = (1970..date[0]).map(|year| lengths(year).iter().sum::<i128>()).sum();
    let months: i128 = lengths(date[0]).iter().take(usize::try_from(date[1] - 1).unwrap()).sum();
    let seconds = ((years + months + date[2] - 1) * 24 + time[0]) * 3_600 + time[1] * 60 + time[2];
    let nanoseconds: i128 = format!("{fraction:0<9}").parse().unwrap();
    Instant(seconds * 1_000_000_000 + nanoseconds)
}

#[test]
fn mfa_policies_ask() {
    run("mfa_cases", |case, _| {
        let policies = case["mfa_policies"].as_array().unwrap();
        let named: Vec<(Uuid, &Json)> =
            (1u128..).map(Uuid::from_u128).zip(policies.iter().map(|p| &p["name"])).collect();
        let policies: Vec<MfaPolicy> =
            policies.iter().zip(&named).map(|(p, (id, _))| mfa_policy(p, *id)).collect();
        let shown: Vec<MfaMethod> = case["presented"]
            .as_array()
            .unwrap()
            .iter()
            .map(|json| MfaMethod {
                kind: kind(json),
                id: json["id"].as_str().map(|_| id(&json["id"])),
            })
            .collect();
        let (status, policy, open) =
            match standing(&policies, &context::items(&case["context"]), &shown) {
                MfaStanding::NotRequired => ("ACTIVITY_STATUS_COMPLETED", None, Vec::new()),
                MfaStanding::Required { policy, open } if open.is_empty() => {
                    ("ACTIVITY_STATUS_COMPLETED", Some(policy), open)
                }
                MfaStanding::Required { policy, open } => {
                    ("ACTIVITY_STATUS_AUTHENTICATORS_NEEDED", Some(policy), open)
                }
                MfaStanding::Blocked { .. } => ("FAILED", None, Vec::new()),
            };
        let expected = &case["expect"];
        expect("the status", &Some(status), &expected["status"].as_str())?;
        let policy = policy.and_then(|id| named.iter().find(|(known, _)| *known == id));
        expect("the policy", policy.map_or(&Json::Null, |(_, name)| name), &expected["policy"])?;
        expect("the open steps", &serde_json::json!(open), &expected["missing_steps"])
    });
}

fn mfa_policy(json: &Json, id: Uuid) -> MfaPolicy {
    let steps = json["requiredAuthenticationMethods"].as_array().unwrap().iter();
    MfaPolicy {
        id,
        condition: Expression::parse(json["condition"].as_str().unwrap(), Dialect::Condition)
            .map(Arc::new)
            .map_err(|_| ()),
        steps: steps
            .map(|step| {
                let methods = step["any"].as_array().unwrap().iter();
                methods
                    .map(|method| RequiredMethod {
                        kind: kind(method),
                        id: method["id"].as_str().map(|_| self::id(&method["id"])),
                    })
                    .collect()
            })
            .collect(),
        order: json["order"].as_i64().unwrap(),
    }
}

fn kind(method: &Json) -> MfaMethodKind {
    match method["type"].as_str().unwrap() {
        "AUTHENTICATION_TYPE_PASSKEY" => MfaMethodKind::Passkey,
        "AUTHENTICATION_TYPE_API_KEY" => MfaMethodKind::ApiKey,
        "AUTHENTICATION_TYPE_SESSION" => MfaMethodKind::Session,
        "AUTHENTICATION_TYPE_EMAIL_OTP" => MfaMethodKind::EmailOtp,
        "AUTHENTICATION_TYPE_SMS_OTP" => MfaMethodKind::SmsOtp,
        "AUTHENTICATION_TYPE_OAUTH" => MfaMethodKind::Oauth,
        other => panic!("unknown method {other}"),
    }
}

#[test]
fn scopes_limit() {
    run("scope_cases", |case, _| {
        let scope = case["scope"].as_str().unwrap();
        let verdict = match Expression::parse(scope, Dialect::Condition) {
            Err(_) => "create-error",
            Ok(scope) => match judge_scope(&scope, &context::items(&case["context"])) {
                ScopeVerdict::Within => "allow",
                ScopeVerdict::Outside => "deny",
                ScopeVerdict::Failed(_) => "error",
            },
        };
        expect("the verdict", &Some(verdict), &case["expect"].as_str())
    });
}
