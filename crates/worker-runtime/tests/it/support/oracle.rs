//! A check for everything that the Runtime returns.

use std::{collections::BTreeMap, sync::LazyLock};

use jsonschema::Validator;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use worker_runtime::schema;

static VALIDATORS: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| {
    let compiled = |document: &Value| jsonschema::draft202012::new(document).expect("a schema");
    let documents = schema::documents().into_iter();
    documents
        .map(|(name, mut document)| {
            close(&mut document);
            (name, compiled(&document))
        })
        .collect()
});

/// Removes the branches for what later versions add, none of which this version says.
fn close(schema: &mut Value) {
    let is_of_later = |branch: &Value| {
        let name = branch["$ref"].as_str().unwrap_or_default();
        name.starts_with("#/$defs/Unknown") || !branch["not"]["enum"].is_null()
    };
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(branches)) = object.get_mut("oneOf") {
                branches.retain(|branch| !is_of_later(branch));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes a value as JSON, and checks that the JSON is valid for its schema and can be read back.
pub(crate) fn said<T>(document: &str, value: &T) -> Value
where
    T: DeserializeOwned + Serialize,
{
    let written = serde_json::to_value(value).expect("what the Runtime says can be written");
    let problems: Vec<String> =
        VALIDATORS[document].iter_errors(&written).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{document}: {problems:?}: {written}");
    let read: T = serde_json::from_value(written.clone()).expect("the JSON can be read back");
    let again = serde_json::to_value(&read).expect("JSON");
    assert_eq!(again, written, "the value is the same after a round trip");
    written
}
