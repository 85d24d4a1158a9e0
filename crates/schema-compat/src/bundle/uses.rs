//! Finds where the definitions of a bundle are used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    JsonType, canonical,
    comparison::Union,
    names,
    reader::{Reader, TAGS},
};

/// Returns the definitions that these lead to, and these themselves.
pub(super) fn reached<'a>(document: &'a Value, from: &[&'a str]) -> BTreeSet<&'a str> {
    let Some(definitions) = names::definitions(document) else { return BTreeSet::new() };
    let mut reached = BTreeSet::new();
    let mut left = from.to_vec();
    while let Some(name) = left.pop() {
        let Some(definition) = definitions.get(name) else { continue };
        if reached.insert(name) {
            let mut uses = Vec::new();
            collect(definition, None, &mut uses);
            left.extend(uses.into_iter().map(|(name, _)| name));
        }
    }
    reached
}

/// Returns the definitions that are used as branches of open unions alone. Such a definition, the
/// variants with a name or those without, is nothing by itself: both change in step.
pub(super) fn parts_of_open_unions(document: &Value) -> BTreeSet<&str> {
    let mut uses = Vec::new();
    for definition in names::definitions(document).into_iter().flat_map(|it| it.values()) {
        collect(definition, None, &mut uses);
    }
    let mut reader = Reader::new(document);
    let mut are_parts = BTreeMap::new();
    for (name, union) in uses {
        let is_part = union.is_some_and(|union| is_open_union(&mut reader, union));
        *are_parts.entry(name).or_insert(true) &= is_part;
    }
    are_parts.into_iter().filter(|(_, is_part)| *is_part).map(|(name, _)| name).collect()
}

fn is_open_union<'a>(reader: &mut Reader<'a>, schema: &'a Value) -> bool {
    let mut alternatives = reader.all(&vec![schema]).0;
    alternatives.retain(|alternative| alternative.of == JsonType::Object);
    TAGS.iter().any(|tag| {
        Union::read(reader, &alternatives, tag).is_some_and(|union| union.others.is_some())
    })
}

/// A name that a reference has, and the union of which the reference is a branch.
type Use<'a> = (&'a str, Option<&'a Value>);

fn collect<'a>(value: &'a Value, union: Option<&'a Value>, uses: &mut Vec<Use<'a>>) {
    match value {
        Value::Object(object) => {
            let union = union.filter(|_| canonical::bare_reference(object).is_some());
            for (keyword, inner) in object {
                match (keyword.as_str(), inner) {
                    ("$ref", Value::String(to)) => {
                        uses.extend(to.strip_prefix("#/$defs/").map(|name| (name, union)));
                    }
                    ("oneOf" | "anyOf", Value::Array(branches)) => {
                        for branch in branches {
                            collect(branch, Some(value), uses);
                        }
                    }
                    // A field may be called like a keyword.
                    ("properties" | "patternProperties", Value::Object(fields)) => {
                        for field in fields.values() {
                            collect(field, None, uses);
                        }
                    }
                    ("enum" | "const" | "default" | "examples", _) => {}
                    (_, inner) => collect(inner, None, uses),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(item, None, uses);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
