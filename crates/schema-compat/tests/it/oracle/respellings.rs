//! Other ways of writing the same schema.

use serde_json::{Map, Value, json};

use super::{
    mutations::{LIST, NAMED, ONE},
    random::Random,
    schemas::DEFINITIONS,
};

/// The document with definitions renamed, and parts of it written differently.
pub(super) fn respelled(random: &mut Random, document: &Value) -> Value {
    rewritten(random, document, document)
}

fn rewritten(random: &mut Random, root: &Value, schema: &Value) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    let keywords: Map<_, _> = keywords
        .iter()
        .map(|(keyword, value)| keyword_rewritten(random, root, keyword, value))
        .collect();
    otherwise(random, root, keywords)
}

fn keyword_rewritten(
    random: &mut Random,
    root: &Value,
    keyword: &str,
    value: &Value,
) -> (String, Value) {
    let value = match value {
        Value::Object(schemas) if NAMED.contains(&keyword) => {
            let renamed = |name: &String| {
                if keyword == "$defs" { format!("{name}Renamed") } else { name.clone() }
            };
            let schemas = schemas.iter();
            schemas.map(|(name, it)| (renamed(name), rewritten(random, root, it))).collect()
        }
        Value::Array(schemas) if LIST.contains(&keyword) => {
            schemas.iter().map(|it| rewritten(random, root, it)).collect()
        }
        Value::String(to) if keyword == "$ref" => json!(format!("{to}Renamed")),
        schema if ONE.contains(&keyword) => rewritten(random, root, schema),
        other => other.clone(),
    };
    (keyword.to_owned(), value)
}

fn otherwise(random: &mut Random, root: &Value, mut keywords: Map<String, Value>) -> Value {
    match random.below(8) {
        0 => {
            keywords.insert("description".to_owned(), json!("Documentation."));
        }
        1 => {
            // The definition itself, where it does not go on to refer to others.
            let name = keywords.get("$ref").and_then(Value::as_str).unwrap_or_default().to_owned();
            let of = DEFINITIONS.iter().find(|of| name == format!("#/$defs/{of}Renamed"));
            let target = of.map(|of| &root["$defs"][*of]);
            let is_simple = |it: &&Value| it.is_object() && !it.to_string().contains("$ref");
            if let Some(target) = target.filter(is_simple).filter(|_| keywords.len() == 1) {
                return target.clone();
            }
        }
        2 => {
            keywords = std::mem::take(&mut keywords).into_iter().rev().collect();
        }
        3 => {
            if let Some(Value::Array(list)) = keywords.get_mut("required") {
                list.reverse();
            }
            if let Some(Value::Array(list)) = keywords.get_mut("enum") {
                list.reverse();
            }
        }
        4 => {
            if let Some(Value::Array(branches)) = keywords.get_mut("anyOf") {
                branches.reverse();
            }
        }
        5 => {
            let is_free = !keywords.contains_key("enum");
            if let Some(value) = keywords.get("const").cloned().filter(|_| is_free) {
                keywords.shift_remove("const");
                keywords.insert("enum".to_owned(), json!([value]));
            }
        }
        _ => {}
    }
    Value::Object(keywords)
}
