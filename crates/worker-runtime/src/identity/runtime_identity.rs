//! The id and the name of a Runtime, from which references to its Workers are made.

use std::sync::Arc;

use crate::identity::{RuntimeId, WorkerId, WorkerRef};

/// The id and the name of a Runtime.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeIdentity {
    pub(crate) runtime_id: RuntimeId,
    pub(crate) display_name: Arc<str>,
}

impl RuntimeIdentity {
    /// Returns the reference to one of the Runtime's Workers.
    pub(crate) fn worker(&self, worker_id: WorkerId) -> WorkerRef {
        WorkerRef { runtime_id: self.runtime_id, worker_id }
    }
}
