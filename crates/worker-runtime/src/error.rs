//! The reasons for which a request is refused: one enum with stable codes.

mod transport;
mod written;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::{
    identity::{DiagnosticId, ParseIdError, TurnId, WorkerRef},
    model::{Cursor, CursorOrigin, NotAPosition, ResetReason},
};

/// The error of a request that was refused: its `code`, a `message`, whether to `retry`, and the
/// fields of that code. A refused command has left no trace, except that after `store_failed` this
/// may be uncertain.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
#[schemars(transform = crate::model::fragments::add_error_envelope)]
#[non_exhaustive]
pub enum RuntimeError {
    /// A field is missing, unknown or not as it must be.
    #[error("{}: {problem}", subject(field))]
    InvalidRequest {
        /// The path of the field, such as `input.text`. It is empty for the request as a whole.
        field: String,
        /// The problem with the field, and what is allowed.
        problem: String,
    },
    /// The `worker` of the request belongs to another Runtime.
    #[error("the worker belongs to another Runtime")]
    WrongRuntime {},
    /// The Runtime is stopping and takes no new work.
    #[error("the Runtime is stopping and takes no new work")]
    RuntimeStopping {},
    /// The Runtime has stopped and changes nothing any more.
    #[error("the Runtime has stopped")]
    RuntimeStopped {},
    /// The Runtime has no such Worker, or the Worker was deleted.
    #[error("no such worker in this Runtime")]
    WorkerNotFound {},
    /// The Worker never had such a turn.
    #[error("the worker never had such a turn")]
    TurnNotFound {},
    /// The Worker runs a turn. Wait for its end, or cancel it.
    #[error("the worker is busy with turn {turn_id}; wait for its end or cancel it")]
    WorkerBusy {
        /// The id of the running turn.
        turn_id: TurnId,
        /// The time at which the running turn started, in milliseconds since the Unix epoch.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        started_at_ms: u64,
    },
    /// The Worker finishes its last turn and takes no more input.
    #[error("the worker is stopping and takes no more input")]
    WorkerStopping {},
    /// The Worker has ended and takes no more input.
    #[error("the worker has ended and takes no more input")]
    WorkerEnded {},
    /// The Worker has not ended. Stop or cancel it first.
    #[error("the worker has not ended; stop or cancel it first")]
    WorkerNotTerminal {},
    /// The Runtime was built without such a profile.
    #[error("the Runtime has no such profile; `get_runtime` lists those it has")]
    ProfileNotFound {},
    /// A claim conflicts with one that another Worker holds.
    #[error("`{resource}` conflicts with a claim of worker {}", holder.worker_id)]
    ScopeConflict {
        /// The resource that the request claims.
        resource: String,
        /// The Worker that holds the resource, or a resource above or below it.
        holder: WorkerRef,
    },
    /// The idempotency key was used before with other fields.
    #[error("the idempotency key was used with another body; use a new key")]
    IdempotencyConflict {},
    /// A number in the request is outside of its range.
    #[error("{field} must be from {min} to {max}")]
    LimitOutOfRange {
        /// The path of the field, such as `page.limit`.
        field: String,
        /// The smallest value that is allowed.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        min: u64,
        /// The largest value that is allowed.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        max: u64,
    },
    /// A text, a list or the whole request is larger than its limit.
    #[error("{} is larger than {max}", subject(field))]
    TooLarge {
        /// The path of the field, such as `input.text`. It is empty for the request as a whole.
        field: String,
        /// The largest size that is allowed: bytes, characters or items, as the limit counts.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        max: u64,
    },
    /// A limit of the Runtime or of the Worker is reached.
    #[error("no room for more {what}: the limit is {max}")]
    CapacityExhausted {
        /// The name of the limit: one of the `limits` of `get_runtime`, or one of the transport.
        what: String,
        /// The value of the limit.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        max: u64,
    },
    /// The events after the cursor are no longer kept.
    #[error("the events after this cursor are no longer kept; go on from `earliest`")]
    CursorExpired {
        /// The oldest position from which no event is missing.
        earliest: Cursor,
    },
    /// The cursor lies past the end of the log.
    #[error("the cursor lies past the end of the log; go on from `latest`")]
    CursorAhead {
        /// The position at the end of the log.
        latest: Cursor,
    },
    /// The cursor is well-formed, and belongs to another log.
    #[error("the cursor belongs to another {}; {}", what.as_str(), what.advice())]
    CursorForeign {
        /// The kind of thing that the cursor belongs to another one of.
        what: CursorOrigin,
    },
    /// The text is not a cursor of any Runtime.
    #[error("not a cursor; use one that a reply, an event or an error gave")]
    CursorMalformed {},
    /// The request concerns the whole Runtime or another tenant, and whoever sent it acts for a tenant.
    #[error(
        "`{what}` is not allowed to a tenant: it concerns the whole Runtime, or another tenant"
    )]
    NotAllowed {
        /// The request, or the field, that is not allowed.
        what: String,
    },
    /// The store did not take the change, or could not be read.
    #[error("{}", store_failed_message(*certain))]
    StoreFailed {
        /// Whether it is certain that nothing happened. If it is false, sending the command again
        /// under the same idempotency key tells what happened.
        certain: bool,
        /// Whether sending the request again cannot act twice. On the wire, `retry` says it.
        #[serde(default, rename = "retry", deserialize_with = "is_same_request")]
        #[schemars(skip)]
        repeatable: bool,
    },
    /// The Runtime has a defect. The diagnostic says more.
    #[error("an internal error; see diagnostic {diagnostic_id}")]
    Internal {
        /// The id of the diagnostic that the Runtime recorded.
        diagnostic_id: DiagnosticId,
    },
    /// An error whose code this version of the crate does not know: go by its `retry`.
    #[error("{}", .0.message)]
    #[serde(untagged, deserialize_with = "unknown_error")]
    #[schemars(skip)]
    Unknown(Box<UnknownError>),
}

/// An error whose code this version of the crate does not know, as it was read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnknownError {
    /// The stable code.
    pub code: String,
    /// The message for people.
    pub message: String,
    /// Whether and when the same request may succeed.
    pub retry: Retry,
    /// The other fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// Reads an error of an unknown code. One of a known code that does not fit it is an error itself.
fn unknown_error<'de, D>(deserializer: D) -> Result<Box<UnknownError>, D::Error>
where
    D: Deserializer<'de>,
{
    let error = Box::<UnknownError>::deserialize(deserializer)?;
    if CODES.contains(&&*error.code) {
        let problem = format!("the fields of the error `{}` are not as they must be", error.code);
        return Err(de::Error::custom(problem));
    }
    Ok(error)
}

/// The codes of all errors that are known.
pub(crate) const CODES: [&str; 23] = [
    "invalid_request",
    "wrong_runtime",
    "runtime_stopping",
    "runtime_stopped",
    "worker_not_found",
    "turn_not_found",
    "worker_busy",
    "worker_stopping",
    "worker_ended",
    "worker_not_terminal",
    "profile_not_found",
    "scope_conflict",
    "idempotency_conflict",
    "limit_out_of_range",
    "too_large",
    "capacity_exhausted",
    "cursor_expired",
    "cursor_ahead",
    "cursor_foreign",
    "cursor_malformed",
    "not_allowed",
    "store_failed",
    "internal",
];

fn is_same_request<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Retry::deserialize(deserializer).map(|retry| retry == Retry::SameRequest {})
}

fn subject(field: &str) -> &str {
    if field.is_empty() { "the request" } else { field }
}

fn store_failed_message(certain: bool) -> &'static str {
    if certain {
        "the store did not take the change; nothing has happened"
    } else {
        "the store did not say whether it took the change; the same idempotency key will tell"
    }
}

/// Whether and when the same request may succeed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// The same request will not succeed.
    Never {},
    /// The request may succeed after something has changed, such as the end of a turn or the
    /// deletion of a Worker.
    AfterChange {},
    /// The same request may be sent again as it is, and does not act twice.
    SameRequest {},
    /// The request may succeed after some time.
    AfterMs {
        /// The time to wait, in milliseconds.
        #[schemars(range(max = 9_007_199_254_740_991_u64))]
        ms: u64,
    },
    /// A variant that this version of the crate does not know. A Runtime never makes it.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl RuntimeError {
    /// The stable code, as on the wire.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::InvalidRequest { .. } => "invalid_request",
            Self::WrongRuntime {} => "wrong_runtime",
            Self::RuntimeStopping {} => "runtime_stopping",
            Self::RuntimeStopped {} => "runtime_stopped",
            Self::WorkerNotFound {} => "worker_not_found",
            Self::TurnNotFound {} => "turn_not_found",
            Self::WorkerBusy { .. } => "worker_busy",
            Self::WorkerStopping {} => "worker_stopping",
            Self::WorkerEnded {} => "worker_ended",
            Self::WorkerNotTerminal {} => "worker_not_terminal",
            Self::ProfileNotFound {} => "profile_not_found",
            Self::ScopeConflict { .. } => "scope_conflict",
            Self::IdempotencyConflict {} => "idempotency_conflict",
            Self::LimitOutOfRange { .. } => "limit_out_of_range",
            Self::TooLarge { .. } => "too_large",
            Self::CapacityExhausted { .. } => "capacity_exhausted",
            Self::CursorExpired { .. } => "cursor_expired",
            Self::CursorAhead { .. } => "cursor_ahead",
            Self::CursorForeign { .. } => "cursor_foreign",
            Self::CursorMalformed {} => "cursor_malformed",
            Self::NotAllowed { .. } => "not_allowed",
            Self::StoreFailed { .. } => "store_failed",
            Self::Internal { .. } => "internal",
            Self::Unknown(error) => &error.code,
        }
    }

    /// Whether and when the same request may succeed.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::WorkerBusy { .. }
            | Self::WorkerNotTerminal {}
            | Self::ScopeConflict { .. }
            | Self::CapacityExhausted { .. } => Retry::AfterChange {},
            Self::Unknown(error) => error.retry,
            Self::StoreFailed { repeatable: true, .. } => Retry::SameRequest {},
            Self::StoreFailed { repeatable: false, .. }
            | Self::InvalidRequest { .. }
            | Self::WrongRuntime {}
            | Self::RuntimeStopping {}
            | Self::RuntimeStopped {}
            | Self::WorkerNotFound {}
            | Self::TurnNotFound {}
            | Self::WorkerStopping {}
            | Self::WorkerEnded {}
            | Self::ProfileNotFound {}
            | Self::IdempotencyConflict {}
            | Self::LimitOutOfRange { .. }
            | Self::TooLarge { .. }
            | Self::CursorExpired { .. }
            | Self::CursorAhead { .. }
            | Self::CursorForeign { .. }
            | Self::CursorMalformed {}
            | Self::NotAllowed { .. }
            | Self::Internal { .. } => Retry::Never {},
        }
    }

    /// Returns why a cursor could not be used, if that is the error.
    pub(crate) fn reset_reason(&self) -> Option<ResetReason> {
        match self {
            Self::CursorExpired { .. } => Some(ResetReason::CursorExpired),
            Self::CursorAhead { .. } => Some(ResetReason::CursorAhead),
            Self::CursorForeign { .. } => Some(ResetReason::CursorForeign),
            Self::CursorMalformed {} => Some(ResetReason::CursorMalformed),
            _ => None,
        }
    }

    /// The error of a store that certainly did not take the change.
    pub(crate) fn store_refused() -> Self {
        Self::StoreFailed { certain: true, repeatable: true }
    }

    /// The error of a store that may or may not have taken the change; `repeatable` is whether the request
    /// may be sent again without acting twice.
    pub(crate) fn store_unknown(repeatable: bool) -> Self {
        Self::StoreFailed { certain: false, repeatable }
    }

    pub(crate) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::InvalidRequest { field: field.into(), problem: problem.into() }
    }

    pub(crate) fn not_allowed(what: impl Into<String>) -> Self {
        Self::NotAllowed { what: what.into() }
    }

    pub(crate) fn too_large(field: impl Into<String>, max: u64) -> Self {
        Self::TooLarge { field: field.into(), max }
    }
}

impl From<ParseIdError> for RuntimeError {
    fn from(error: ParseIdError) -> Self {
        Self::invalid(error.field(), "must be a UUID in its hyphenated form")
    }
}

impl From<NotAPosition> for RuntimeError {
    fn from(problem: NotAPosition) -> Self {
        match problem {
            NotAPosition::Malformed => Self::CursorMalformed {},
            NotAPosition::Foreign(what) => Self::CursorForeign { what },
        }
    }
}
