//! Mutations of a value: one fault at a random place.

use serde_json::{Value, json};

use super::generate::Choices;

/// `value` with one mutation, which may leave the value valid.
pub(super) fn mutated(mut value: Value, choices: &mut Choices<'_>) -> Value {
    let mut paths = Vec::new();
    collect(&value, String::new(), &mut paths);
    let path = choices.one_of(&paths).clone();
    let place = value.pointer_mut(&path).expect("the path was found in it");
    match (choices.below(3), &mut *place) {
        (0, Value::Object(fields)) => {
            fields.insert("colour".to_owned(), json!("red"));
        }
        (1, Value::Object(fields)) if !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            fields.shift_remove(choices.one_of(&names));
        }
        (2, Value::Object(fields)) if fields.contains_key("type") => {
            // Move the tag to the end, or change the tag.
            let tag = fields.shift_remove("type").expect("the tag exists");
            let tag = if choices.yes() { other(&tag, choices) } else { tag };
            fields.insert("type".to_owned(), tag);
        }
        (_, place) => *place = other(place, choices),
    }
    value
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(field, format!("{path}/{name}"), paths);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                collect(item, format!("{path}/{place}"), paths);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    paths.push(path);
}

/// A replacement for `value`.
fn other(value: &Value, choices: &mut Choices<'_>) -> Value {
    let number = value.as_u64().unwrap_or(0);
    let long = |count: usize| json!("l".repeat(count));
    let many = |count: usize| json!(vec![value.clone(); count]);
    let all = [
        Value::Null,
        json!(true),
        json!(""),
        json!("odd"),
        json!(" "),
        json!("a@b"),
        json!("a\u{7}b"),
        json!("a\nb"),
        json!("\u{202e}a"),
        json!("\u{feff}"),
        json!("\u{feff} \u{2028}"),
        json!("a\u{2028}\\b"),
        json!("a/..\n"),
        json!("\u{2003}"),
        json!("018bcfe5-6800-7000-8000-0000000000aa\n"),
        json!("a//b"),
        json!("../a"),
        json!("a\\b"),
        json!("/a"),
        json!("a/."),
        json!("echo"),
        json!("get_runtime"),
        json!("runtime"),
        json!("018BCFE5-6800-7000-8000-0000000000AA"),
        json!("018bcfe568007000800000000000000a"),
        long(64),
        long(65),
        long(128),
        long(129),
        long(256),
        long(257),
        long(1024),
        long(1025),
        long(65_536),
        long(65_537),
        json!(-1),
        json!(0),
        json!(0.5),
        json!(5.0),
        json!(number + 1),
        json!(1000),
        json!(1001),
        json!(60_001),
        json!((1_u64 << 53) - 1),
        json!(1_u64 << 53),
        json!(1e18),
        json!([]),
        json!({}),
        json!([value]),
        many(64),
        many(65),
        json!({ "type": value }),
        json!({ value.as_str().unwrap_or("a"): null }),
        json!({ value.as_str().unwrap_or("a"): {} }),
        pairs(16),
        pairs(17),
        pairs(32),
        pairs(33),
        json!({ "": "a" }),
        json!({ "a": "\u{1}" }),
        json!({ "a\u{9}": "b" }),
        json!({ "a": "v".repeat(257) }),
        json!({ "a": null }),
    ];
    choices.one_of(&all).clone()
}

fn pairs(count: usize) -> Value {
    (0..count)
        .map(|index| (format!("k{index}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
