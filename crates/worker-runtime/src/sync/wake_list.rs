//! A list of wakers that are parked under a lock and woken outside it.

use std::{
    collections::{BTreeMap, btree_map},
    task::{Context, Waker},
};

use super::Foreign;

/// The wakers of readers that wait, in the order in which they came. The list is guarded by the lock
/// of the state that the readers wait for. It keeps no memory of readers that are gone.
#[derive(Debug, Default)]
pub(crate) struct WakeList {
    parked: BTreeMap<u64, Foreign<Waker>>,
    /// The number of places that were given. A place is given once.
    places: u64,
}

/// A reader's place in a list, by which the reader is parked at most once, and the waker that the
/// reader brings.
///
/// Cloning and dropping a waker is foreign code, so neither is done under the lock of the list:
/// [`bring`](Self::bring) clones the waker before the lock is taken, and a waker that the list
/// gives back stays in the slot.
#[derive(Debug, Default)]
pub(crate) struct WakeSlot {
    place: Option<u64>,
    waker: Option<Foreign<Waker>>,
}

impl WakeSlot {
    /// Takes along the waker of the task that polls. No lock may be held.
    pub(crate) fn bring(&mut self, context: &Context<'_>) {
        let waker = context.waker();
        if !self.waker.as_ref().is_some_and(|brought| brought.will_wake(waker)) {
            self.waker = Some(Foreign::new(waker.clone()));
        }
    }

    /// Leaves the place for one in another list. The waker that was brought stays.
    pub(crate) fn move_on(&mut self) {
        self.place = None;
    }
}

impl WakeList {
    /// Parks a reader, which has [brought](WakeSlot::bring) its waker, until the wakers are next
    /// taken. A reader that is parked already keeps its place.
    pub(crate) fn park(&mut self, slot: &mut WakeSlot) {
        let parked = slot.place.and_then(|place| self.parked.get_mut(&place));
        match (parked, &mut slot.waker) {
            (Some(parked), Some(brought)) => {
                if !parked.will_wake(brought) {
                    std::mem::swap(parked, brought);
                }
            }
            (None, brought) => {
                self.places += 1;
                slot.place = Some(self.places);
                self.parked.extend(brought.take().map(|waker| (self.places, waker)));
            }
            (Some(_), None) => {}
        }
    }

    /// Removes a reader that is dropped. Returns its waker, which the caller drops outside the
    /// lock.
    #[must_use = "a waker is dropped outside the lock"]
    pub(crate) fn leave(&mut self, slot: &WakeSlot) -> Option<Foreign<Waker>> {
        self.parked.remove(&slot.place?)
    }

    /// Takes all wakers, which the caller wakes after it has released the lock.
    pub(crate) fn take(&mut self) -> Wakers {
        Wakers(std::mem::take(&mut self.parked))
    }
}

/// The wakers that were taken from a list, to be woken with no lock held.
#[derive(Debug, Default)]
#[must_use = "readers that are not woken never learn of the event"]
pub(crate) struct Wakers(BTreeMap<u64, Foreign<Waker>>);

impl Wakers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Foreign<Waker>> for Wakers {
    fn from_iter<I: IntoIterator<Item = Foreign<Waker>>>(wakers: I) -> Self {
        Self((0..).zip(wakers).collect())
    }
}

impl IntoIterator for Wakers {
    type Item = Foreign<Waker>;
    type IntoIter = btree_map::IntoValues<u64, Foreign<Waker>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_that_are_gone_leave_nothing() {
        let mut list = WakeList::default();
        let mut slots: Vec<WakeSlot> = Vec::new();
        for _ in 0..1000 {
            let mut slot = WakeSlot::default();
            slot.bring(&Context::from_waker(Waker::noop()));
            list.park(&mut slot);
            slots.push(slot);
        }
        let stays = slots.split_off(999);
        for slot in &slots {
            assert!(list.leave(slot).is_some());
            assert!(list.leave(slot).is_none());
        }
        assert_eq!(list.parked.len(), 1);
        assert_eq!(list.take().into_iter().count(), 1);
        assert!(stays.iter().all(|slot| list.leave(slot).is_none()));
    }
}
