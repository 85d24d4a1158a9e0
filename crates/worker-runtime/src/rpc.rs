//! The API as JSON-RPC 2.0: what a message carries beside the requests, replies and items that all
//! transports share.
//!
//! The module holds types and no I/O. `schema/rpc.json` lists the methods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{error::RuntimeError, model::StreamItem};

/// Ends a subscription. No item of the subscription follows the reply.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Unsubscribe {
    /// The id of the subscription, as the result of `subscribe` has it.
    pub subscription: String,
}

/// The result of `subscribe`, which comes before the subscription's first item.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Subscribed {
    /// The id of the subscription, which is unique within the session.
    pub subscription: String,
}

/// The result of `unsubscribe`. No item of the subscription follows it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Unsubscribed {}

/// The params of the notification `event`, which brings one item of a subscription.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EventNotification {
    /// The id of the subscription, as the result of `subscribe` has it.
    pub subscription: String,
    /// The next item of the subscription's stream.
    pub item: StreamItem,
}

/// The `error` of a JSON-RPC response.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ErrorObject {
    /// The code of the JSON-RPC error, one of the `errors` in `rpc.json`.
    pub code: i64,
    /// A message for people that names what was wrong and what is allowed.
    pub message: String,
    /// The error of the Runtime. If absent, the message itself was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<RuntimeError>,
}

impl Subscribed {
    /// Makes the result that names a subscription.
    pub fn new(subscription: impl Into<String>) -> Self {
        Self { subscription: subscription.into() }
    }
}

impl EventNotification {
    /// Makes the params that bring an item of a subscription.
    pub fn new(subscription: impl Into<String>, item: StreamItem) -> Self {
        Self { subscription: subscription.into(), item }
    }
}

impl From<RuntimeError> for ErrorObject {
    fn from(error: RuntimeError) -> Self {
        Self { code: code_of(error.code()), message: error.to_string(), data: Some(error) }
    }
}

impl ErrorObject {
    /// The code of an error without data: the text is not JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The code of an error without data: the value is JSON, but not a request.
    pub const INVALID_REQUEST: i64 = -32600;
    /// The code of an error without data: there is no such method.
    pub const METHOD_NOT_FOUND: i64 = -32601;

    /// Makes an error without data.
    pub fn plain(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

/// Returns the code of the JSON-RPC error that carries a Runtime's error, given the latter's code.
pub(crate) fn code_of(runtime_code: &str) -> i64 {
    match runtime_code {
        "invalid_request" => -32602,
        "internal" | "store_failed" => -32603,
        _ => -32000,
    }
}
