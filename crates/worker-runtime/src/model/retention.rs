//! The retention of ended Workers: when the Runtime deletes them without a command.

use std::time::Duration;

/// The bounds past which the Runtime deletes ended Workers without a command. By default there are
/// none.
///
/// Such a deletion has the same effects and the same event as `delete_worker`. If both bounds are
/// set, a Worker is deleted as soon as it is past either of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Retention {
    /// The time after its end at which a Worker is deleted. After a restart the time runs from the
    /// Worker's last event, which may be later than its end.
    pub age: Option<Duration>,
    /// The number of ended Workers that are kept, which are those that ended last.
    pub count: Option<usize>,
}
