//! The record of the calls that a scripted provider has played.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::ModelRequest;

/// The calls of a provider and its clones: the newest requests, and counts of all.
#[derive(Debug, Default)]
pub(super) struct Seen {
    requests: Mutex<VecDeque<Arc<ModelRequest>>>,
    calls: AtomicUsize,
    live: AtomicUsize,
    dropped_early: AtomicUsize,
}

impl Seen {
    /// Records a call and returns its number, from 0. At most `kept` requests are kept.
    pub(super) fn called(&self, request: Arc<ModelRequest>, kept: usize) -> usize {
        let mut requests = self.locked();
        requests.push_back(request);
        let surplus = requests.len().saturating_sub(kept);
        requests.drain(..surplus);
        // Counted under the lock, so that the numbers follow the order of the requests.
        self.calls.fetch_add(1, Ordering::SeqCst)
    }

    /// Returns the requests that are kept, oldest first.
    pub(super) fn requests(&self) -> Vec<Arc<ModelRequest>> {
        self.locked().iter().cloned().collect()
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<Arc<ModelRequest>>> {
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
