//! A list of wakers that are parked under a lock and woken outside it.

use std::{
    task::{Context, Waker},
    vec,
};

use super::Foreign;

/// The wakers of readers that wait. The list is guarded by the lock of the state that the readers
/// wait for.
#[derive(Debug, Default)]
pub(crate) struct WakeList {
    parked: Vec<Option<Foreign<Waker>>>,
    free: Vec<usize>,
    /// The number of times that the wakers were taken. A slot is valid only in the round in which
    /// it was given.
    rounds: u64,
}

/// A reader's place in a list, by which the reader is parked at most once a round, and the waker
/// that the reader brings.
///
/// Cloning and dropping a waker is foreign code, so neither is done under the lock of the list:
/// [`bring`](Self::bring) clones the waker before the lock is taken, and a waker that the list
/// gives back stays in the slot.
#[derive(Debug, Default)]
pub(crate) struct WakeSlot {
    place: Option<(usize, u64)>,
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
        if let Some(parked) = self.parked_at(slot.place) {
            let is_same = match (&parked, &slot.waker) {
                (Some(parked), Some(brought)) => parked.will_wake(brought),
                (None, _) | (_, None) => false,
            };
            if !is_same {
                std::mem::swap(parked, &mut slot.waker);
            }
            return;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.parked.push(None);
            self.parked.len() - 1
        });
        self.parked[place] = slot.waker.take();
        slot.place = Some((place, self.rounds));
    }

    /// Removes a reader that is dropped. Returns its waker, which the caller drops outside the
    /// lock.
    #[must_use = "a waker is dropped outside the lock"]
    pub(crate) fn leave(&mut self, slot: &WakeSlot) -> Option<Foreign<Waker>> {
        let (place, _) = slot.place?;
        let waker = self.parked_at(slot.place)?.take()?;
        self.free.push(place);
        Some(waker)
    }

    /// Takes all wakers, which the caller wakes after it has released the lock.
    pub(crate) fn take(&mut self) -> Wakers {
        if self.parked.is_empty() {
            return Wakers::default();
        }
        self.rounds += 1;
        self.free.clear();
        Wakers(std::mem::take(&mut self.parked))
    }

    fn parked_at(&mut self, place: Option<(usize, u64)>) -> Option<&mut Option<Foreign<Waker>>> {
        let (place, round) = place?;
        if round == self.rounds { self.parked.get_mut(place) } else { None }
    }
}

/// The wakers that were taken from a list, to be woken with no lock held.
#[derive(Debug, Default)]
#[must_use = "readers that are not woken never learn of the event"]
pub(crate) struct Wakers(Vec<Option<Foreign<Waker>>>);

impl Wakers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Foreign<Waker>> for Wakers {
    fn from_iter<I: IntoIterator<Item = Foreign<Waker>>>(wakers: I) -> Self {
        Self(wakers.into_iter().map(Some).collect())
    }
}

impl IntoIterator for Wakers {
    type Item = Option<Foreign<Waker>>;
    type IntoIter = vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
