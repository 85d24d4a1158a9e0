//! A line of input read as JSON-RPC: a request, a notification, or a batch of them. Responses are
//! left out.

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};
use worker_runtime::RuntimeError;

use super::error::RpcError;

/// The largest number of requests in a batch.
pub(super) const MAX_BATCH: usize = 1024;

/// The largest length of an id, because ids are kept until their requests are answered.
pub(super) const MAX_ID_BYTES: usize = 1024;

/// The requests of one line.
#[derive(Debug)]
pub(super) struct Message {
    /// Empty if the line holds only responses, which are ignored.
    pub(super) requests: Vec<Request>,
    /// Whether the responses belong in an array.
    pub(super) is_batch: bool,
}

/// A request, or the reason why the input is not one.
#[derive(Debug)]
pub(super) struct Request {
    /// The id for the response. `None` in a notification, which gets no response.
    pub(super) id: Option<Id>,
    pub(super) call: Result<Call, RpcError>,
}

/// A method and its params, not checked against each other.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// An object or an array, in its original text.
    pub(super) params: Option<Box<RawValue>>,
}

/// The id of a request in its original text, so that a number keeps all of its digits.
#[derive(Debug, Deserialize, Serialize)]
#[serde(try_from = "Box<RawValue>")]
pub(super) struct Id(Box<RawValue>);

impl Id {
    /// Returns the id in a response to input whose own id cannot be read.
    fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    fn is_too_long(&self) -> bool {
        self.0.get().len() > MAX_ID_BYTES
    }
}

impl TryFrom<Box<RawValue>> for Id {
    type Error = &'static str;

    fn try_from(value: Box<RawValue>) -> Result<Self, Self::Error> {
        match value.get().as_bytes() {
            b"null" | [b'"' | b'-' | b'0'..=b'9', ..] => Ok(Self(value)),
            _ => Err("an id is a string, a number or null"),
        }
    }
}

/// The members of a request or a response. Unknown ones, such as those that carry a trace, are
/// ignored.
#[derive(Deserialize)]
struct Envelope {
    jsonrpc: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Id>,
    method: Option<Value>,
    params: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "present")]
    result: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    error: Option<IgnoredAny>,
}

/// Reads `null` as a value: a request with the id `null` is not a notification, and a result may be
/// `null`.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Message {
    /// Reads a line. Returns `None` if the line is blank.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        // Reading a raw value does not check its strings, numbers and depth. The whole line is read
        // as a value first, so that an error is found wherever it is.
        let is_json = serde_json::from_slice::<Value>(line).is_ok();
        Some(match str::from_utf8(line) {
            Ok(text) if is_json && text.starts_with('[') => Self::read_batch(text),
            Ok(text) if is_json => {
                Self { requests: Vec::from_iter(Request::read(text)), is_batch: false }
            }
            Ok(_) | Err(_) => Self::refused(RpcError::Parse),
        })
    }

    /// Returns a message that is answered with an error.
    pub(super) fn refused(error: RpcError) -> Self {
        Self { requests: vec![Request::refused(error)], is_batch: false }
    }

    fn read_batch(text: &str) -> Self {
        match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(entries) if (1..=MAX_BATCH).contains(&entries.len()) => {
                let requests = entries.iter().filter_map(|entry| Request::read(entry.get()));
                Self { requests: requests.collect(), is_batch: true }
            }
            Ok(_) | Err(_) => Self::refused(RpcError::InvalidRequest),
        }
    }
}

impl Request {
    /// Returns a request that is answered with an error, although it has no id that can be read.
    pub(super) fn refused(error: RpcError) -> Self {
        Self { id: Some(Id::null()), call: Err(error) }
    }

    /// Reads an object. Returns `None` if it is a response: this server asks nothing, so a response
    /// is a mistake of the client's, and two sides that answer each other's responses do not stop.
    fn read(text: &str) -> Option<Self> {
        // Serde would take an array of the members for an object of them.
        let envelope = text.starts_with('{').then(|| serde_json::from_str::<Envelope>(text));
        let Some(Ok(Envelope { jsonrpc, id, method, params, result, error })) = envelope else {
            return Some(Self::refused(RpcError::InvalidRequest));
        };
        if id.as_ref().is_some_and(Id::is_too_long) {
            let (field, max) = ("id".to_owned(), MAX_ID_BYTES as u64);
            return Some(Self::refused(RuntimeError::TooLarge { field, max }.into()));
        }
        let is_version_2 = jsonrpc.is_some_and(|version| version == "2.0");
        let is_structured =
            params.as_ref().is_none_or(|params| params.get().starts_with(['{', '[']));
        match method {
            None if is_version_2 && (result.is_some() || error.is_some()) => None,
            Some(Value::String(method)) if is_version_2 && is_structured => {
                Some(Self { id, call: Ok(Call { method, params }) })
            }
            Some(_) | None => {
                // Input without an id that is not a request is not a notification either.
                let id = id.or(Some(Id::null()));
                Some(Self { id, call: Err(RpcError::InvalidRequest) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_json(text: &str) -> bool {
        let message = Message::read(text.as_bytes()).expect("the line is not blank");
        message.requests.iter().all(|request| !matches!(request.call, Err(RpcError::Parse)))
    }

    #[test]
    fn json_is_told_from_what_looks_like_it() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        for text in ["null", " [1, -2.5, {\"a\": [true, \"\\u00e9\"]}] ", &nested(100)] {
            assert!(is_json(text), "{text}");
        }
        for text in ["{", "1 2", "{\"a\":1,}", "1e999", "\"\\ud800\"", "nul", &nested(100_000)] {
            assert!(!is_json(text), "{text:.20}");
        }
    }
}
