//! Idempotency keys, in the order in which they were added.

use std::{collections::BTreeMap, sync::Arc};

use crate::store::{CreateKey, InputKey, NewKey};

/// A key that is kept by its name.
pub(super) trait Named: Clone {
    fn name(&self) -> &Arc<str>;
}

impl Named for CreateKey {
    fn name(&self) -> &Arc<str> {
        &self.key
    }
}

impl Named for InputKey {
    fn name(&self) -> &Arc<str> {
        &self.key
    }
}

/// The idempotency keys that were not dropped, indexed so that dropping a key needs no scan over
/// all of them. The trees give back their memory when keys are dropped.
#[derive(Debug)]
pub(super) struct Keys<T> {
    in_order: BTreeMap<u64, T>,
    /// The position of each key in `in_order`.
    places: BTreeMap<Arc<str>, u64>,
    next: u64,
}

impl<T> Default for Keys<T> {
    fn default() -> Self {
        Self { in_order: BTreeMap::new(), places: BTreeMap::new(), next: 0 }
    }
}

impl<T: Named> Keys<T> {
    /// Drops the keys that `new` names, and adds its new key.
    pub(super) fn add(&mut self, new: &NewKey<T>) {
        for dropped in &new.dropped {
            if let Some(place) = self.places.remove(dropped) {
                self.in_order.remove(&place);
            }
        }
        if let Some(replaced) = self.places.insert(Arc::clone(new.key.name()), self.next) {
            self.in_order.remove(&replaced);
        }
        self.in_order.insert(self.next, new.key.clone());
        self.next += 1;
    }

    /// Returns all keys, oldest first.
    pub(super) fn all(&self) -> Vec<T> {
        self.in_order.values().cloned().collect()
    }
}
