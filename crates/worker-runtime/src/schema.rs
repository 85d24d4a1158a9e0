//! The JSON Schema documents of the wire contract, as they are checked into `schema/`.

mod lifecycle;
#[cfg(test)]
mod lifecycle_page;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    commands::{CommandReply, RuntimeCommand},
    error::{Retry, RuntimeError},
    model::{RuntimeEvent, StreamItem, Subscribe, fragments::RETRY},
    queries::{QueryReply, RuntimeQuery},
};

/// Returns every document with the name of its file in `schema/`.
#[must_use]
pub fn documents() -> Vec<(&'static str, Value)> {
    vec![
        ("runtime_command.json", received::<RuntimeCommand>()),
        ("runtime_query.json", received::<RuntimeQuery>()),
        ("command_reply.json", sent::<CommandReply>()),
        ("query_reply.json", sent::<QueryReply>()),
        ("runtime_event.json", sent::<RuntimeEvent>()),
        ("stream_item.json", sent::<StreamItem>()),
        ("subscribe.json", received::<Subscribe>()),
        ("runtime_error.json", sent::<RuntimeError>()),
        ("lifecycle.json", lifecycle::document()),
    ]
}

/// Returns the text of a document's file: indented JSON with a final newline.
#[must_use]
pub fn render(document: &Value) -> String {
    // Serializing a `Value` cannot fail.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// Returns the schema of a request, which is closed. Fields with a default may be left out.
pub(crate) fn received<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Returns the schema of a reply or an event.
///
/// The schema is open, so that a reader accepts fields that are added later. It does not bound
/// lengths, because limits may be raised and because deletion empties texts. It allows no `null`: a
/// field without a value is absent.
fn sent<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut document = settings.into_generator().into_root_schema_for::<T>().to_value();
    if document.to_string().contains(RETRY) {
        document["$defs"]["Retry"] = inlined::<Retry>();
    }
    inline_payloads(&mut document);
    open(&mut document);
    document
}

/// Replaces the reference to a payload in each branch of a tagged union with the payload's schema:
/// few tools understand a reference with properties beside it.
fn inline_payloads(document: &mut Value) {
    let payloads = document["$defs"].clone();
    let Some(Value::Array(branches)) = document.get_mut("oneOf") else { return };
    for branch in branches.iter_mut().filter_map(Value::as_object_mut) {
        let Some(Value::String(reference)) = branch.get("$ref") else { continue };
        let Some(name) = reference.strip_prefix("#/$defs/") else { continue };
        let Value::Object(payload) = &payloads[name] else { continue };
        let mut whole = payload.clone();
        for keyword in ["properties", "required"] {
            if let (Some(own), Some(rest)) = (branch.get(keyword), payload.get(keyword)) {
                whole.insert(keyword.to_owned(), joined(own, rest));
            } else if let Some(own) = branch.get(keyword) {
                whole.insert(keyword.to_owned(), own.clone());
            }
        }
        *branch = whole;
    }
    remove_unused_definitions(document);
}

fn joined(first: &Value, second: &Value) -> Value {
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => {
            first.clone().into_iter().chain(second.clone()).collect()
        }
        (Value::Array(first), Value::Array(second)) => {
            first.iter().chain(second).cloned().collect()
        }
        (first, _) => first.clone(),
    }
}

/// Removes definitions that no reference names, until every remaining one is named.
fn remove_unused_definitions(document: &mut Value) {
    loop {
        let text = document.to_string();
        let Some(Value::Object(definitions)) = document.get_mut("$defs") else { return };
        let before = definitions.len();
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
        if definitions.len() == before {
            return;
        }
    }
}

fn open(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let is_uuid = object.get("format").is_some_and(|format| format == "uuid");
            object.retain(|keyword, value| match keyword.as_str() {
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
                | "maxProperties" | "propertyNames" => !value.is_number() && !value.is_object(),
                "pattern" => is_uuid,
                "additionalProperties" => *value != json!(false),
                _ => true,
            });
            remove_null(object);
            object.values_mut().for_each(open);
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn remove_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    let Some(Value::Array(branches)) = schema.get_mut("anyOf") else { return };
    branches.retain(|branch| *branch != json!({ "type": "null" }));
    if let [Value::Object(only)] = branches.as_mut_slice() {
        let only = std::mem::take(only);
        schema.shift_remove("anyOf");
        schema.extend(only);
    }
}

fn inlined<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut value = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(object) = &mut value {
        object.remove("$schema");
        object.remove("title");
    }
    value
}
