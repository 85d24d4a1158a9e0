//! The form of the documents, which generators and validators of other languages rely on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use worker_runtime::schema;

fn document(name: &str) -> Value {
    schema::documents().into_iter().find(|(path, _)| *path == name).expect(name).1
}

fn bundle() -> Map<String, Value> {
    document("yoi.json")["$defs"].as_object().expect("definitions").clone()
}

/// Calls `look` with every object in a document and its path.
fn each_object(value: &Value, path: &str, look: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            look(path, object);
            for (name, value) in object {
                each_object(value, &format!("{path}/{name}"), look);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                each_object(item, &format!("{path}/{place}"), look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The names that a schema refers to, in `from` and in what that refers to.
fn reachable(definitions: &Map<String, Value>, from: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<String> = from.iter().map(|&name| name.to_owned()).collect();
    while let Some(name) = open.pop() {
        if !found.insert(name.clone()) {
            continue;
        }
        each_object(&definitions[&name], &name, &mut |_, object| {
            if let Some(Value::String(reference)) = object.get("$ref") {
                open.push(reference.trim_start_matches("#/$defs/").to_owned());
            }
        });
    }
    found
}

const REQUESTS: [&str; 4] = ["RuntimeCommand", "RuntimeQuery", "Subscribe", "Unsubscribe"];
const REPLIES: [&str; 9] = [
    "CommandReply",
    "QueryReply",
    "RuntimeEvent",
    "StreamItem",
    "RuntimeError",
    "Subscribed",
    "Unsubscribed",
    "EventNotification",
    "ErrorObject",
];

#[test]
fn every_definition_of_the_bundle_is_of_use() {
    let definitions = bundle();
    let roots = [REQUESTS.as_slice(), REPLIES.as_slice()].concat();
    let all: BTreeSet<String> = definitions.keys().cloned().collect();
    assert_eq!(reachable(&definitions, &roots), all);
}

#[test]
fn nothing_in_the_bundle_stands_beside_a_reference() {
    each_object(&document("yoi.json"), "", &mut |path, object| {
        assert!(!object.get("$ref").is_some_and(Value::is_string) || object.len() == 1, "{path}");
    });
}

#[test]
fn no_keyword_is_one_that_generators_stumble_over() {
    let forbidden = ["anyOf", "allOf", "if", "patternProperties", "$dynamicRef", "nullable"];
    each_object(&document("yoi.json"), "", &mut |path, object| {
        for keyword in forbidden {
            assert!(!object.contains_key(keyword), "{path}: {keyword}");
        }
        assert!(object.get("additionalProperties") != Some(&Value::Bool(true)), "{path}");
        if let Some(format) = object.get("format").and_then(Value::as_str) {
            assert!(["int64", "uuid"].contains(&format), "{path}: {format}");
        }
        if object.contains_key("not") {
            let is_of_later = object["not"]["enum"].is_array() && object["tsType"].is_string();
            assert!(is_of_later, "{path}");
        }
    });
    each_object(&document("yoi.json"), "", &mut |path, object| {
        for name in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            assert!(!["not", "oneOf", "$ref"].contains(&name.0.as_str()), "{path}/{}", name.0);
        }
    });
}

#[test]
fn titles_and_names_are_unique_and_have_no_number() {
    let definitions = bundle();
    let mut names: Vec<String> = definitions.keys().cloned().collect();
    each_object(&Value::Object(definitions), "", &mut |_, object| {
        names.extend(object.get("title").and_then(Value::as_str).map(str::to_owned));
    });
    for name in &names {
        assert!(name.chars().all(|it| it.is_ascii_alphabetic()), "{name}");
    }
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
}

/// What replies contain may grow, so every list and union in them has a branch for the rest. What only
/// requests contain is closed, and so are the unions of replies, which come only when asked for.
#[test]
fn exactly_what_replies_contain_is_open() {
    let definitions = bundle();
    let replies = reachable(&definitions, &REPLIES);
    for (name, definition) in &definitions {
        let is_list = definition.get("enum").is_some();
        let tags = definition["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
        let is_union = tags.iter().any(|variant| variant["type"] == "object");
        let is_part = name.starts_with("Known") || name == "Notice";
        let is_open = definition["x-yoi-open"] == true;
        if replies.contains(name) {
            let stays_closed = ["CommandReply", "QueryReply"].contains(&name.as_str());
            assert!(!is_list && (!is_union || is_part || stays_closed), "{name} is not open");
        } else {
            assert!(!is_open, "{name} is open");
        }
        if is_open {
            let branches = definition["oneOf"].as_array().expect("branches");
            assert!(branches.len() >= 2, "{name}");
        }
    }
}

/// A generator for Go makes one struct of a union, in which a name has one type.
#[test]
fn a_field_has_one_json_type_in_all_variants_of_a_union() {
    let definitions = bundle();
    for (name, definition) in &definitions {
        let mut types = BTreeMap::new();
        for variant in variants(definition, &definitions) {
            for (field, schema) in variant["properties"].as_object().into_iter().flatten() {
                let json_type = json_type(schema, &definitions);
                let first = types.entry(field).or_insert_with(|| json_type.clone());
                assert_eq!(*first, json_type, "{name}: {field}");
            }
        }
    }
}

/// The variants of a union, with those of the unions that it consists of.
fn variants<'a>(union: &'a Value, definitions: &'a Map<String, Value>) -> Vec<&'a Value> {
    let branches = union["oneOf"].as_array().map_or(&[][..], Vec::as_slice);
    let resolved = branches.iter().flat_map(|branch| match branch["$ref"].as_str() {
        Some(name) => {
            let named = &definitions[name.trim_start_matches("#/$defs/")];
            let parts = variants(named, definitions);
            if parts.is_empty() { vec![named] } else { parts }
        }
        None => vec![branch],
    });
    resolved.collect()
}

fn json_type(schema: &Value, definitions: &Map<String, Value>) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return json_type(&definitions[reference.trim_start_matches("#/$defs/")], definitions);
    }
    let first = &schema["oneOf"][0];
    schema["type"].as_str().map_or_else(|| json_type(first, definitions), str::to_owned)
}

#[test]
fn documents_for_validation_use_standard_keywords_only() {
    const DATA: [&str; 4] = ["lifecycle.json", "rpc.json", "openrpc.json", "yoi.json"];
    let standard: BTreeSet<&str> = [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "items",
        "enum",
        "const",
        "oneOf",
        "anyOf",
        "not",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "maxItems",
        "maxProperties",
    ]
    .into();
    for (name, document) in schema::documents() {
        if DATA.contains(&name) {
            continue;
        }
        each_object(&document, "", &mut |path, object| {
            let holds_names = path.ends_with("/properties") || path.ends_with("/$defs");
            for keyword in object.keys().filter(|_| !holds_names) {
                assert!(standard.contains(keyword.as_str()), "{name}{path}: {keyword}");
            }
        });
    }
}

/// What every engine of regular expressions reads alike: see `model/fragments.rs`.
#[test]
fn patterns_are_portable() {
    let mut seen = BTreeSet::new();
    for (name, document) in schema::documents() {
        each_object(&document, "", &mut |path, object| {
            let Some(Value::String(pattern)) = object.get("pattern") else { return };
            for refused in
                ["\\p", "\\P", "\\s", "\\S", "\\d", "\\w", "\\b", "\\u", "(?!", "(?=", "(?<"]
            {
                assert!(!pattern.contains(refused), "{name}{path}: {pattern}");
            }
            // `$` also matches before a line feed at the end, but for engines that do not. That is of no
            // matter where a line feed matches anyway.
            let refuses_line_feeds = pattern.contains(r"\x00-\x1f");
            assert!(!pattern.contains('$') || refuses_line_feeds, "{name}{path}: {pattern}");
            seen.insert(pattern.clone());
        });
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

#[test]
fn the_table_of_methods_names_what_is_in_the_bundle() {
    let definitions = bundle();
    let table = document("rpc.json");
    let methods = table["methods"].as_array().expect("methods");
    let notifications = table["notifications"].as_array().expect("notifications");
    let parts = methods.iter().flat_map(|method| [&method["params"], &method["result"]]);
    let parts = parts.chain(notifications.iter().map(|it| &it["params"])).chain([&table["error"]]);
    for part in parts {
        let definition = &definitions[part["definition"].as_str().expect("a name")];
        let Some(tag) = part["type"].as_str() else {
            assert_eq!(part["title"], part["definition"]);
            continue;
        };
        let variants = definition["oneOf"].as_array().expect("variants");
        let variant = variants.iter().find(|it| it["properties"]["type"]["const"] == tag);
        assert_eq!(variant.expect(tag)["title"], part["title"]);
    }
    let of_kind = |kind: &str| -> BTreeSet<&str> {
        let of_kind = methods.iter().filter(|method| method["kind"] == kind);
        of_kind.map(|method| method["name"].as_str().expect("a name")).collect()
    };
    let types = |union: &str| -> BTreeSet<String> {
        let variants = definitions[union]["oneOf"].as_array().expect("variants").iter();
        let tag =
            |variant: &Value| variant["properties"]["type"]["const"].as_str().map(str::to_owned);
        variants.filter_map(tag).collect()
    };
    assert!(of_kind("command").iter().eq(types("RuntimeCommand").iter()));
    assert!(of_kind("query").iter().eq(types("RuntimeQuery").iter()));
    assert_eq!(of_kind("subscription"), BTreeSet::from(["subscribe", "unsubscribe"]));
}

#[test]
fn every_error_of_the_runtime_has_one_code_of_json_rpc() {
    let table = document("rpc.json");
    let mut codes: Vec<&str> = table["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .flat_map(|error| error["data"].as_array().into_iter().flatten())
        .map(|code| code.as_str().expect("a code"))
        .collect();
    codes.sort_unstable();
    let known = &bundle()["KnownRuntimeError"]["oneOf"];
    let mut expected: Vec<&str> = known
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["properties"]["code"]["const"].as_str().expect("a code"))
        .collect();
    expected.sort_unstable();
    assert_eq!(codes, expected);
}
