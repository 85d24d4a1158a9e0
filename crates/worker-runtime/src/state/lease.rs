//! The lease of the store, as the requests and the tasks of a Runtime see it.

use crate::{
    error::RuntimeError,
    model::Severity,
    state::{about::About, core::Core},
    store::StoreError,
};

impl Core {
    /// Stops the Runtime if its lease has run out by its own clock, as after its process was paused:
    /// another Runtime may own the store by then.
    pub(crate) fn notice_lease(&self) {
        if !self.is_closed() && self.store.lease_is_over() {
            self.lose_lease();
        }
    }

    /// Returns an error if another Runtime may own the store by now, so that what is in memory may be
    /// out of date.
    pub(crate) fn check_lease(&self) -> Result<(), RuntimeError> {
        self.notice_lease();
        if self.store.has_lost_lease() { Err(RuntimeError::RuntimeStopped {}) } else { Ok(()) }
    }

    /// Counts and reports a lease that could not be released, which runs out by itself.
    pub(crate) fn lease_not_released(&self, error: &StoreError) {
        self.store.lease_failed(error);
        let message = "the store did not release its lease, which ends by itself";
        self.note(Severity::Warning, message, About::Nobody, None);
    }

    /// Ends the Runtime because its lease is lost.
    pub(crate) fn lose_lease(&self) {
        if self.shutdown.is_closed() {
            return;
        }
        self.store.lose_lease();
        let message = "another Runtime owns the store now; this one has stopped";
        self.note(Severity::Error, message, About::Nobody, None);
        self.abandon();
    }
}
