//! The stretches that readers of a log took last, for the readers who come next.

use std::{collections::VecDeque, sync::Arc};

use crate::log::stretch::Stretch;

/// Stretches that are kept: few, because readers who keep up are all at the same place.
const KEPT: usize = 4;

/// The newest stretches of a log that a group of its readers took. Lives under the group's lock.
#[derive(Debug, Default)]
pub(crate) struct RecentStretches(VecDeque<Arc<Stretch>>);

impl RecentStretches {
    /// A stretch that has at least half of the `available` events after a sequence, and where they
    /// begin. A shorter one would have every reader who is behind take small steps.
    pub(crate) fn find(&self, sequence: u64, available: usize) -> Option<(Arc<Stretch>, usize)> {
        self.0.iter().rev().find_map(|stretch| {
            let place = stretch.place_after(sequence)?;
            ((stretch.len() - place) * 2 >= available).then(|| (Arc::clone(stretch), place))
        })
    }

    /// Keeps a stretch, and gives back what it replaces, to be dropped outside the lock.
    pub(crate) fn keep(&mut self, stretch: Arc<Stretch>) -> Option<Arc<Stretch>> {
        let oldest = if self.0.len() == KEPT { self.0.pop_front() } else { None };
        self.0.push_back(stretch);
        oldest
    }

    /// Forgets all, because what they show was erased.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
