//! Functions that all dialects share.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    EngineError, ErrorKind, ModelRequest,
    providers::failure::{Complaint, of_complaint, protocol},
};

/// Writes a request as JSON.
pub(super) fn to_json(body: &impl Serialize) -> Result<Vec<u8>, EngineError> {
    serde_json::to_vec(body).map_err(|_| refused("it cannot be written as JSON"))
}

/// Reads a part of an answer from JSON.
pub(super) fn from_json<T: DeserializeOwned>(part: &str) -> Result<T, EngineError> {
    // Serde's error is dropped, because it may quote the part.
    serde_json::from_str(part).map_err(|_| protocol("a part of it cannot be understood"))
}

/// Fails if an answer holds an error object.
pub(super) fn check(error: Option<Value>) -> Result<(), EngineError> {
    error.map_or(Ok(()), |error| Err(of_complaint(&Complaint::of(&error))))
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

/// Reads a count of tokens. Any other value in its place is read as no count, so that the answer is
/// not lost because of it.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64())
}
