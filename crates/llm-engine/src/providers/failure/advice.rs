//! Says to people what is wrong and what to do.

use super::finding::Finding;
use crate::ErrorKind;

/// Returns the message for people: the failure and its remedy.
pub(super) fn say(finding: Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::Filtered => (
            "the provider's content filter refused the request",
            "say it in another way, or use another model",
        ),
        Finding::TooLargeForRate => (
            "the request alone is larger than the provider's rate limit allows",
            "shorten the conversation, or ask the provider for a higher limit",
        ),
        Finding::Kind(kind) => of_kind(kind),
    }
}

fn of_kind(kind: ErrorKind) -> (&'static str, &'static str) {
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
        // Of no model call: the limits of a turn are not the provider's.
        ErrorKind::Limit | ErrorKind::Repeated => {
            ("the turn took too many steps", "ask for less at once")
        }
    }
}
