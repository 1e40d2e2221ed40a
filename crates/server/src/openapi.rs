//! `/openapi.json`: what the server speaks, described from the types it speaks with.

use std::sync::LazyLock;

use keyward_protocol::wire::objects::Activity;
use keyward_protocol::{activities, queries};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The document as JSON text.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| build().to_string());
    &DOCUMENT
}

fn build() -> Value {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let mut paths = Map::new();
    for entry in activities::REGISTRY {
        let requests: Vec<Value> = entry
            .versions()
            .into_iter()
            .map(|version| envelope(version.kind, &(version.schema)(&mut generator)))
            .collect();
        let response = answered(entry, &mut generator);
        paths.insert(
            format!("/{}/submit/{}", entry.namespace.as_str(), entry.route),
            operation(entry.route, json!({ "oneOf": requests }), response),
        );
    }
    for entry in queries::REGISTRY {
        let (request, response) = entry.schemas(&mut generator);
        paths.insert(
            format!("/{}/query/{}", entry.namespace.as_str(), entry.route),
            operation(entry.route, request.to_value(), response.to_value()),
        );
    }
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Keyward", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "stamp": { "type": "apiKey", "in": "header", "name": "X-Stamp" },
                "passkey": { "type": "apiKey", "in": "header", "name": "X-Stamp-Webauthn" },
                "attested": { "type": "apiKey", "in": "header", "name": "X-Stamp-Attested" },
                "session": { "type": "apiKey", "in": "header", "name": "X-Session" },
            },
        },
    })
}

/// A submission of one type.
fn envelope(kind: &str, parameters: &Schema) -> Value {
    json!({
        "type": "object",
        "required": ["type", "timestampMs", "organizationId", "parameters"],
        "properties": {
            "type": { "type": "string", "enum": [kind] },
            "timestampMs": { "type": "string", "description": "milliseconds, decimal" },
            "organizationId": { "type": "string", "format": "uuid" },
            "parameters": parameters,
        },
    })
}

/// An activity whose `result` is the one of this entry.
fn answered(entry: &activities::Entry, generator: &mut SchemaGenerator) -> Value {
    let activity = generator.subschema_for::<Activity>();
    let output = entry.output_schema(generator);
    let mut results: Vec<&str> = entry.versions().iter().map(|version| version.result).collect();
    results.dedup();
    let results: Map<String, Value> =
        results.into_iter().map(|name| (name.to_owned(), output.clone().to_value())).collect();
    json!({
        "type": "object",
        "required": ["activity"],
        "properties": {
            "activity": {
                "allOf": [
                    activity,
                    { "type": "object", "properties": { "result": { "type": "object", "properties": results } } },
                ],
            },
        },
    })
}

fn operation(route: &str, request: Value, response: Value) -> Value {
    let error = json!({
        "type": "object",
        "required": ["code", "message", "details"],
        "properties": {
            "code": { "type": "integer", "description": "gRPC status code" },
            "message": { "type": "string" },
            "details": { "type": "array", "items": { "type": "object" } },
            "turnkeyErrorCode": { "type": "string" },
        },
    });
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    json!({
        "post": {
            "operationId": route,
            "security": [{ "stamp": [] }, { "passkey": [] }, { "session": [] }],
            "requestBody": { "required": true, "content": content(request) },
            "responses": {
                "200": { "description": "done", "content": content(response) },
                "default": { "description": "refused", "content": content(error) },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_has_its_definition() {
        let document: Value = serde_json::from_str(document()).unwrap();
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    fn collect(value: &Value, references: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    references.push(reference.clone());
                }
                members.values().for_each(|member| collect(member, references));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
            _ => {}
        }
    }
}
