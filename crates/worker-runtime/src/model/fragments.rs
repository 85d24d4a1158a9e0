//! Parts of JSON Schemas that cannot be derived from a Rust type.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// The reference to the definition of an error's `retry`, in documents that contain errors.
const RETRY: &str = "#/$defs/Retry";

/// The description of an error's `message`.
const MESSAGE: &str = "A message for people that names what was wrong and what is allowed.";

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
            properties
                .insert("message".to_owned(), json!({ "description": MESSAGE, "type": "string" }));
            let description = "Whether and when the same request may succeed.";
            let retry = json!({ "$ref": RETRY, "description": description });
            properties.insert("retry".to_owned(), retry);
        }
        if let Some(Value::Array(required)) = branch.get_mut("required") {
            required.extend([json!("message"), json!("retry")]);
        }
    }
}

/// Adds the `cursor` that an event has in a stream.
pub(crate) fn add_cursor(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    let description = "The position right after the event, in the scope of the subscription. It \
        is present in a stream only.";
    properties.insert(
        "cursor".to_owned(),
        json!({ "$ref": "#/$defs/Cursor", "description": description }),
    );
}

/// Refuses a sequence of a Worker's log as a position in the Runtime's log.
pub(crate) fn sequence_only_of_a_worker(schema: &mut Schema) {
    let has_type = |name: &str| {
        json!({
            "type": "object",
            "properties": { "type": { "type": "string", "const": name } },
            "required": ["type"]
        })
    };
    let refused = json!({
        "type": "object",
        "properties": { "scope": has_type("runtime"), "from": has_type("after_sequence") },
        "required": ["scope", "from"]
    });
    schema.insert("not".to_owned(), refused);
}

/// Matches a text with a control character.
///
/// Patterns in schemas give the same verdict in every regular expression engine. They have no `$`,
/// which Python and PCRE let match before a line feed at the end; they write characters up to
/// U+00FF as `\xNN`, and others as themselves, because no other escape is understood everywhere. A
/// text that must not contain something is therefore told by `not` and a pattern that finds it.
const CONTROLS: &str = r"[\x00-\x1f\x7f-\x9f]";

/// Finds what makes a text no resource: an empty segment, `.` or `..`, a backslash or a control
/// character, or a 129th segment.
const NO_RESOURCE: &str = r"^/|/(?:/|$)|(?:^|/)\.\.?(?:/|$)|[\\\x00-\x1f\x7f-\x9f]|(?:/[^/]+){128}";

/// Finds what a display name must not contain: `@`, a control character, or a character that changes
/// the direction of the text around it.
const NOT_IN_NAMES: &str =
    "[@\\x00-\\x1f\\x7f-\\x9f\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]";

/// Matches a text that is not blank: one with a character that is not white space. A name of other
/// invisible characters is allowed, because a name is for people and never for authority.
const NOT_BLANK: &str = "[^\\x09-\\x0d\\x20\\x85\\xa0\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]";

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
    map_of(&label_name(), values, 32)
}

fn typed(types: Value, keywords: Map<String, Value>) -> Schema {
    let mut schema = json_schema!({ "type": types });
    for (keyword, value) in keywords {
        schema.insert(keyword, value);
    }
    schema
}

fn label_name() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 128, "not": { "type": "string", "pattern": CONTROLS } })
}

fn label_value() -> Value {
    json!({ "type": "string", "maxLength": 128, "not": { "type": "string", "pattern": CONTROLS } })
}

/// Returns the schema of optional labels.
pub(crate) fn optional_labels(_: &mut SchemaGenerator) -> Schema {
    typed(json!(["object", "null"]), label_map(label_value()))
}

/// Returns the schema of optional names of labels.
pub(crate) fn optional_label_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "maxItems": 32, "items": label_name() })
}

/// Returns the schema of optional metadata.
pub(crate) fn optional_meta(_: &mut SchemaGenerator) -> Schema {
    let names = json!({ "minLength": 1, "maxLength": 256 });
    let values = json!({ "type": "string", "maxLength": 256 });
    typed(json!(["object", "null"]), map_of(&names, values, 16))
}

/// Returns the schema of the name of a tenant.
pub(crate) fn tenant(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 128,
        "not": { "type": "string", "pattern": CONTROLS }
    })
}

/// Returns the schema of an optional name of a tenant.
pub(crate) fn optional_tenant(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": 128,
        "not": { "type": "string", "pattern": CONTROLS }
    })
}

/// Returns the schema of an optional display name.
pub(crate) fn optional_display_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": 64,
        "pattern": NOT_BLANK,
        "not": { "type": "string", "pattern": NOT_IN_NAMES }
    })
}

/// Returns the schema of the resource of a claim.
pub(crate) fn resource(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 1024,
        "not": { "type": "string", "pattern": NO_RESOURCE }
    })
}

/// Returns the schema of an optional list of capabilities.
pub(crate) fn optional_capabilities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["array", "null"],
        "maxItems": 64,
        "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "not": { "type": "string", "pattern": CONTROLS }
        }
    })
}
