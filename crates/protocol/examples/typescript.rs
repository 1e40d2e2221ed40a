//! Writes the types of all activities and queries for TypeScript, from the types that the server speaks
//! with: `cargo run -p keyward-protocol --example typescript`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use keyward_protocol::{activities, queries};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

const WRITTEN_BY: &str =
    "// Written by `cargo run -p keyward-protocol --example typescript`. Do not change it here.\n";

fn main() -> io::Result<()> {
    for (path, text) in files() {
        fs::write(path, text)?;
    }
    Ok(())
}

/// What is asked, and what comes back.
struct Route {
    name: &'static str,
    is_submission: bool,
    parameters: Value,
    result: Value,
}

fn files() -> [(PathBuf, String); 2] {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/client/src");
    let (routes, definitions) = routes();
    [
        (source.join("api.d.ts"), types(&routes, &definitions)),
        (source.join("routes.js"), list(&routes)),
    ]
}

fn routes() -> (Vec<Route>, Map<String, Value>) {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut routes = Vec::new();
    for entry in activities::REGISTRY {
        let versions = entry.versions();
        let parameters = versions.first().map(|current| (current.schema)(&mut generator));
        routes.push(Route {
            name: entry.route,
            is_submission: true,
            parameters: parameters.map_or(Value::Null, Schema::to_value),
            result: entry.output_schema(&mut generator).to_value(),
        });
    }
    for entry in queries::REGISTRY {
        let (request, response) = entry.schemas(&mut generator);
        let (parameters, result) = (request.to_value(), response.to_value());
        routes.push(Route { name: entry.route, is_submission: false, parameters, result });
    }
    routes.sort_by_key(|route| route.name);
    (routes, generator.take_definitions(true))
}

/// `routes.js`: what there is.
fn list(routes: &[Route]) -> String {
    let mut text = format!("{WRITTEN_BY}\nexport const routes = [\n");
    for Route { name, is_submission, .. } in routes {
        let _ = writeln!(text, "  {{ route: \"{name}\", submission: {is_submission} }},");
    }
    text + "];\n"
}

/// `api.d.ts`: what it takes and gives.
fn types(routes: &[Route], definitions: &Map<String, Value>) -> String {
    let mut text = format!("{WRITTEN_BY}\n");
    text.push_str("/** By the last segment of its path. */\nexport interface Routes {\n");
    for Route { name, is_submission, parameters, result } in routes {
        let mut taken = of(parameters, 1);
        if !is_submission {
            // The client names the caller's when nobody else does.
            taken = format!("OfCaller<{taken}>");
        }
        let given = of(result, 1);
        let _ = writeln!(text, "  {name}: {{ parameters: {taken}; result: {given} }};");
    }
    text.push_str("}\n\n/** As methods, in camel case. */\nexport interface Api {\n");
    for Route { name, parameters, is_submission, .. } in routes {
        let optional =
            if needs_nothing(parameters, definitions, *is_submission) { "?" } else { "" };
        let method = camel_case(name);
        let _ = writeln!(
            text,
            "  {method}(parameters{optional}: Routes[\"{name}\"][\"parameters\"], as?: As): \
             Promise<Routes[\"{name}\"][\"result\"]>;"
        );
    }
    text.push_str(
        "}\n\ntype OfCaller<T> = T extends { organizationId: string }\n  \
         ? Omit<T, \"organizationId\"> & { organizationId?: string }\n  : T;\n",
    );
    text.insert_str(WRITTEN_BY.len(), "\nimport type { As } from \"./index.js\";\n");
    for (name, schema) in definitions {
        text.push('\n');
        text.push_str(&documentation(schema, 0));
        let is_interface = schema.get("properties").is_some()
            && ["oneOf", "anyOf", "allOf"].iter().all(|kind| schema.get(kind).is_none());
        let body = of(schema, 0);
        let _ = if is_interface {
            writeln!(text, "export interface {} {body}", identifier(name))
        } else {
            writeln!(text, "export type {} = {body};", identifier(name))
        };
    }
    text
}

/// Whether a call may go without parameters.
fn needs_nothing(
    parameters: &Value,
    definitions: &Map<String, Value>,
    is_submission: bool,
) -> bool {
    let reference = parameters.get("$ref").and_then(Value::as_str);
    let named = reference.and_then(|path| definitions.get(path.rsplit('/').next()?));
    let required = named.unwrap_or(parameters).get("required").and_then(Value::as_array);
    required.is_none_or(|names| {
        names.iter().all(|name| !is_submission && name.as_str() == Some("organizationId"))
    })
}

/// The type that a schema describes, at this depth of indentation.
fn of(schema: &Value, depth: usize) -> String {
    let Some(members) = schema.as_object() else { return "unknown".to_owned() };
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        return identifier(reference.rsplit('/').next().unwrap_or_default());
    }
    if let Some(value) = members.get("const") {
        return value.to_string();
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        return union(values.iter().map(Value::to_string));
    }
    let mut parts = Vec::new();
    for kind in ["oneOf", "anyOf"] {
        if let Some(choices) = members.get(kind).and_then(Value::as_array) {
            parts.push(union(choices.iter().map(|choice| of(choice, depth))));
        }
    }
    if let Some(all) = members.get("allOf").and_then(Value::as_array) {
        parts.extend(all.iter().map(|part| of(part, depth)));
    }
    match members.get("type") {
        Some(Value::String(kind)) => parts.extend(named(kind, members, depth)),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            parts.push(union(kinds.filter_map(|kind| named(kind, members, depth))));
        }
        _ => {}
    }
    match parts.as_slice() {
        [] => "unknown".to_owned(),
        [only] => only.clone(),
        several => {
            let several: Vec<_> = several.iter().map(|part| parenthesized(part)).collect();
            several.join(" & ")
        }
    }
}

fn named(kind: &str, members: &Map<String, Value>, depth: usize) -> Option<String> {
    Some(match kind {
        "string" | "boolean" | "null" => kind.to_owned(),
        "integer" | "number" => "number".to_owned(),
        "array" => {
            let items = members.get("items").map_or("unknown".to_owned(), |items| of(items, depth));
            format!("{}[]", parenthesized(&items))
        }
        "object" => object(members, depth),
        _ => return None,
    })
}

fn object(members: &Map<String, Value>, depth: usize) -> String {
    let empty = Map::new();
    let properties = members.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required = members.get("required").and_then(Value::as_array);
    let required: BTreeSet<&str> =
        required.into_iter().flatten().filter_map(Value::as_str).collect();
    if properties.is_empty() {
        return match members.get("additionalProperties") {
            Some(Value::Object(value)) => {
                format!("Record<string, {}>", of(&Value::Object(value.clone()), depth))
            }
            _ => "Record<string, unknown>".to_owned(),
        };
    }
    let indentation = "  ".repeat(depth + 1);
    let mut text = "{\n".to_owned();
    for (name, schema) in properties {
        text.push_str(&documentation(schema, depth + 1));
        let optional = if required.contains(name.as_str()) { "" } else { "?" };
        let is_plain =
            name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        let name = if is_plain { name.clone() } else { format!("\"{name}\"") };
        let _ = writeln!(text, "{indentation}{name}{optional}: {};", of(schema, depth + 1));
    }
    let _ = write!(text, "{}}}", "  ".repeat(depth));
    text
}

/// What is said of a schema, as a comment.
fn documentation(schema: &Value, depth: usize) -> String {
    let Some(said) = schema.get("description").and_then(Value::as_str) else {
        return String::new();
    };
    let indentation = "  ".repeat(depth);
    let said = said.replace("*/", "* /");
    if !said.contains('\n') {
        return format!("{indentation}/** {said} */\n");
    }
    let mut text = format!("{indentation}/**\n");
    for line in said.lines() {
        let _ = writeln!(text, "{}", format!("{indentation} * {line}").trim_end());
    }
    let _ = writeln!(text, "{indentation} */");
    text
}

fn union(parts: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for part in parts {
        if !distinct.contains(&part) {
            distinct.push(part);
        }
    }
    distinct.join(" | ")
}

fn parenthesized(part: &str) -> String {
    let is_several = part.contains(" | ") || part.contains(" & ");
    if is_several && !part.starts_with('{') { format!("({part})") } else { part.to_owned() }
}

fn identifier(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
        .collect()
}

fn camel_case(route: &str) -> String {
    let mut name = String::new();
    let mut begins = false;
    for character in route.chars() {
        if character == '_' {
            begins = true;
        } else if begins {
            name.push(character.to_ascii_uppercase());
            begins = false;
        } else {
            name.push(character);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_up_to_date() {
        for (path, text) in files() {
            let written = fs::read_to_string(&path).unwrap();
            assert!(written == text, "{} is stale: run this example", path.display());
        }
    }
}
