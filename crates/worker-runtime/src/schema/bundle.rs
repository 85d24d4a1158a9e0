//! The document for generators: all types of the wire contract under stable names.

use serde_json::{Map, Value, json};

use super::{
    definitions::{self, each_object, remove_bounds, remove_null},
    naming::ROOTS,
    openness::{closed_list, listed, opened, tag_name},
};

/// Returns the bundle.
///
/// It differs from the documents for validation where generators need it: a type has one definition
/// for both directions, a reference has nothing beside it, lengths are not bounded, and a union
/// names its `discriminator`.
pub(crate) fn document() -> Value {
    let replies = definitions::replies();
    let mut all = opened(&replies);
    for (name, definition) in definitions::requests() {
        if !replies.contains_key(&name) {
            all.insert(name, request_only(definition));
        }
    }
    let all: Map<String, Value> = all
        .into_iter()
        .map(|(name, mut definition)| {
            add_discriminator(&mut definition);
            each_object(&mut definition, &mut keep_reference_alone);
            (name, definition)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Yoi",
        "description": DESCRIPTION,
        "x-yoi-roots": ROOTS,
        "$defs": all,
    })
}

const DESCRIPTION: &str = "All types of Yoi's wire contract, for generators of code. A definition \
    that is marked `x-yoi-open` gains values or alternatives in later versions, and the last branch \
    of its `oneOf` holds those. Requests are closed; each kind of request has a document for \
    validation.";

/// Returns the definition of a type that only requests have: a closed object without bounds of
/// lengths, whose optional fields are left out and not `null`.
fn request_only(mut definition: Value) -> Value {
    if let Some(values) = listed(&definition) {
        return closed_list(&definition, &values);
    }
    remove_bounds(&mut definition);
    remove_null(&mut definition);
    definition
}

fn add_discriminator(definition: &mut Value) {
    if let Some(tag) = tag_name(definition) {
        definition["discriminator"] = json!({ "propertyName": tag });
    }
}

/// Removes what stands beside a reference: generators make another type of it.
fn keep_reference_alone(object: &mut Map<String, Value>) {
    if object.get("$ref").is_some_and(Value::is_string) {
        object.retain(|keyword, _| keyword == "$ref");
    }
}
