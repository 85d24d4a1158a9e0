//! Decides what is wrong, from the words of a provider and the status of its answer.

use super::{Complaint, allowance, finding::Finding, phrases, words};
use crate::ErrorKind;

/// Returns what a provider says is wrong, with the status that it said it with.
pub(super) fn classify(complaint: &Complaint, status: Option<u16>) -> Finding {
    let status = status.map(|status| inner_status(status, complaint));
    if allowance::is_exceeded(complaint) {
        return Finding::TooLargeForRate;
    }
    words::specific(complaint)
        .or_else(|| phrases::find(complaint, status))
        .or_else(|| words::of_rate(complaint))
        .or_else(|| status.map(of_status).map(Finding::Kind))
        .or_else(|| words::generic(complaint).map(Finding::Kind))
        .unwrap_or(Finding::Kind(ErrorKind::Server))
}

/// Returns the status that the server behind a gateway gave, if the gateway failed over it.
fn inner_status(status: u16, complaint: &Complaint) -> u16 {
    let inner = complaint.status.filter(|inner| status >= 500 && (400..500).contains(inner));
    inner.unwrap_or(status)
}

fn of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::QuotaExceeded,
        403 => ErrorKind::PermissionDenied,
        404 | 405 | 410 => ErrorKind::NotFound,
        408 | 504 | 524 => ErrorKind::Timeout,
        413 => ErrorKind::ContextLengthExceeded,
        425 | 498 | 503 | 529 => ErrorKind::Overloaded,
        429 => ErrorKind::RateLimited,
        409 | 424 | 500.. => ErrorKind::Server,
        _ => ErrorKind::InvalidRequest,
    }
}
