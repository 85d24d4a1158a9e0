//! Whether the names and texts of a Worker are erased.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the names and texts of a Worker are erased, because it was deleted.
///
/// All events of a Worker share one such value, so that a deletion erases all of them at once,
/// wherever they are. Whoever shows an event looks at it first. The memory of the texts is given
/// back later.
#[derive(Debug, Default)]
pub(crate) struct Erased(AtomicBool);

impl Erased {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
