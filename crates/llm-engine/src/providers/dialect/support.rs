//! Functions that all dialects share.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, value::RawValue};

use super::Ask;
use crate::{EngineError, ErrorKind, ModelRequest, providers::failure::protocol};

/// Writes a request as JSON, with the additional fields.
pub(super) fn to_json(body: &impl Serialize, ask: &Ask<'_>) -> Result<Vec<u8>, EngineError> {
    let extra = &ask.form.extra;
    let written = if extra.is_empty() {
        serde_json::to_vec(body)
    } else {
        serde_json::to_value(body).and_then(|mut body| {
            merge(&mut body, extra);
            serde_json::to_vec(&body)
        })
    };
    written.map_err(|_| refused("it cannot be written as JSON"))
}

/// Merges `extra` into `body`, as a JSON merge patch: objects are merged, `null` removes a field,
/// and any other value replaces it.
fn merge(body: &mut Value, extra: &Map<String, Value>) {
    if !body.is_object() {
        *body = Value::Object(Map::new());
    }
    let Value::Object(fields) = body else { return };
    for (name, value) in extra {
        match value {
            Value::Null => drop(fields.shift_remove(name)),
            Value::Object(value) => {
                merge(fields.entry(name.as_str()).or_insert(Value::Null), value);
            }
            _ => drop(fields.insert(name.clone(), value.clone())),
        }
    }
}

/// Reads a part of an answer from JSON.
pub(super) fn from_json<'de, T: Deserialize<'de>>(part: &'de str) -> Result<T, EngineError> {
    // Serde's error is dropped, because it may quote the part.
    serde_json::from_str(part).map_err(|_| protocol("a part of it cannot be understood"))
}

/// Reads a word, such as the type of an event. Any other value in its place is read as none.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(serde_json::from_str(<&RawValue>::deserialize(deserializer)?.get()).unwrap_or_default())
}

/// Reads the reason of an end, which may be in an object. What is no text and yet there is a reason
/// that nobody knows.
pub(super) fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let reason = <&RawValue>::deserialize(deserializer)?.get();
    Ok(match serde_json::from_str(reason).unwrap_or_default() {
        Value::Null => String::new(),
        Value::String(reason) => reason,
        Value::Object(object) => {
            let mut words =
                ["type", "reason", "finish_reason"].iter().filter_map(|key| object.get(*key));
            words.find_map(Value::as_str).unwrap_or("unknown").to_owned()
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => "unknown".to_owned(),
    })
}

/// Returns the name of the model, for providers that have no default. Fails if there is none.
pub(super) fn model(request: &ModelRequest) -> Result<&str, EngineError> {
    request
        .model
        .as_deref()
        .ok_or_else(|| refused("it names no model, and this provider wants one"))
}

/// Returns the name of the model as one segment of a path. Fails if it is none.
pub(super) fn deployment(request: &ModelRequest) -> Result<&str, EngineError> {
    match model(request)? {
        "" | "." | ".." => Err(refused("the model's name is not one of a deployment")),
        name => Ok(name),
    }
}

/// Fails if a parameter is set that the provider does not have.
pub(super) fn refuse_if(is_set: bool, parameter: &str) -> Result<(), EngineError> {
    if is_set {
        return Err(refused(&format!("{parameter} is set, which this provider does not have")));
    }
    Ok(())
}

/// Returns the error of a request that is wrong before it is sent.
pub(super) fn refused(why: &str) -> EngineError {
    EngineError::new(ErrorKind::InvalidRequest, format!("the request was not sent: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn extra_fields_are_a_merge_patch() {
        let mut body = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": 4});
        let extra = json!({"a": "x", "b": {"c": null, "f": {"g": null, "h": 5}}, "e": {"i": 6}});
        merge(&mut body, extra.as_object().unwrap());
        assert_eq!(body, json!({"a": "x", "b": {"d": 3, "f": {"h": 5}}, "e": {"i": 6}}));
    }
}
