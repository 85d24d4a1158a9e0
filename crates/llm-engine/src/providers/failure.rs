//! Converts the failures of a provider into errors that name a remedy.

mod advice;
mod allowance;
mod classify;
mod complaint;
mod durations;
mod finding;
mod numbers;
mod page;
mod parts;
mod phrases;
mod reply;
mod retry_after;
mod secrets;
mod transport;
mod words;

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use crate::{EngineError, ErrorKind, ProviderError};

use classify::classify;
pub(super) use complaint::Complaint;
use reply::Reply;
pub(super) use secrets::Secrets;
pub(super) use transport::{broken, unreachable};

/// The size in bytes after which no more is read of an answer that is not a stream.
const BODY_BYTES: usize = 64 * 1024;

/// The longest wait for the body of an answer that is not a stream. The status alone is enough for
/// an error.
const BODY_TIME: Duration = Duration::from_secs(2);

/// Returns the error of a response whose status is not a success.
pub(super) async fn of_response(response: Response) -> EngineError {
    let reply = Reply::of(&response);
    let complaint = Complaint::of_body(&String::from_utf8_lossy(&body(response).await));
    match reply.status {
        status @ 300..400 => {
            let what =
                format!("it leads to another address (HTTP {status}), which is not followed");
            reply.shown_in(protocol(&what), complaint.said)
        }
        status => error(Some(status), &complaint, &reply),
    }
}

/// Returns the error of a successful response that is not a stream.
pub(super) async fn of_other_content(response: Response, expected: &str) -> EngineError {
    let reply = Reply::of(&response);
    let body = body(response).await;
    let body = String::from_utf8_lossy(&body);
    if let Some(complaint) = Complaint::read(&body) {
        return error(complaint.status, &complaint, &reply);
    }
    let error = protocol(&format!("it is not {expected}"));
    reply.shown_in(error, Complaint::of_body(&body).said)
}

/// Returns the error for an error object in a stream.
pub(super) fn of_complaint(complaint: &Complaint) -> EngineError {
    error(complaint.status, complaint, &Reply::default())
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

/// Returns the error that a complaint names, which came with `status` and in `reply`.
fn error(status: Option<u16>, complaint: &Complaint, reply: &Reply) -> EngineError {
    let finding = classify(complaint, status);
    let asked = reply
        .retry_after
        .or(complaint.retry_after)
        .or_else(|| durations::in_message(&complaint.message))
        .or_else(|| reply.reset.filter(|_| finding.kind() == ErrorKind::RateLimited));
    let (what, advice) = advice::say(finding);
    let details: Vec<String> = [
        status.map(|status| format!("HTTP {status}")),
        complaint.field.as_ref().map(|field| format!("field {field}")),
        complaint.tokens.map(|(needed, room)| format!("{needed} tokens, of {room} that fit")),
        asked.map(|wait| format!("it asks to wait {wait:?}")),
        reply.should_retry.filter(|retry| !retry).map(|_| "it says not to try again".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let details =
        if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    let mut error = EngineError::new(finding.kind(), format!("{what}{details}; {advice}"));
    error.retryable = reply.should_retry.unwrap_or(finding.is_transient());
    error.retry_after = asked;
    let said = ProviderError { status, ..complaint.said.clone() };
    reply.shown_in(error, said)
}

/// Reads as much of a body as is needed to understand an error.
pub(super) async fn body(mut response: Response) -> Vec<u8> {
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
    body
}
