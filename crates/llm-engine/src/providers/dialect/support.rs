//! What all dialects do alike.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    EngineError, ErrorKind, ModelRequest,
    providers::failure::{Complaint, of_complaint, protocol},
};

/// A request as JSON.
pub(super) fn to_json(body: &impl Serialize) -> Result<Vec<u8>, EngineError> {
    serde_json::to_vec(body).map_err(|_| refused("it cannot be written as JSON"))
}

/// A part of an answer.
pub(super) fn from_json<T: DeserializeOwned>(part: &str) -> Result<T, EngineError> {
    // What serde says of it may quote it.
    serde_json::from_str(part).map_err(|_| protocol("a part of it cannot be understood"))
}

/// Fails if an answer holds an error object.
pub(super) fn check(error: Option<Value>) -> Result<(), EngineError> {
    error.map_or(Ok(()), |error| Err(of_complaint(&Complaint::of(&error))))
}

/// The model, for providers that choose none themselves.
pub(super) fn model(request: &ModelRequest) -> Result<&str, EngineError> {
    request
        .model
        .as_deref()
        .ok_or_else(|| refused("it names no model, and this provider wants one"))
}

/// A request that is wrong before it is sent.
pub(super) fn refused(why: &str) -> EngineError {
    EngineError::new(ErrorKind::InvalidRequest, format!("the request was not sent: {why}"))
}

/// A count of tokens. Whatever else stands in its place means that nothing was counted: an answer
/// is not lost over it.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64())
}
