//! The record of the calls that a scripted provider has played.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use crate::ModelRequest;

/// The requests and the open streams of a provider and its clones.
#[derive(Debug, Default)]
pub(super) struct Seen {
    requests: Mutex<Vec<Arc<ModelRequest>>>,
    live: AtomicUsize,
    dropped_early: AtomicUsize,
}

impl Seen {
    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<Arc<ModelRequest>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn opened(&self) {
        self.live.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn closed(&self, ended: bool) {
        self.live.fetch_sub(1, Ordering::SeqCst);
        if !ended {
            self.dropped_early.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(super) fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    pub(super) fn dropped_early(&self) -> usize {
        self.dropped_early.load(Ordering::SeqCst)
    }
}
