//! Random values that come near to fitting a schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    random::Random,
    schemas::{NAMES, STRINGS, TAGS},
};

/// A value made after a schema, and in one of three cases spoilt somewhere.
pub(super) fn near(random: &mut Random, schema: &Value) -> Value {
    let mut value = after(random, schema, schema, 6);
    if random.one_in(3) {
        spoil(random, &mut value);
    }
    value
}

/// Whether an object anywhere in the value has one of these tags.
pub(super) fn has_tag(value: &Value, tags: &BTreeSet<&str>) -> bool {
    match value {
        Value::Object(fields) => {
            let tag = |name| fields.get(name).and_then(Value::as_str);
            let tagged = [tag("type"), tag("code")].into_iter().flatten();
            tagged.into_iter().any(|tag| tags.contains(tag))
                || fields.values().any(|value| has_tag(value, tags))
        }
        Value::Array(items) => items.iter().any(|item| has_tag(item, tags)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn after(random: &mut Random, root: &Value, schema: &Value, depth: usize) -> Value {
    let Some(keywords) = schema.as_object().filter(|_| depth > 0) else { return any(random, 1) };
    if let Some(value) = keywords.get("const") {
        return value.clone();
    }
    if let Some(list) = keywords.get("enum").and_then(Value::as_array).filter(|it| !it.is_empty()) {
        return random.pick(list).clone();
    }
    let mut parts = Vec::new();
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'));
        parts.extend(target.map(|target| after(random, root, target, depth - 1)));
    }
    for keyword in ["anyOf", "oneOf"] {
        let branches = keywords.get(keyword).and_then(Value::as_array);
        if let Some(branches) = branches.filter(|branches| !branches.is_empty()) {
            let branch = random.pick(branches);
            parts.push(after(random, root, branch, depth - 1));
        }
    }
    for part in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        parts.push(after(random, root, part, depth - 1));
    }
    let is_bare = !parts.is_empty() && !keywords.contains_key("properties");
    if !is_bare {
        parts.push(of_type(random, root, keywords, depth));
    }
    parts.into_iter().reduce(merged).unwrap_or(Value::Null)
}

/// Both, where both are objects; else the first.
fn merged(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(left), Value::Object(mut right)) => {
            right.extend(left);
            Value::Object(right)
        }
        (left, _) => left,
    }
}

fn of_type(
    random: &mut Random,
    root: &Value,
    keywords: &Map<String, Value>,
    depth: usize,
) -> Value {
    let of = match keywords.get("type") {
        Some(Value::Array(types)) if !types.is_empty() => random.pick(types).as_str(),
        Some(Value::String(of)) => Some(of.as_str()),
        _ if keywords.contains_key("properties") => Some("object"),
        _ => None,
    };
    match of {
        Some("object") => object(random, root, keywords, depth),
        Some("array") => {
            let items = keywords.get("items").unwrap_or(&Value::Bool(true));
            (0..random.below(4)).map(|_| after(random, root, items, depth - 1)).collect()
        }
        Some("null") => Value::Null,
        Some("boolean") => json!(random.one_in(2)),
        Some("integer") => json!(random.below(5)),
        Some("number") => number(random),
        Some("string") => json!(random.pick(&STRINGS)),
        _ => any(random, 2),
    }
}

fn object(random: &mut Random, root: &Value, keywords: &Map<String, Value>, depth: usize) -> Value {
    let mut object = Map::new();
    let required = keywords.get("required").and_then(Value::as_array);
    let is_required = |name: &str| {
        required.is_some_and(|names| names.iter().any(|required| required.as_str() == Some(name)))
    };
    let others = keywords.get("additionalProperties");
    for (name, schema) in
        keywords.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        if is_required(name) || random.one_in(2) {
            object.insert(name.clone(), after(random, root, schema, depth - 1));
        }
    }
    if others != Some(&Value::Bool(false)) {
        let schema = others.unwrap_or(&Value::Bool(true));
        for _ in 0..random.below(3) {
            let name = if random.one_in(3) { random.pick(&STRINGS) } else { random.pick(&NAMES) };
            if !object.contains_key(*name) {
                object.insert((*name).to_owned(), after(random, root, schema, depth - 1));
            }
        }
    }
    Value::Object(object)
}

fn number(random: &mut Random) -> Value {
    random
        .pick(&[json!(0), json!(0.5), json!(1), json!(1.0), json!(1.5), json!(2), json!(3)])
        .clone()
}

fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.pick(&STRINGS)),
        3 => json!(random.pick(&TAGS)),
        4 => number(random),
        5 => (0..random.below(3)).map(|_| any(random, depth - 1)).collect(),
        _ => {
            let names = random.some(&NAMES);
            names.into_iter().map(|name| (name.to_owned(), any(random, depth - 1))).collect()
        }
    }
}

/// Replaces, adds or removes something somewhere.
fn spoil(random: &mut Random, value: &mut Value) {
    match value {
        Value::Object(fields) if !random.one_in(6) => {
            let name = if fields.is_empty() || random.one_in(5) {
                (*random.pick(&NAMES)).to_owned()
            } else {
                let names: Vec<_> = fields.keys().cloned().collect();
                random.pick(&names).clone()
            };
            if random.one_in(3) && fields.shift_remove(&name).is_some() {
                return;
            }
            match fields.get_mut(&name) {
                Some(inner) => spoil(random, inner),
                None => {
                    fields.insert(name, any(random, 1));
                }
            }
        }
        Value::Array(items) if !items.is_empty() && !random.one_in(6) => {
            let at = random.below(items.len());
            spoil(random, &mut items[at]);
        }
        other => *other = any(random, 2),
    }
}
