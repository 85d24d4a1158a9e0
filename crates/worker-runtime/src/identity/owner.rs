//! The Runtime as far as its Workers' names go.

use std::{array, sync::Arc};

use crate::{
    identity::{RuntimeId, WorkerId, WorkerRef},
    sync::Padded,
};

/// The Runtime as far as its Workers' names go.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) runtime_id: RuntimeId,
    /// The name under so many counts that threads which show different Workers rarely meet at one.
    names: Arc<[RuntimeName; COPIES]>,
}

/// A Runtime's name, to be held by what shows it.
pub(crate) type RuntimeName = Arc<Padded<Arc<str>>>;

const COPIES: usize = 256;

impl Owner {
    pub(crate) fn new(runtime_id: RuntimeId, display_name: &Arc<str>) -> Self {
        let copy = |_| Arc::new(Padded(Arc::clone(display_name)));
        Self { runtime_id, names: Arc::new(array::from_fn(copy)) }
    }

    pub(crate) fn worker(&self, worker_id: WorkerId) -> WorkerRef {
        WorkerRef { runtime_id: self.runtime_id, worker_id }
    }

    pub(crate) fn display_name(&self) -> &Arc<str> {
        &self.names[0]
    }

    /// The Runtime's name for what shows the Worker with this ordinal.
    pub(crate) fn name_for(&self, ordinal: u64) -> &RuntimeName {
        &self.names[usize::try_from(ordinal).unwrap_or_default() % COPIES]
    }
}
