//! The schemas of all types that travel in one direction, in one normal form.
//!
//! The form is the one that readers of schemas agree on: every variant of a tagged union is a whole
//! object with a title, also where the Rust type holds a payload or flattens another type; a field
//! without a value is absent and never `null`; numbers are `int64`.

use std::collections::BTreeMap;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::naming;
use crate::{
    commands::{CommandReply, RuntimeCommand},
    error::{Retry, RuntimeError},
    model::{MAX_INTEGER, RuntimeEvent, StreamItem, Subscribe},
    queries::{QueryReply, RuntimeQuery},
    rpc,
};

/// Definitions by name.
pub(super) type Definitions = BTreeMap<String, Value>;

const PREFIX: &str = "#/$defs/";

/// Returns the definitions of everything that a client sends. Objects are closed, bounds are those
/// of the default limits, and an optional field may be `null`, which means that it is absent.
pub(super) fn requests() -> Definitions {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    add::<RuntimeCommand>(&mut generator);
    add::<RuntimeQuery>(&mut generator);
    add::<Subscribe>(&mut generator);
    add::<rpc::Unsubscribe>(&mut generator);
    normalized(generator)
}

/// Returns the definitions of everything that a Runtime sends. Objects are open, so that a reader
/// accepts fields that are added later. Lengths are not bounded, because limits may be raised and
/// because deletion empties texts.
pub(super) fn replies() -> Definitions {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    add::<CommandReply>(&mut generator);
    add::<QueryReply>(&mut generator);
    add::<RuntimeEvent>(&mut generator);
    add::<StreamItem>(&mut generator);
    add::<RuntimeError>(&mut generator);
    add::<Retry>(&mut generator);
    add::<rpc::Subscribed>(&mut generator);
    add::<rpc::Unsubscribed>(&mut generator);
    add::<rpc::EventNotification>(&mut generator);
    add::<rpc::ErrorObject>(&mut generator);
    let mut definitions = normalized(generator);
    for (name, definition) in &mut definitions {
        open(definition);
        if name == "WorkerRef" {
            // A reference never gains a field, because clients send it back in requests.
            definition["additionalProperties"] = json!(false);
        }
    }
    definitions
}

/// Returns the name of the definition that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// Returns a schema that refers to a definition.
pub(super) fn refer_to(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// Returns the definitions that a schema refers to, directly or through others.
pub(super) fn reachable(from: &Value, definitions: &Definitions) -> Definitions {
    let mut found = Definitions::new();
    let mut open = vec![from];
    while let Some(schema) = open.pop() {
        if let Some(name) = reference(schema)
            && let Some(definition) = definitions.get(name)
            && !found.contains_key(name)
        {
            found.insert(name.to_owned(), definition.clone());
            open.push(definition);
        }
        match schema {
            Value::Object(object) => open.extend(object.values()),
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Removes `null` from the types that a schema and the schemas within it allow.
pub(super) fn remove_null(schema: &mut Value) {
    each_object(schema, &mut |object| {
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                object["type"] = only.clone();
            }
        }
        let Some(Value::Array(branches)) = object.get_mut("anyOf") else { return };
        branches.retain(|branch| *branch != json!({ "type": "null" }));
        if let [Value::Object(only)] = branches.as_mut_slice() {
            let only = std::mem::take(only);
            object.shift_remove("anyOf");
            object.extend(only);
        }
    });
}

/// Applies a change to every object in a schema, the outer ones first.
pub(super) fn each_object(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            change(object);
            object.values_mut().for_each(|value| each_object(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Removes bounds of lengths, which limits may move, and patterns but those of ids.
pub(super) fn remove_bounds(schema: &mut Value) {
    each_object(schema, &mut |object| {
        let is_id = object.get("format").is_some_and(|format| format == "uuid");
        object.retain(|keyword, value| match keyword.as_str() {
            "maxLength" | "pattern" if is_id => true,
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" => !value.is_number(),
            "pattern" => !value.is_string(),
            "propertyNames" | "not" => !value.is_object(),
            _ => true,
        });
    });
}

/// Removes what would make a reader refuse a later reply: closed objects, bounds of lengths, and
/// `null`, which no reply contains.
fn open(schema: &mut Value) {
    remove_bounds(schema);
    each_object(schema, &mut |object| {
        object.retain(|keyword, value| keyword != "additionalProperties" || *value != json!(false));
    });
    remove_null(schema);
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

fn normalized(mut generator: SchemaGenerator) -> Definitions {
    let raw: Definitions = generator.take_definitions(true).into_iter().collect();
    let mut definitions = raw.clone();
    for (name, definition) in &mut definitions {
        inline_payloads(definition, &raw);
        flatten(definition);
        title_variants(name, definition);
        describe_tags(definition);
        each_object(definition, &mut tidy);
    }
    // A payload that was written into its variant is not needed by itself.
    let used = definitions.values().map(|definition| reachable(definition, &definitions));
    let used: Definitions = used.flatten().collect();
    definitions.retain(|name, _| used.contains_key(name) || naming::ROOTS.contains(&name.as_str()));
    definitions
}

/// Writes the schema of each payload into its variant of a tagged union.
fn inline_payloads(definition: &mut Value, payloads: &Definitions) {
    for branch in variants_mut(definition) {
        let Some(payload) = reference(branch).and_then(|name| payloads.get(name)) else { continue };
        let Some(own) = branch.get("properties").cloned() else { continue };
        let mut whole = payload.clone();
        join(&mut whole, &json!({ "properties": own, "required": branch["required"] }));
        *branch = whole;
    }
}

/// Writes the fields beside a tagged union into each of its variants.
fn flatten(definition: &mut Value) {
    let fields =
        json!({ "properties": definition["properties"], "required": definition["required"] });
    if !fields["properties"].is_object() || variants(definition).is_empty() {
        return;
    }
    for variant in variants_mut(definition) {
        let mut whole = variant.take();
        let own = whole["properties"].take();
        whole["properties"] = json!({});
        join(&mut whole, &fields);
        join(&mut whole, &json!({ "properties": own, "required": [] }));
        *variant = whole;
    }
    if let Some(object) = definition.as_object_mut() {
        for keyword in ["type", "properties", "required"] {
            object.shift_remove(keyword);
        }
    }
}

/// Adds fields to the schema of an object. The tag comes first.
fn join(schema: &mut Value, fields: &Value) {
    let (Some(known), Some(added)) =
        (schema["properties"].as_object().cloned(), fields["properties"].as_object())
    else {
        return;
    };
    let all: Map<_, _> = known.into_iter().chain(added.clone()).collect();
    let (tags, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(name, _)| naming::TAGS.contains(&name.as_str()));
    schema["properties"] = Value::Object(tags.into_iter().chain(others).collect());
    let required = |schema: &Value| schema["required"].as_array().cloned().unwrap_or_default();
    let mut names = required(fields);
    names.extend(required(schema));
    names.dedup();
    schema["required"] = names.into();
}

fn title_variants(union: &str, definition: &mut Value) {
    for variant in variants_mut(definition) {
        let Some(tag) = tag(variant) else { continue };
        let title = naming::title(union, tag);
        if let Some(object) = variant.as_object_mut() {
            object.insert("title".to_owned(), title.into());
        }
    }
}

/// Describes the tag of each variant, which is no field in Rust and therefore has no comment.
fn describe_tags(definition: &mut Value) {
    for variant in variants_mut(definition) {
        for tag in naming::TAGS {
            let Some(value) = variant["properties"][tag]["const"].as_str() else { continue };
            let description = format!("The `{tag}`, which is always `{value}`.");
            variant["properties"][tag]["description"] = description.into();
        }
    }
}

/// Returns the value of the tag that a variant has.
pub(super) fn tag(variant: &Value) -> Option<&str> {
    naming::TAGS.iter().find_map(|tag| variant["properties"][tag]["const"].as_str())
}

/// Returns the variants of a tagged union; none for any other schema.
pub(super) fn variants(definition: &Value) -> &[Value] {
    definition["oneOf"].as_array().map_or(&[], Vec::as_slice)
}

fn variants_mut(definition: &mut Value) -> impl Iterator<Item = &mut Value> {
    definition.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten()
}

fn tidy(object: &mut Map<String, Value>) {
    if let Some(Value::String(description)) = object.get_mut("description") {
        // A line of a comment ends where the source file is full.
        *description = description.replace('\n', " ");
    }
    let largest = match object.get("format").and_then(Value::as_str) {
        Some("uint64") => MAX_INTEGER,
        Some("uint32") => u32::MAX.into(),
        Some(_) | None => {
            if object.get("default").is_some_and(Value::is_null) {
                object.shift_remove("default");
            }
            return;
        }
    };
    object.insert("format".to_owned(), "int64".into());
    object.entry("maximum").or_insert(largest.into());
}
