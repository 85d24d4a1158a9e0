//! What goes back: results, errors and events.

use serde::Serialize;
use worker_runtime::{RuntimeError, StreamItem};

use super::request::Id;

/// Why a request has no result.
#[derive(Debug)]
pub(super) enum RpcError {
    /// The line is not JSON.
    Parse,
    /// It is JSON, but no request.
    InvalidRequest,
    /// There is no such method.
    MethodNotFound,
    /// The Runtime refused it, or the request does not fit its method.
    Runtime(RuntimeError),
}

impl From<RuntimeError> for RpcError {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

/// The line that answers a request.
pub(super) fn success(id: &Id, result: &impl Serialize) -> String {
    line(&Success { jsonrpc: "2.0", id, result })
}

/// The line that answers a request, or what was none, if it has no result.
pub(super) fn failure(id: &Id, error: &RpcError) -> String {
    line(&Failed { jsonrpc: "2.0", id, error: error.into() })
}

/// The line that answers a batch.
pub(super) fn batch(answers: &[String]) -> String {
    format!("[{}]", answers.join(","))
}

/// The line that brings an item of a subscription.
pub(super) fn event(subscription: &str, item: &StreamItem) -> String {
    line(&Notification { jsonrpc: "2.0", method: "event", params: Event { subscription, item } })
}

#[derive(Serialize)]
struct Success<'a, T> {
    jsonrpc: &'static str,
    id: &'a Id,
    result: &'a T,
}

#[derive(Serialize)]
struct Failed<'a> {
    jsonrpc: &'static str,
    id: &'a Id,
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    code: i32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RuntimeError>,
}

#[derive(Serialize)]
struct Notification<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    params: Event<'a>,
}

#[derive(Serialize)]
struct Event<'a> {
    subscription: &'a str,
    item: &'a StreamItem,
}

impl<'a> From<&'a RpcError> for ErrorObject<'a> {
    fn from(error: &'a RpcError) -> Self {
        let plain = |code, message: &str| Self { code, message: message.to_owned(), data: None };
        match error {
            RpcError::Parse => plain(-32700, "Parse error"),
            RpcError::InvalidRequest => plain(-32600, "Invalid Request"),
            RpcError::MethodNotFound => plain(-32601, "Method not found"),
            RpcError::Runtime(error) => {
                Self { code: code(error), message: error.to_string(), data: Some(error) }
            }
        }
    }
}

fn code(error: &RuntimeError) -> i32 {
    match error {
        RuntimeError::InvalidRequest { .. } => -32602,
        RuntimeError::StoreFailed { .. } | RuntimeError::Internal { .. } => -32603,
        RuntimeError::WrongRuntime {}
        | RuntimeError::RuntimeStopping {}
        | RuntimeError::RuntimeStopped {}
        | RuntimeError::WorkerNotFound {}
        | RuntimeError::TurnNotFound {}
        | RuntimeError::WorkerBusy { .. }
        | RuntimeError::WorkerStopping {}
        | RuntimeError::WorkerEnded {}
        | RuntimeError::WorkerNotTerminal {}
        | RuntimeError::ProfileNotFound {}
        | RuntimeError::ScopeConflict { .. }
        | RuntimeError::IdempotencyConflict {}
        | RuntimeError::LimitOutOfRange { .. }
        | RuntimeError::TooLarge { .. }
        | RuntimeError::CapacityExhausted { .. }
        | RuntimeError::CursorExpired { .. }
        | RuntimeError::CursorAhead { .. }
        | RuntimeError::CursorForeign { .. }
        | RuntimeError::CursorMalformed {} => -32000,
    }
}

fn line(message: &impl Serialize) -> String {
    /// Most messages are shorter than this, and allocators have it at hand: from a kilobyte on,
    /// some put their memory in order first.
    const USUAL: usize = 1000;

    let mut line = Vec::with_capacity(USUAL);
    // Messages are plain structs with strings for keys, which can always be written, as UTF-8.
    let written = serde_json::to_writer(&mut line, message).ok();
    written.and_then(|()| String::from_utf8(line).ok()).unwrap_or_default()
}
