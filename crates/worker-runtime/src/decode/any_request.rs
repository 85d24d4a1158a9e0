//! Any request in one enum, for transports that carry all of them over one channel.

use crate::{
    commands::RuntimeCommand,
    decode::{
        Decode, fields, fit,
        json::{self, Fields, Json},
    },
    error::RuntimeError,
    model::Subscribe,
    queries::RuntimeQuery,
    request::Payload,
};

/// Any request that a transport may receive, distinguished by its `type`.
///
/// The `type` of a [`Subscribe`], which has none of its own, is `subscribe` here.
///
/// ```
/// use worker_runtime::{AnyRequest, Decode};
///
/// let request = AnyRequest::decode(br#"{"type":"get_runtime"}"#, 1024)?;
/// assert!(matches!(request, AnyRequest::Query(_)));
/// let request = AnyRequest::decode_fields("subscribe", br#"{"scope":{"type":"runtime"}}"#, 1024)?;
/// assert!(matches!(request, AnyRequest::Subscribe(_)));
/// # Ok::<_, worker_runtime::RuntimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum AnyRequest {
    /// A request to change something.
    Command(RuntimeCommand),
    /// A request that reads and changes nothing.
    Query(RuntimeQuery),
    /// A request for a live stream.
    Subscribe(Subscribe),
}

impl Decode for AnyRequest {
    fn decode(json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError> {
        let Json::Object(mut fields) = json::read(json, max_bytes)? else {
            return Err(RuntimeError::invalid("", "must be an object"));
        };
        let Some(at) = fields.iter().position(|(name, _)| name == "type") else {
            return Err(RuntimeError::invalid("type", "is missing"));
        };
        let (_, name) = fields.remove(at);
        if fields.iter().any(|(name, _)| name == "type") {
            return Err(RuntimeError::invalid("type", "is given twice"));
        }
        match name {
            Json::Text(name) => any(&name, fields),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => {
                Err(unknown())
            }
        }
    }

    fn decode_fields(r#type: &str, json: &[u8], max_bytes: u64) -> Result<Self, RuntimeError> {
        any(r#type, fields(json, max_bytes)?)
    }
}

/// Reads the request of this `type` from its other fields.
fn any<'a>(name: &'a str, mut fields: Fields<'a>) -> Result<AnyRequest, RuntimeError> {
    if name == Subscribe::TYPE {
        return fit(Json::Object(fields)).map(AnyRequest::Subscribe);
    }
    fields.insert(0, ("type".into(), Json::Text(name.into())));
    if RuntimeCommand::TYPES.contains(&name) {
        fit(Json::Object(fields)).map(AnyRequest::Command)
    } else if RuntimeQuery::TYPES.contains(&name) {
        fit(Json::Object(fields)).map(AnyRequest::Query)
    } else {
        Err(unknown())
    }
}

fn unknown() -> RuntimeError {
    let types = RuntimeCommand::TYPES.iter().chain(RuntimeQuery::TYPES).chain([&Subscribe::TYPE]);
    let types: Vec<String> = types.map(|name| format!("`{name}`")).collect();
    RuntimeError::invalid("type", format!("must be one of {}", types.join(", ")))
}
