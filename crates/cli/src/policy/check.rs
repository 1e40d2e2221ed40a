//! `keyward policy check`: what is wrong and what is odd about the policies of a file, without a server.

use std::path::{Path, PathBuf};

use clap::Args;
use keyward_protocol::engine::draft::{self, Problem};
use keyward_protocol::wire::draft::PolicyDraft;
use serde_json::{Value, json};

use super::file::{self, Entry};
use crate::failure::Failure;
use crate::output;

/// Check the policies of a file, without a server
///
/// FILE holds a policy as JSON, a list of them, or an object with a list `policies`. A policy has `effect`,
/// and `condition`, `consensus`, `time`, `policyName`, `budget` and `onError` as they are needed. Errors make the
/// command fail, warnings don't.
#[derive(Args)]
pub(crate) struct Check {
    /// The file; - for the standard input
    file: PathBuf,
    /// Print JSON on one line
    #[arg(long)]
    json: bool,
}

/// A problem and where it is.
struct Finding<'a> {
    policy: &'a str,
    /// The text of the member that it is about.
    source: Option<&'a str>,
    problem: Problem,
}

impl Check {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let entries = file::read(&self.file)?;
        let findings: Vec<Finding<'_>> = entries.iter().flat_map(findings).collect();
        let errors = findings.iter().filter(|finding| finding.problem.is_error).count();
        let warnings = findings.len() - errors;
        if self.json {
            let problems: Vec<Value> =
                findings.iter().map(|found| found.json(&self.file)).collect();
            output::json(&json!({
                "policies": entries.len(),
                "errors": errors,
                "warnings": warnings,
                "problems": problems,
            }))?;
        } else {
            let texts: Vec<String> = findings.iter().map(|found| found.text(&self.file)).collect();
            output::text(&texts.concat())?;
            let policies = count(entries.len(), "policy", "policies");
            let (errors, warnings) =
                (count(errors, "error", "errors"), count(warnings, "warning", "warnings"));
            output::note(&format!("{policies}: {errors}, {warnings}."));
        }
        if errors > 0 { Err(Failure::PoliciesWrong(self.file)) } else { Ok(()) }
    }
}

fn count(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn findings(entry: &Entry) -> Vec<Finding<'_>> {
    let policy = entry.title.as_str();
    match &entry.draft {
        Err(message) => {
            let problem = Problem::error(None, message.as_str());
            vec![Finding { policy, source: None, problem }]
        }
        Ok(draft) => {
            let problems = draft::check(draft, &[]).into_iter();
            let found = problems.map(|problem| Finding {
                policy,
                source: problem.member.and_then(|member| text_of(draft, member)),
                problem,
            });
            found.collect()
        }
    }
}

fn text_of<'a>(draft: &'a PolicyDraft, member: &str) -> Option<&'a str> {
    match member {
        "condition" => draft.condition.as_deref(),
        "consensus" => draft.consensus.as_deref(),
        "time" => draft.time.as_deref(),
        _ => None,
    }
}

/// A place in an expression as people look for it.
struct Place<'a> {
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// The line.
    text: &'a str,
    /// How many characters of the line it takes up; at least 1.
    length: usize,
}

impl<'a> Place<'a> {
    fn of(source: &'a str, span: &std::ops::Range<usize>) -> Self {
        let start =
            (0..=span.start.min(source.len())).rev().find(|at| source.is_char_boundary(*at));
        let (before, after) = source.split_at_checked(start.unwrap_or(0)).unwrap_or((source, ""));
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let rest = source.get(line_start..).unwrap_or_default();
        let text = rest.lines().next().unwrap_or_default();
        let marked = after.get(..span.end.saturating_sub(span.start)).unwrap_or(after);
        let length = marked.lines().next().unwrap_or_default().chars().count().max(1);
        Self { line: before.matches('\n').count() + 1, column, text, length }
    }
}

impl Finding<'_> {
    fn place(&self) -> Option<Place<'_>> {
        let span = self.problem.span.as_ref()?;
        Some(Place::of(self.source?, span))
    }

    fn severity(&self) -> &'static str {
        if self.problem.is_error { "error" } else { "warning" }
    }

    fn text(&self, file: &Path) -> String {
        let problem = &self.problem;
        let severity = self.severity();
        let code = problem.code.map(|code| format!("[{code}]")).unwrap_or_default();
        let member = problem.member.map(|member| format!(" {member}")).unwrap_or_default();
        let place = self.place();
        let at = place.as_ref().map(|place| format!(":{}:{}", place.line, place.column));
        let mut text = format!(
            "{severity}{code}: {}\n  --> {}: {}{member}{}\n",
            problem.message,
            file.display(),
            self.policy,
            at.unwrap_or_default()
        );
        if let Some(Place { line, column, text: source, length }) = place {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            // What stands before the mark, with its tabs, so that the mark stands below what it marks.
            let before: String = source
                .chars()
                .take(column - 1)
                .map(|letter| if letter == '\t' { '\t' } else { ' ' })
                .collect();
            let length = length.min(source.chars().count().saturating_sub(column - 1).max(1));
            text = format!(
                "{text} {margin} |\n {number} | {source}\n {margin} | {before}{}\n",
                "^".repeat(length)
            );
        }
        if let Some(suggestion) = &problem.suggestion {
            text = format!("{text}  help: did you mean `{suggestion}`?\n");
        }
        text.push('\n');
        text
    }

    fn json(&self, file: &Path) -> Value {
        let problem = &self.problem;
        let place = self.place();
        json!({
            "file": file.to_string_lossy(),
            "policy": self.policy,
            "member": problem.member,
            "severity": self.severity(),
            "code": problem.code,
            "message": problem.message,
            "line": place.as_ref().map(|place| place.line),
            "column": place.as_ref().map(|place| place.column),
            "suggestion": problem.suggestion,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(source: &str, span: std::ops::Range<usize>) -> String {
        let problem = Problem {
            span: Some(span),
            suggestion: Some("gas_price".to_owned()),
            ..Problem::error(Some("condition"), "field does not exist: gasPrice")
        };
        Finding { policy: "fees", source: Some(source), problem }.text(Path::new("p.json"))
    }

    #[test]
    fn a_place_is_shown_with_its_line_and_a_mark() {
        let source = "true &&\n  eth.tx.gasPrice < 'é'";
        let start = source.find("gasPrice").unwrap();
        let expected = "error: field does not exist: gasPrice\n  \
                        --> p.json: fees condition:2:10\n   |\n \
                        2 |   eth.tx.gasPrice < 'é'\n   |          ^^^^^^^^\n  \
                        help: did you mean `gas_price`?\n\n";
        assert_eq!(finding(source, start..start + 8), expected);
    }

    #[test]
    fn a_place_at_the_end_or_beyond_it_is_marked_too() {
        assert!(finding("true &&", 7..7).contains("1:8\n   |\n 1 | true &&\n   |        ^\n"));
        assert!(finding("ab", 9..12).contains("1:3"));
        assert!(finding("", 0..0).contains("1:1"));
        // Half a character.
        assert!(finding("'é'", 2..3).contains("1:2"));
    }

    /// What the documentation shows can be made as it is shown.
    #[test]
    fn the_policies_of_the_documentation_are_right() {
        let page = include_str!("../../../../docs/policies.md");
        let shown: Vec<&str> =
            page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert_eq!(shown.len(), 3);
        for policy in shown {
            let draft: PolicyDraft = serde_json::from_str(policy).unwrap();
            let problems = draft::check(&draft, &[]);
            assert!(problems.is_empty(), "{problems:?}: {policy}");
        }
        // The mistake that is shown is one.
        let wrong = json!({ "effect": "EFFECT_ALLOW", "condition": "eth.tx.gasPrice < 9" });
        let wrong: PolicyDraft = serde_json::from_value(wrong).unwrap();
        let problem = draft::check(&wrong, &[]).remove(0);
        let finding = Finding { policy: "fees", source: Some("eth.tx.gasPrice < 9"), problem };
        assert!(page.contains(finding.text(Path::new("policies.json")).trim_end()));
    }
}
