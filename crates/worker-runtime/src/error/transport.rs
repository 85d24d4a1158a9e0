//! What a transport over HTTP says of an error: a status, and when to try again.

use std::time::Duration;

use super::{Retry, RuntimeError};

/// The pause after which what is full, or stops, is worth another try.
const SOON: Duration = Duration::from_secs(1);

impl RuntimeError {
    /// Returns the HTTP status that says most about the error. The body says the rest: it is the error
    /// itself.
    ///
    /// | status | code |
    /// | --- | --- |
    /// | 400 | `invalid_request`, `limit_out_of_range`, `cursor_malformed` |
    /// | 403 | `not_allowed` |
    /// | 404 | `wrong_runtime`, `worker_not_found`, `turn_not_found` |
    /// | 409 | `worker_busy`, `worker_stopping`, `worker_ended`, `worker_not_terminal`, `scope_conflict`, `idempotency_conflict`, `cursor_ahead`, `cursor_foreign` |
    /// | 410 | `cursor_expired` |
    /// | 413 | `too_large` |
    /// | 422 | `profile_not_found` |
    /// | 429 | `capacity_exhausted` |
    /// | 500 | `internal`, a `store_failed` that must not be sent again, and codes that this version of the crate does not know |
    /// | 503 | `runtime_stopping`, `runtime_stopped`, any other `store_failed` |
    ///
    /// A status in the 400s says that nothing has happened. Clients and proxies send a request again
    /// after 503, so it is the status of those alone that may be sent again.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::InvalidRequest { .. }
            | Self::LimitOutOfRange { .. }
            | Self::CursorMalformed {} => 400,
            Self::NotAllowed { .. } => 403,
            Self::WrongRuntime {} | Self::WorkerNotFound {} | Self::TurnNotFound {} => 404,
            Self::WorkerBusy { .. }
            | Self::WorkerStopping {}
            | Self::WorkerEnded {}
            | Self::WorkerNotTerminal {}
            | Self::ScopeConflict { .. }
            | Self::IdempotencyConflict {}
            | Self::CursorAhead { .. }
            | Self::CursorForeign { .. } => 409,
            Self::CursorExpired { .. } => 410,
            Self::TooLarge { .. } => 413,
            Self::ProfileNotFound {} => 422,
            Self::CapacityExhausted { .. } => 429,
            Self::Internal { .. }
            | Self::StoreFailed { repeatable: false, .. }
            | Self::Unknown(_) => 500,
            Self::RuntimeStopping {} | Self::RuntimeStopped {} | Self::StoreFailed { .. } => 503,
        }
    }

    /// Returns the time after which the same request is worth another try, for a `Retry-After`. `None`
    /// if only the end of something, of which events tell, or nothing at all makes a difference.
    ///
    /// It is a second if all turns or subscriptions are taken, since those end by themselves; for a store
    /// that fails, if the request cannot act twice; and for a Runtime that stops: at a deploy, the next
    /// one takes its place.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.retry() {
            Retry::AfterMs { ms } => Some(Duration::from_millis(ms)),
            Retry::SameRequest {} => Some(SOON),
            Retry::AfterChange {} | Retry::Never {} | Retry::Unknown => match self {
                Self::CapacityExhausted { what, .. } => {
                    matches!(&**what, "turns_in_flight" | "subscriptions").then_some(SOON)
                }
                Self::RuntimeStopping {} | Self::RuntimeStopped {} => Some(SOON),
                _ => None,
            },
        }
    }
}
