//! When Workers that have ended are deleted by the Runtime itself.

use std::time::Duration;

/// When Workers that have ended are deleted without a command; never by default.
///
/// Such a deletion is like one by command, with its event. With both bounds, either is enough.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Retention {
    /// How long after its end a Worker is deleted. What happened to it since then, as far as it was
    /// before a restart, counts as its end.
    pub age: Option<Duration>,
    /// How many ended Workers are kept: those that ended last.
    pub count: Option<usize>,
}
