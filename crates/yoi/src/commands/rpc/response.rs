//! The lines of output: responses and the items of subscriptions.

use serde::Serialize;
use worker_runtime::{StreamItem, rpc::EventNotification};

use super::{error::RpcError, request::Id};

/// Returns the line that answers a request.
pub(super) fn response<T: Serialize>(id: &Id, outcome: &Result<T, RpcError>) -> String {
    let (result, error) = match outcome {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    };
    line(&Response { jsonrpc: "2.0", id, result, error })
}

/// Returns the line that answers a batch.
pub(super) fn batch(responses: &[String]) -> String {
    format!("[{}]", responses.join(","))
}

/// Returns the line that carries an item of a subscription.
pub(super) fn event(subscription: &str, item: StreamItem) -> String {
    let params = EventNotification::new(subscription, item);
    line(&Notification { jsonrpc: "2.0", method: "event", params })
}

#[derive(Serialize)]
struct Response<'a, T> {
    jsonrpc: &'static str,
    id: &'a Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RpcError>,
}

#[derive(Serialize)]
struct Notification {
    jsonrpc: &'static str,
    method: &'static str,
    params: EventNotification,
}

fn line(message: &impl Serialize) -> String {
    // Messages are structs with strings for keys, whose serialization cannot fail.
    serde_json::to_string(message).unwrap_or_default()
}
