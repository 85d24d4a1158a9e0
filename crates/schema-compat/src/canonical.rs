//! Writes a part of a schema that is not understood as a text, to compare it word for word.

use serde_json::{Map, Value, json};

use super::keywords::is_annotation;

/// Keywords whose value is a list without a meaningful order.
const UNORDERED: [&str; 6] = ["type", "enum", "required", "allOf", "anyOf", "oneOf"];

/// The kind of a JSON value in a schema, which gives the meaning of its keys.
#[derive(Clone, Copy)]
enum Place {
    Schema,
    /// A map from freely chosen names to schemas.
    Named,
    /// The value of an unknown keyword.
    Unknown,
    /// Plain data.
    Data,
}

/// Writes a schema with its references resolved, without documentation, and with sorted keys.
pub(super) fn text(root: &Value, schema: &Value) -> String {
    let mut written = written_out(root, schema, Place::Schema, &mut Vec::new());
    written.sort_all_objects();
    written.to_string()
}

/// Returns the target of a reference within the document.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(&percent_decoded(reference.strip_prefix('#')?)?)
}

/// Returns the reference of a schema that is nothing but a reference. Annotations are ignored.
pub(super) fn bare_reference(schema: &Map<String, Value>) -> Option<&str> {
    let is_bare = |key: &String| key == "$ref" || is_annotation(key);
    schema.get("$ref").filter(|_| schema.keys().all(is_bare))?.as_str()
}

fn written_out<'a>(
    root: &'a Value,
    value: &'a Value,
    place: Place,
    open: &mut Vec<&'a str>,
) -> Value {
    match (value, place) {
        (Value::Object(object), Place::Schema | Place::Named | Place::Unknown) => {
            object_written_out(root, object, place, open)
        }
        (Value::Array(list), Place::Schema | Place::Named | Place::Unknown) => {
            list.iter().map(|item| written_out(root, item, place, open)).collect()
        }
        _ => value.clone(),
    }
}

fn object_written_out<'a>(
    root: &'a Value,
    object: &'a Map<String, Value>,
    place: Place,
    open: &mut Vec<&'a str>,
) -> Value {
    if let Some(reference) = bare_reference(object).filter(|_| matches!(place, Place::Schema)) {
        return target(root, reference, place, open);
    }
    let mut written = Map::new();
    for (key, value) in object {
        let value = match (place, key.as_str(), value) {
            (Place::Schema, key, _) if is_annotation(key) => continue,
            (Place::Schema | Place::Unknown, "$ref", Value::String(to)) => {
                target(root, to, place, open)
            }
            (Place::Schema, "const", value) if !object.contains_key("enum") => {
                written.insert("enum".to_owned(), json!([value]));
                continue;
            }
            (Place::Schema, key, _) if UNORDERED.contains(&key) => {
                sorted(written_out(root, value, within(place, key), open))
            }
            _ => written_out(root, value, within(place, key), open),
        };
        written.insert(key.clone(), value);
    }
    Value::Object(written)
}

fn sorted(mut list: Value) -> Value {
    list.sort_all_objects();
    if let Some(items) = list.as_array_mut() {
        items.sort_by_cached_key(Value::to_string);
    }
    list
}

/// Writes the target of a reference, without the name of the definition. If the target is already
/// being written, its distance in the chain of open references is written instead.
fn target<'a>(root: &'a Value, to: &'a str, place: Place, open: &mut Vec<&'a str>) -> Value {
    if let Some(depth) = open.iter().rev().position(|known| *known == to) {
        return json!(depth);
    }
    let Some(schema) = resolve(root, to) else { return json!(to) };
    open.push(to);
    let written = written_out(root, schema, place, open);
    open.pop();
    written
}

fn within(place: Place, key: &str) -> Place {
    match (place, key) {
        (Place::Schema, "properties" | "patternProperties" | "dependentSchemas") => Place::Named,
        (
            Place::Schema,
            "allOf"
            | "anyOf"
            | "oneOf"
            | "prefixItems"
            | "items"
            | "additionalProperties"
            | "propertyNames"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "unevaluatedItems"
            | "unevaluatedProperties",
        )
        | (Place::Named, _) => Place::Schema,
        (Place::Schema, "enum" | "const" | "required") | (Place::Data, _) => Place::Data,
        (Place::Schema | Place::Unknown, _) => Place::Unknown,
    }
}

pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}
