//! Counts of what is open at once, such as subscriptions.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A number of places, and how many are taken.
#[derive(Debug)]
pub(crate) struct Places {
    taken: Arc<AtomicU64>,
    max: u64,
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    taken: Arc<AtomicU64>,
    is_kept: bool,
}

impl Places {
    pub(crate) fn new(max: u64) -> Self {
        Self { taken: Arc::default(), max }
    }

    /// Takes a place. Returns `None` if all are taken.
    pub(crate) fn take(&self) -> Option<Place> {
        let take = |taken: u64| (taken < self.max).then_some(taken + 1);
        let order = Ordering::Relaxed;
        let taken = self.taken.fetch_update(order, order, take);
        taken.is_ok().then(|| Place { taken: Arc::clone(&self.taken), is_kept: false })
    }

    /// Takes a place that is [kept](Place::keep), even if all are taken.
    pub(crate) fn occupy(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Frees a place that was [kept](Place::keep).
    pub(crate) fn free(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether there is a place left.
    pub(crate) fn has_room(&self) -> bool {
        self.taken() < self.max
    }

    /// Returns how many places are taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Returns how many places there are.
    pub(crate) const fn max(&self) -> u64 {
        self.max
    }
}

impl Place {
    /// Leaves the place taken. [`Places::free`] frees it.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept {
            self.taken.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let places = Places::new(2);
        let (first, second) = (places.take(), places.take());
        assert!(first.is_some() && second.is_some() && places.take().is_none());
        assert_eq!(places.taken(), 2);
        drop(first);
        assert_eq!(places.taken(), 1);
        places.take().into_iter().for_each(Place::keep);
        assert!(!places.has_room());
        places.free();
        assert!(places.take().is_some());
    }
}
