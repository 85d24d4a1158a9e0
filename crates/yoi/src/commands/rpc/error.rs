//! The errors of JSON-RPC, with their codes and messages.

use serde::{Serialize, Serializer};
use worker_runtime::{RuntimeError, rpc::ErrorObject};

const SUBSCRIBE_WITHOUT_ID: &str = "\
Invalid Request: `subscribe` needs an `id`, because only its result names the subscription";

/// The reason why a request has no result.
#[derive(Debug)]
pub(super) enum RpcError {
    /// The line is not JSON.
    Parse,
    /// The value is JSON, but not a request.
    InvalidRequest,
    /// A notification asks for a subscription.
    SubscribeWithoutId,
    /// The method does not exist. The message names the methods that do.
    MethodNotFound(String),
    /// The Runtime refused the request, or the params do not fit the method.
    Runtime(RuntimeError),
}

impl From<RuntimeError> for RpcError {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

impl Serialize for RpcError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (code, message) = match self {
            Self::Parse => (ErrorObject::PARSE_ERROR, "Parse error"),
            Self::InvalidRequest => (ErrorObject::INVALID_REQUEST, "Invalid Request"),
            Self::SubscribeWithoutId => (ErrorObject::INVALID_REQUEST, SUBSCRIBE_WITHOUT_ID),
            Self::MethodNotFound(message) => (ErrorObject::METHOD_NOT_FOUND, &**message),
            Self::Runtime(error) => return ErrorObject::from(error.clone()).serialize(serializer),
        };
        ErrorObject::plain(code, message).serialize(serializer)
    }
}

/// Returns the error for params that do not fit.
pub(super) fn invalid(field: &str, problem: &str) -> RuntimeError {
    RuntimeError::InvalidRequest { field: field.to_owned(), problem: problem.to_owned() }
}

/// Returns the first 64 characters of a name, without control characters. The name comes from the
/// client and may be of any length.
pub(super) fn shortened(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(64).collect()
}
