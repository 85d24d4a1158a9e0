//! How far a Runtime that stops has come.

use tokio::time::Instant;

/// How a Runtime stops.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    /// When running turns are cancelled.
    pub(crate) deadline: Option<Instant>,
}
