//! Converts the failures of a provider into errors that name a remedy.

mod complaint;
mod retry_after;
mod transport;
mod words;

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use crate::{EngineError, ErrorKind};

pub(super) use complaint::Complaint;
pub(super) use transport::{broken, unreachable};

/// The size in bytes after which no more is read of an answer that is not a stream.
const BODY_BYTES: usize = 64 * 1024;

/// The longest wait for the body of an answer that is not a stream. The status alone is enough for
/// an error.
const BODY_TIME: Duration = Duration::from_secs(2);

/// Returns the error of a response whose status is not a success.
pub(super) async fn of_response(response: Response) -> EngineError {
    let status = response.status().as_u16();
    let asked = retry_after::in_headers(response.headers());
    let complaint = Complaint::read(&body(response).await);
    of_status(status, &complaint.unwrap_or_default(), asked)
}

/// Returns the error of a successful response that is not a stream.
pub(super) async fn of_other_content(response: Response, expected: &str) -> EngineError {
    match Complaint::read(&body(response).await) {
        Some(complaint) => of_complaint(&complaint),
        None => protocol(&format!("it is not {expected}")),
    }
}

/// Returns the error for an error object in a stream.
pub(super) fn of_complaint(complaint: &Complaint) -> EngineError {
    if let Some(status @ 400..) = complaint.status {
        return of_status(status, complaint, None);
    }
    let kind = words::specific(complaint, None)
        .or_else(|| words::generic(complaint))
        .unwrap_or(ErrorKind::Server);
    error(kind, "", complaint, None)
}

/// Returns the error of an answer that does not follow the provider's protocol.
pub(super) fn protocol(what: &str) -> EngineError {
    EngineError::new(
        ErrorKind::Protocol,
        format!(
            "the answer is not of the provider's protocol: {what}; check provider and base_url"
        ),
    )
}

fn of_status(status: u16, complaint: &Complaint, asked: Option<Duration>) -> EngineError {
    if (300..400).contains(&status) {
        return protocol(&format!(
            "it leads to another address (HTTP {status}), which is not followed"
        ));
    }
    let kind = words::specific(complaint, Some(status)).unwrap_or(match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::QuotaExceeded,
        403 => ErrorKind::PermissionDenied,
        404 | 405 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout,
        413 => ErrorKind::ContextLengthExceeded,
        425 | 503 | 529 => ErrorKind::Overloaded,
        429 => ErrorKind::RateLimited,
        409 | 500.. => ErrorKind::Server,
        _ => ErrorKind::InvalidRequest,
    });
    error(kind, &format!("HTTP {status}"), complaint, asked)
}

fn error(
    kind: ErrorKind,
    status: &str,
    complaint: &Complaint,
    asked: Option<Duration>,
) -> EngineError {
    let asked = asked.or(complaint.retry_after);
    let (what, advice) = say(kind);
    let mut details: Vec<String> = Vec::new();
    if !status.is_empty() {
        details.push(status.to_owned());
    }
    if let Some(field) = &complaint.field {
        details.push(format!("field {field}"));
    }
    if let Some((needed, room)) = complaint.tokens {
        details.push(format!("{needed} tokens, of {room} that fit"));
    }
    if let Some(wait) = asked {
        details.push(format!("it asks to wait {wait:?}"));
    }
    let details =
        if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    let mut error = EngineError::new(kind, format!("{what}{details}; {advice}"));
    error.retry_after = asked;
    error
}

/// Returns the message for people: the failure and its remedy.
fn say(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::Authentication => (
            "the provider did not accept the key",
            "check the key, and that it is for this address",
        ),
        ErrorKind::PermissionDenied => {
            ("the key is not allowed to do this", "use another one or ask for access to the model")
        }
        ErrorKind::NotFound => ("no such model or address", "check the model's name and base_url"),
        ErrorKind::InvalidRequest => {
            ("the provider refused the request", "check model, sampling and headers")
        }
        ErrorKind::ContextLengthExceeded => (
            "the conversation does not fit into the model's context",
            "shorten it or use a model with more room",
        ),
        ErrorKind::QuotaExceeded => {
            ("the account has nothing left to spend", "top it up or use another key")
        }
        ErrorKind::RateLimited => ("too many requests", "wait and try again"),
        ErrorKind::Overloaded => ("the provider has no capacity just now", "try again later"),
        ErrorKind::Server => ("the provider failed", "try again later"),
        ErrorKind::Connection => ("the connection to the provider broke", "try again"),
        ErrorKind::Timeout => ("the provider took too long and gave up", "try again later"),
        ErrorKind::Interrupted => ("the provider's answer broke off before its end", "try again"),
        ErrorKind::Protocol => {
            ("the answer is not of the provider's protocol", "check provider and base_url")
        }
        ErrorKind::TooLarge => ("the answer is too large", "ask for a shorter one"),
        ErrorKind::Panicked => ("the provider panicked", "this is a fault in its code"),
    }
}

/// Reads as much of a body as is needed to understand an error.
async fn body(mut response: Response) -> String {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > BODY_BYTES {
                break;
            }
        }
    };
    // After a timeout, the part of the body that has arrived is used.
    drop(timeout(BODY_TIME, read).await);
    String::from_utf8_lossy(&body).into_owned()
}
