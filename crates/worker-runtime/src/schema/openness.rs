//! Lists of values and tagged unions that later versions add to.
//!
//! A reader that was made for today's schema accepts a value or a variant that it does not know,
//! and can tell it from those that it knows. Two branches that exclude each other say so: one for
//! what is known, and one for everything else.

use serde_json::{Value, json};

use super::{
    definitions::{Definitions, refer_to, reference, tag, variants},
    naming::{CLOSED, TAGS},
};

/// Returns the definitions with every list and union open, except for the unions that stay closed.
/// An open union brings a definition of its known variants and one of all others.
pub(super) fn opened(definitions: &Definitions) -> Definitions {
    let mut opened = Definitions::new();
    for (name, definition) in definitions {
        let is_union = tag_name(definition).is_some();
        if let Some(values) = listed(definition) {
            opened.insert(name.clone(), open_list(name, definition, &values));
        } else if name == "StreamItem" {
            open_stream_item(definition, definitions, &mut opened);
        } else if is_union && !CLOSED.contains(&name.as_str()) {
            open_union(name, definition, &mut opened);
        } else {
            opened.insert(name.clone(), definition.clone());
        }
    }
    opened
}

/// Returns the values of a list, each with its description; `None` for any other schema.
pub(super) fn listed(definition: &Value) -> Option<Vec<(&str, &str)>> {
    let branches = definition["oneOf"].as_array()?.iter();
    branches
        .map(|branch| Some((branch["const"].as_str()?, branch["description"].as_str()?)))
        .collect()
}

/// Returns the field that tells the variants of a union apart; `None` for any other schema.
pub(super) fn tag_name(definition: &Value) -> Option<&'static str> {
    let first = variants(definition).first()?;
    TAGS.into_iter().find(|tag| first["properties"][tag]["const"].is_string())
}

/// Returns a list without descriptions of its values, which follow in an annotation.
pub(super) fn closed_list(definition: &Value, values: &[(&str, &str)]) -> Value {
    json!({
        "description": definition["description"],
        "type": "string",
        "enum": names(values),
        "x-enum-descriptions": descriptions(values),
    })
}

fn open_list(name: &str, definition: &Value, values: &[(&str, &str)]) -> Value {
    json!({
        "description": definition["description"],
        "x-yoi-open": true,
        "x-enum-descriptions": descriptions(values),
        "oneOf": [
            {
                "title": format!("Known{name}"),
                "description": "A value that this version of the API knows.",
                "type": "string",
                "enum": names(values)
            },
            {
                "title": format!("Other{name}"),
                "description": "A value that a later version of the API added.",
                "type": "string",
                "not": { "enum": names(values) },
                "tsType": "string & {}"
            },
        ]
    })
}

fn open_union(name: &str, definition: &Value, opened: &mut Definitions) {
    let (known, unknown) = (format!("Known{name}"), format!("Unknown{name}"));
    let union = json!({
        "description": definition["description"],
        "x-yoi-open": true,
        "oneOf": [refer_to(&known), refer_to(&unknown)]
    });
    let tag = tag_name(definition).unwrap_or_default();
    let mut variants = definition.clone();
    variants["description"] =
        format!("`{name}` with a `{tag}` that this version of the API knows.").into();
    let mut of_later = format!("`{name}` with a `{tag}` that a later version of the API added.");
    if name == "Retry" {
        of_later.push_str(" A client treats it like `never`.");
    }
    opened.insert(
        unknown,
        unknown_variant(&of_later, tag, &tags(definition), definition, common(name)),
    );
    opened.insert(known, variants);
    opened.insert(name.to_owned(), union);
}

/// Opens the items of a stream: events, notices, and what a later version adds.
fn open_stream_item(definition: &Value, definitions: &Definitions, opened: &mut Definitions) {
    let union = json!({
        "description": definition["description"],
        "x-yoi-open": true,
        "oneOf": [
            refer_to("KnownRuntimeEvent"), refer_to("Notice"), refer_to("UnknownStreamItem")
        ]
    });
    let parts = variants(definition).iter().filter_map(reference);
    let known: Vec<&str> = parts.filter_map(|part| definitions.get(part)).flat_map(tags).collect();
    let of_later = "An event or a notice with a `type` that a later version of the API added.";
    let event = &definitions["RuntimeEvent"];
    let unknown = unknown_variant(of_later, "type", &known, event, &["cursor"]);
    opened.insert("UnknownStreamItem".to_owned(), unknown);
    opened.insert("StreamItem".to_owned(), union);
}

/// Returns the names of the fields that all variants of a union have, those of later versions
/// included.
pub(super) fn common(union: &str) -> &'static [&'static str] {
    match union {
        "RuntimeEvent" => &[
            "runtime_id",
            "epoch",
            "sequence",
            "worker",
            "worker_sequence",
            "at_ms",
            "turn_id",
            "meta",
            "idempotency_key",
            "redacted",
            "cursor",
        ],
        "RuntimeError" => &["message", "retry"],
        _ => &[],
    }
}

/// Returns the schema of the variants that are not `known`. They have the `fields` of the first
/// variant of a union, required as there.
fn unknown_variant(
    description: &str,
    tag: &str,
    known: &[&str],
    union: &Value,
    fields: &[&str],
) -> Value {
    let like = &variants(union)[0];
    let mut schema = json!({
        "description": description,
        "type": "object",
        "properties": {
            tag: {
                "description": format!("The `{tag}`, which is none that this version of the API knows."),
                "type": "string",
                "not": { "enum": known },
                "tsType": "`?${string}`"
            }
        },
        "required": [tag],
        // Not `true`, which makes a generator for Rust drop the other fields.
        "additionalProperties": {}
    });
    for field in fields {
        schema["properties"][field] = like["properties"][field].clone();
    }
    let is_common = |name: &&Value| fields.iter().any(|field| *name == field);
    let required = like["required"].as_array().into_iter().flatten().filter(is_common);
    let required: Vec<Value> = std::iter::once(tag.into()).chain(required.cloned()).collect();
    schema["required"] = required.into();
    schema
}

fn tags(union: &Value) -> Vec<&str> {
    variants(union).iter().filter_map(tag).collect()
}

fn names<'a>(values: &[(&'a str, &str)]) -> Vec<&'a str> {
    values.iter().map(|(name, _)| *name).collect()
}

fn descriptions<'a>(values: &[(&str, &'a str)]) -> Vec<&'a str> {
    values.iter().map(|(_, description)| *description).collect()
}
