//! Random changes to a schema, such as people make.

use serde_json::{Value, json};

use super::{
    random::Random,
    schemas::{self, BOUNDS, NAMES, PATTERNS, Place, STRINGS},
};

/// Keywords whose value is a schema, a list of schemas, or schemas by name.
pub(super) const ONE: [&str; 4] = ["items", "additionalProperties", "propertyNames", "not"];
pub(super) const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
pub(super) const NAMED: [&str; 3] = ["properties", "patternProperties", "$defs"];

/// The document with one change somewhere.
pub(super) fn mutated(random: &mut Random, mut document: Value) -> Value {
    let mut places = Vec::new();
    collect("", &document, &mut places);
    let place = random.pick(&places).clone();
    let is_root = place.is_empty();
    // A definition that is a reference could lead to itself.
    let no_reference = is_definition_itself(&place);
    if let Some(schema) = document.pointer_mut(&place) {
        let changed = changed(random, schema.clone(), Place { depth: 1, no_reference });
        if !is_root || changed.is_object() {
            let definitions = document["$defs"].clone();
            if let Some(schema) = document.pointer_mut(&place) {
                *schema = changed;
            }
            if is_root {
                document["$defs"] = definitions;
            }
        }
    }
    document
}

/// Below a definition, up to the first step into the value.
fn is_definition_itself(place: &str) -> bool {
    let inside = ["/properties/", "/items", "/additionalProperties", "/patternProperties/"];
    place.starts_with("/$defs/") && !inside.iter().any(|step| place.contains(step))
}

/// The places of all schemas in a document.
fn collect(place: &str, schema: &Value, places: &mut Vec<String>) {
    places.push(place.to_owned());
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        let place = format!("{place}/{keyword}");
        match value {
            Value::Object(schemas) if NAMED.contains(&keyword.as_str()) => {
                for (name, schema) in schemas {
                    collect(&format!("{place}/{name}"), schema, places);
                }
            }
            Value::Array(schemas) if LIST.contains(&keyword.as_str()) => {
                for (at, schema) in schemas.iter().enumerate() {
                    collect(&format!("{place}/{at}"), schema, places);
                }
            }
            schema if ONE.contains(&keyword.as_str()) => collect(&place, schema, places),
            _ => {}
        }
    }
}

fn changed(random: &mut Random, schema: Value, place: Place) -> Value {
    let Value::Object(_) = schema else { return schemas::schema(random, place) };
    match random.below(18) {
        0 => schemas::schema(random, place),
        1 => without_a_keyword(random, schema),
        2 | 3 => bounded(random, schema),
        4 => field_changed(random, schema, place),
        5 => required_changed(random, schema),
        6 => other_fields_changed(random, schema, place),
        7 | 8 => branches_changed(random, schema, place),
        9 => listed_changed(random, schema),
        10 => retyped(random, schema),
        11 => json!({"anyOf": [schema, {"type": "null"}]}),
        12 => json!({"allOf": [schema, schemas::schema(random, place)]}),
        13 => json!({"anyOf": [schema, schemas::schema(random, place)]}),
        14 => patterned(random, schema),
        15 | 16 => named_changed(random, schema),
        _ => json!({"allOf": [bounded(random, schema.clone()), schema]}),
    }
}

fn without_a_keyword(random: &mut Random, mut schema: Value) -> Value {
    if let Some(keywords) = schema.as_object_mut().filter(|keywords| !keywords.is_empty()) {
        let names: Vec<_> = keywords.keys().filter(|name| *name != "$defs").cloned().collect();
        if !names.is_empty() {
            keywords.shift_remove(random.pick(&names));
        }
    }
    schema
}

/// A bound set, moved, or made exclusive.
fn bounded(random: &mut Random, mut schema: Value) -> Value {
    let known = BOUNDS.into_iter().find(|keyword| schema.get(keyword).is_some());
    let Some(known) = known.filter(|_| !random.one_in(3)) else {
        let (keyword, value) = schemas::bound(random);
        schema[keyword] = value;
        return schema;
    };
    let exclusive = match known {
        "minimum" => Some("exclusiveMinimum"),
        "maximum" => Some("exclusiveMaximum"),
        _ => None,
    };
    let value = schema.as_object_mut().and_then(|keywords| keywords.shift_remove(known));
    match exclusive.filter(|_| random.one_in(2)) {
        Some(exclusive) => schema[exclusive] = json!(value),
        None => schema[known] = json!(random.below(4)),
    }
    schema
}

fn field_changed(random: &mut Random, mut schema: Value, place: Place) -> Value {
    let name = *random.pick(&NAMES[..3]);
    let inside = Place { no_reference: false, ..place };
    match schema.get_mut("properties").and_then(Value::as_object_mut) {
        Some(fields) if fields.contains_key(name) => {
            fields.shift_remove(name);
        }
        Some(fields) => {
            fields.insert(name.to_owned(), schemas::schema(random, inside));
        }
        None => schema["properties"] = json!({name: schemas::schema(random, inside)}),
    }
    schema
}

fn required_changed(random: &mut Random, mut schema: Value) -> Value {
    let name = *random.pick(&NAMES);
    match schema.get_mut("required").and_then(Value::as_array_mut) {
        Some(names) => match names.iter().position(|known| known == name) {
            Some(at) => {
                names.remove(at);
            }
            None => names.push(json!(name)),
        },
        None => schema["required"] = json!([name]),
    }
    schema
}

fn other_fields_changed(random: &mut Random, mut schema: Value, place: Place) -> Value {
    let inside = Place { no_reference: false, ..place };
    match random.below(4) {
        0 => schema["additionalProperties"] = json!(false),
        1 => schema["additionalProperties"] = schemas::schema(random, inside),
        2 => schema["propertyNames"] = json!({"maxLength": random.below(3)}),
        _ => {
            if let Some(keywords) = schema.as_object_mut() {
                keywords.shift_remove("additionalProperties");
            }
        }
    }
    schema
}

fn branches_changed(random: &mut Random, mut schema: Value, place: Place) -> Value {
    let added = if random.one_in(3) {
        schemas::schema(random, place)
    } else {
        let tag = *random.pick(&["type", "type", "code"]);
        let name = *random.pick(&["new", "x", "y"]);
        schemas::variant(random, place, tag, name)
    };
    let keyword = ["oneOf", "anyOf", "allOf"].into_iter().find(|it| schema[*it].is_array());
    match keyword.and_then(|keyword| schema[keyword].as_array_mut()) {
        Some(branches) if branches.len() > 1 && random.one_in(2) => {
            branches.remove(random.below(branches.len()));
        }
        Some(branches) => {
            keep_in_step(branches, &added);
            branches.push(added);
        }
        None => schema["anyOf"] = json!([added]),
    }
    schema
}

/// Takes the tag of a new variant from those that an open union leaves to variants without a name.
fn keep_in_step(branches: &mut [Value], added: &Value) {
    for tag in ["type", "code"] {
        let Some(name) = added.pointer(&format!("/properties/{tag}/const")) else { continue };
        let refused = format!("/properties/{tag}/not/enum");
        for branch in &mut *branches {
            if let Some(Value::Array(names)) = branch.pointer_mut(&refused) {
                names.push(name.clone());
            }
        }
    }
}

fn listed_changed(random: &mut Random, mut schema: Value) -> Value {
    match schema.get_mut("enum").and_then(Value::as_array_mut) {
        Some(list) if list.len() > 1 && random.one_in(2) => {
            list.remove(random.below(list.len()));
        }
        Some(list) => {
            let value = json!(random.pick(&STRINGS));
            if !list.contains(&value) {
                list.push(value);
            }
        }
        None => schema["enum"] = json!(schemas::listed(random)),
    }
    schema
}

/// An open list that names one value more or less, or that is opened or closed.
fn named_changed(random: &mut Random, mut schema: Value) -> Value {
    let Some(mut named) = named(&schema) else {
        let Some(list) = schema.get("enum").cloned() else { return schema };
        let list: Vec<_> =
            list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        return schemas::open_list(random, &list);
    };
    if named.len() > 1 && random.one_in(2) {
        named.remove(random.below(named.len()));
    } else if random.one_in(4) {
        return json!({"type": "string", "enum": named});
    } else {
        let value = json!(random.pick(&STRINGS));
        if !named.contains(&value) {
            named.push(value);
        }
    }
    schema["oneOf"][0]["enum"] = json!(named);
    schema["oneOf"][1]["not"]["enum"] = json!(named);
    schema
}

/// The values that an open list names.
fn named(schema: &Value) -> Option<Vec<Value>> {
    let named = schema.pointer("/oneOf/0/enum")?.as_array()?;
    schema.pointer("/oneOf/1/not/enum").map(|_| named.clone())
}

fn patterned(random: &mut Random, mut schema: Value) -> Value {
    schema["pattern"] = json!(random.pick(&PATTERNS));
    schema
}

fn retyped(random: &mut Random, mut schema: Value) -> Value {
    schema["type"] = match schema.get("type").and_then(Value::as_str) {
        Some("integer") => json!("number"),
        Some("number") if random.one_in(2) => json!("integer"),
        Some(of) if of != "null" => json!(["null", of]),
        _ => json!(random.pick(&["string", "integer", "object"])),
    };
    schema
}
