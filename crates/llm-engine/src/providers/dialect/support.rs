//! Functions that all dialects share.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, value::RawValue};

use crate::{EngineError, ErrorKind, ModelRequest, providers::failure::protocol};

/// Writes a request as JSON.
pub(super) fn to_json(body: &impl Serialize) -> Result<Vec<u8>, EngineError> {
    serde_json::to_vec(body).map_err(|_| refused("it cannot be written as JSON"))
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

/// Returns the error of a request that is wrong before it is sent.
pub(super) fn refused(why: &str) -> EngineError {
    EngineError::new(ErrorKind::InvalidRequest, format!("the request was not sent: {why}"))
}
