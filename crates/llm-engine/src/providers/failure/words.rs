//! The words that providers use for kinds of errors.

use super::Complaint;
use crate::ErrorKind;

/// Words that are more exact than an HTTP status.
const SPECIFIC: &[(&str, ErrorKind)] = &[
    ("context_length_exceeded", ErrorKind::ContextLengthExceeded),
    ("exceed_context_size_error", ErrorKind::ContextLengthExceeded),
    ("request_too_large", ErrorKind::ContextLengthExceeded),
    ("insufficient_quota", ErrorKind::QuotaExceeded),
    ("billing_hard_limit_reached", ErrorKind::QuotaExceeded),
    ("billing_not_active", ErrorKind::QuotaExceeded),
    ("billing_error", ErrorKind::QuotaExceeded),
    ("invalid_api_key", ErrorKind::Authentication),
    ("api_key_invalid", ErrorKind::Authentication),
    ("authentication_error", ErrorKind::Authentication),
    ("model_not_found", ErrorKind::NotFound),
    ("overloaded_error", ErrorKind::Overloaded),
    ("server_is_overloaded", ErrorKind::Overloaded),
    ("slow_down", ErrorKind::Overloaded),
    ("rate_limit_exceeded", ErrorKind::RateLimited),
];

/// Words that are as exact as an HTTP status, for errors without one.
const GENERIC: &[(&str, ErrorKind)] = &[
    ("rate_limit_error", ErrorKind::RateLimited),
    ("resource_exhausted", ErrorKind::RateLimited),
    ("unauthenticated", ErrorKind::Authentication),
    ("permission_error", ErrorKind::PermissionDenied),
    ("permission_denied", ErrorKind::PermissionDenied),
    ("not_found_error", ErrorKind::NotFound),
    ("not_found", ErrorKind::NotFound),
    ("unavailable_error", ErrorKind::Overloaded),
    ("unavailable", ErrorKind::Overloaded),
    ("timeout_error", ErrorKind::Timeout),
    ("deadline_exceeded", ErrorKind::Timeout),
    ("invalid_request_error", ErrorKind::InvalidRequest),
    ("invalid_prompt", ErrorKind::InvalidRequest),
    ("invalid_argument", ErrorKind::InvalidRequest),
    ("badrequesterror", ErrorKind::InvalidRequest),
];

/// Parts of messages, for providers that send no code word. They count only if the request is at
/// fault.
const PHRASES: &[(&str, ErrorKind)] = &[
    ("context length", ErrorKind::ContextLengthExceeded),
    ("context window", ErrorKind::ContextLengthExceeded),
    ("context size", ErrorKind::ContextLengthExceeded),
    ("prompt is too long", ErrorKind::ContextLengthExceeded),
    ("exceeds the maximum number of tokens", ErrorKind::ContextLengthExceeded),
    ("credit balance is too low", ErrorKind::QuotaExceeded),
    ("api key not valid", ErrorKind::Authentication),
];

/// Returns the kind that the words or the message name, if they are more exact than `status`.
pub(super) fn specific(complaint: &Complaint, status: Option<u16>) -> Option<ErrorKind> {
    look_up(SPECIFIC, complaint).or_else(|| {
        let is_of_request = matches!(status, None | Some(400 | 413 | 422));
        let said = |(phrase, _): &&(&str, _)| is_of_request && complaint.message.contains(phrase);
        PHRASES.iter().find(said).map(|(_, kind)| *kind)
    })
}

/// Returns the kind that the words name, for an error without a status.
pub(super) fn generic(complaint: &Complaint) -> Option<ErrorKind> {
    look_up(GENERIC, complaint)
}

fn look_up(table: &[(&str, ErrorKind)], complaint: &Complaint) -> Option<ErrorKind> {
    let said = |(word, _): &&(&str, _)| complaint.words.iter().any(|said| said == word);
    table.iter().find(said).map(|(_, kind)| *kind)
}
