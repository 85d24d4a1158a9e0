//! A Worker as the checks of the store's answers know it.

use crate::{
    state::worker_cell::WorkerCell,
    store::{Known, ReadAbout},
};

impl ReadAbout for WorkerCell {
    fn known(&self) -> Known {
        let state = self.lock();
        Known {
            record: std::sync::Arc::clone(&state.record),
            is_deleted: state.deleted,
            is_changing: state.is_changing(),
        }
    }
}
