//! Parts of JSON Schemas that cannot be derived from a Rust type.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// The reference to the definition of an error's `retry`, in documents that contain errors.
pub(crate) const RETRY: &str = "#/$defs/Retry";

/// Replaces `anyOf` by `oneOf` in the schema of a tagged union, because exactly one variant fits.
/// schemars writes `anyOf` because of the untagged variant for unknown types, which no document
/// shows.
pub(crate) fn tagged_union(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let renamed = std::mem::take(object).into_iter().map(|(keyword, value)| {
        (if keyword == "anyOf" { "oneOf".to_owned() } else { keyword }, value)
    });
    *object = renamed.collect();
}

/// Adds the fields that all errors have: `message` and `retry`.
pub(crate) fn add_error_envelope(schema: &mut Schema) {
    tagged_union(schema);
    let Some(Value::Array(branches)) = schema.get_mut("oneOf") else { return };
    for branch in branches.iter_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::Object(properties)) = branch.get_mut("properties") {
            properties.insert(
                "message".to_owned(),
                json!({ "description": "What was wrong and what is allowed, for people.", "type": "string" }),
            );
            let description = "Whether and when the same request may succeed.";
            let retry = json!({ "$ref": RETRY, "description": description });
            properties.insert("retry".to_owned(), retry);
        }
        if let Some(Value::Array(required)) = branch.get_mut("required") {
            required.extend([json!("message"), json!("retry")]);
        }
    }
}

/// Requires exactly one of `turn_id` and `idempotency_key`.
pub(crate) fn exactly_one_turn_name(schema: &mut Schema) {
    let given = |name: &str| json!({ "required": [name], "properties": { name: { "not": { "type": "null" } } } });
    schema.insert("oneOf".to_owned(), json!([given("turn_id"), given("idempotency_key")]));
}

const NO_CONTROLS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

fn map_of(names: &Value, values: Value, most: u64) -> Map<String, Value> {
    let map = json!({
        "propertyNames": names,
        "additionalProperties": values,
        "maxProperties": most
    });
    match map {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

fn label_map(values: Value) -> Map<String, Value> {
    let names = json!({ "minLength": 1, "maxLength": 128, "pattern": NO_CONTROLS });
    map_of(&names, values, 32)
}

fn typed(types: Value, keywords: Map<String, Value>) -> Schema {
    let mut schema = json_schema!({ "type": types });
    for (keyword, value) in keywords {
        schema.insert(keyword, value);
    }
    schema
}

fn label_value() -> Value {
    json!({ "type": "string", "maxLength": 128, "pattern": NO_CONTROLS })
}

/// Returns the schema of optional labels.
pub(crate) fn optional_labels(_: &mut SchemaGenerator) -> Schema {
    typed(json!(["object", "null"]), label_map(label_value()))
}

/// Returns the schema of an optional change of labels.
pub(crate) fn optional_label_patch(_: &mut SchemaGenerator) -> Schema {
    let mut value = label_value();
    value["type"] = json!(["string", "null"]);
    typed(json!(["object", "null"]), label_map(value))
}

/// Returns the schema of labels in a filter.
pub(crate) fn labels(_: &mut SchemaGenerator) -> Schema {
    let values = json!({ "type": "string" });
    typed(json!(["object", "null"]), map_of(&json!(true), values, 32))
}

/// Returns the schema of optional metadata.
pub(crate) fn optional_meta(_: &mut SchemaGenerator) -> Schema {
    let names = json!({ "minLength": 1, "maxLength": 256 });
    let values = json!({ "type": "string", "maxLength": 256 });
    typed(json!(["object", "null"]), map_of(&names, values, 16))
}

/// Returns the schema of an optional display name.
pub(crate) fn optional_display_name(_: &mut SchemaGenerator) -> Schema {
    const REFUSED: &str =
        r"@\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069";
    json_schema!({
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": 64,
        "pattern": format!(r"^[^{REFUSED}]*[^\s{REFUSED}][^{REFUSED}]*$")
    })
}

/// Returns the schema of an optional list of capabilities.
pub(crate) fn optional_capabilities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["array", "null"],
        "maxItems": 64,
        "items": { "type": "string", "minLength": 1, "maxLength": 1024, "pattern": NO_CONTROLS }
    })
}
