//! The document for generators: all types of the wire contract under stable names.

use serde_json::{Map, Value, json};

use super::{
    definitions::{Definitions, each_object, remove_bounds, remove_null, variants},
    naming::ROOTS,
    openness::{closed_list, common, listed, tag_name},
};
use crate::model::MAX_INTEGER;

/// Returns the bundle.
///
/// It differs from the documents for validation where generators need it: a type has one definition
/// for both directions, a reference has nothing beside it, lengths are not bounded, and a union
/// names its `discriminator`.
pub(super) fn document(requests: &Definitions, replies: &Definitions) -> Value {
    let mut all = replies.clone();
    for (name, definition) in requests {
        if !replies.contains_key(name) {
            all.insert(name.clone(), request_only(definition.clone()));
        }
    }
    let all: Map<String, Value> = all
        .into_iter()
        .map(|(name, mut definition)| {
            add_discriminator(&mut definition);
            describe_references(&name, &mut definition);
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
    each_object(&mut definition, &mut |object| {
        // The other maxima are those of the default limits, which a Backend may raise.
        if let Some(maximum) = object.get_mut("maximum").filter(|it| it.is_number()) {
            *maximum = MAX_INTEGER.into();
        }
    });
    remove_null(&mut definition);
    definition
}

fn add_discriminator(definition: &mut Value) {
    if let Some(tag) = tag_name(definition) {
        definition["discriminator"] = json!({ "propertyName": tag });
    }
}

/// Adds the descriptions of fields that are references to the description of their object, because
/// nothing may stand beside a reference. Those of the fields that all variants of a union share are
/// added to the description of the union.
fn describe_references(name: &str, definition: &mut Value) {
    let shared = common(name.trim_start_matches("Known"));
    if let Some(variant) = variants(definition).first().and_then(Value::as_object) {
        let texts = texts_of_references(variant, |field| shared.contains(&field));
        definition.as_object_mut().into_iter().for_each(|union| add_description(union, &texts));
    }
    each_object(definition, &mut |object| {
        let texts = texts_of_references(object, |field| !shared.contains(&field));
        add_description(object, &texts);
    });
}

fn texts_of_references(
    object: &Map<String, Value>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<String> {
    let fields = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    fields
        .filter(|(name, schema)| schema["$ref"].is_string() && is_wanted(name))
        .filter_map(|(name, schema)| Some(format!("`{name}`: {}", schema["description"].as_str()?)))
        .collect()
}

fn add_description(object: &mut Map<String, Value>, texts: &[String]) {
    if let (false, Some(Value::String(description))) =
        (texts.is_empty(), object.get_mut("description"))
    {
        *description = format!("{description} {}", texts.join(" "));
    }
}

/// Removes what stands beside a reference: generators make another type of it.
fn keep_reference_alone(object: &mut Map<String, Value>) {
    if object.get("$ref").is_some_and(Value::is_string) {
        object.retain(|keyword, _| keyword == "$ref");
    }
}
