//! The idempotency keys of creations, in the order in which they were added.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::store::{CreateKey, NewKey};

/// The idempotency keys of creations that were not dropped, indexed so that dropping a key needs no
/// scan over all of them.
#[derive(Debug, Default)]
pub(super) struct CreateKeys {
    keys: BTreeMap<u64, CreateKey>,
    /// The position of each key in `keys`.
    places: HashMap<Arc<str>, u64>,
    next: u64,
}

impl CreateKeys {
    /// Drops the keys that `new` names, and adds its new key.
    pub(super) fn add(&mut self, new: &NewKey<CreateKey>) {
        for dropped in &new.dropped {
            if let Some(place) = self.places.remove(dropped) {
                self.keys.remove(&place);
            }
        }
        if let Some(replaced) = self.places.insert(Arc::clone(&new.key.key), self.next) {
            self.keys.remove(&replaced);
        }
        self.keys.insert(self.next, new.key.clone());
        self.next += 1;
    }

    /// Returns all keys, oldest first.
    pub(super) fn all(&self) -> Vec<CreateKey> {
        self.keys.values().cloned().collect()
    }
}
